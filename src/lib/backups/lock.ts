import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Exit, InfractlError } from '../base/errors.ts';

/**
 * Runs `work` while no other infractl of this user on this machine does the same kind of work for the same
 * thing. The lock is a listening socket: the system itself frees it when its process ends, however it ends.
 *
 * @param what what is locked, in words that are the same in every process: `backup mbot prod`
 * @throws InfractlError `BackupBusy` (exit 6) at once when somebody holds it
 */
export async function withBackupLock<T>(what: string, work: () => Promise<T>): Promise<T> {
  const server = await take(addressOf(what));
  if (!server) {
    throw new InfractlError({
      code: 'BackupBusy',
      message: `Another infractl on this machine is at work on the same: ${what}.`,
      suggestions: ['Wait for it, then run the same command again.'],
      exit: Exit.busy,
    });
  }
  // A process that is done must not wait for its own lock.
  server.unref();
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Linux has names that are no files and vanish with their holder; elsewhere it is a file that may outlive it. */
function addressOf(what: string): string {
  const user = process.getuid?.() ?? 0;
  const name = `infractl-${user}-${createHash('sha256').update(what).digest('hex').slice(0, 24)}`;
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`);
}

async function take(address: string): Promise<Server | undefined> {
  const server = await listen(address);
  if (server || address.startsWith('\0') || address.startsWith('\\')) return server;
  // A file is there: does anybody listen behind it?
  if (await answers(address)) return undefined;
  rmSync(address, { force: true });
  return listen(address);
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const end = (there: boolean) => {
      socket.destroy();
      resolve(there);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
