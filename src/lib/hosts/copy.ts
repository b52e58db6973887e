import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { throwIfAborted } from '../base/clock.ts';
import { InfractlError, UsageError } from '../base/errors.ts';
import type { RunOptions } from '../base/process.ts';
import type { CopyOptions, HostCommand, HostResult } from './port.ts';

/** Runs a command of a host with streams at its standard input and output. */
export type RunWithStreams = (
  command: HostCommand,
  streams: Partial<Pick<RunOptions, 'input' | 'output'>>,
) => Promise<HostResult>;

interface Place {
  readonly name: string;
  readonly where: string;
}

/** A file comes under its final name only when it is whole. */
const TAKE_FILE =
  'set -e; to=$1; case $to in */) mkdir -p "$to"; esac; if [ -d "$to" ]; then to=$to/$2; fi; ' +
  'mkdir -p "$(dirname "$to")"; part=$to.$$.part; trap \'rm -f "$part"\' EXIT; trap "exit 1" HUP INT TERM; ' +
  'umask 077; cat > "$part"; chmod "$3" "$part"; mv -f "$part" "$to"';
const TAKE_FOLDER = 'set -e; mkdir -p "$1"; exec tar -C "$1" -xf -';
const KIND =
  'if [ -d "$1" ]; then echo folder; elif [ -f "$1" ]; then stat -Lc "file %a" "$1"; else echo none; fi';

/** Copies a local file or folder to a path of the host, through standard input: nothing is staged. */
export async function uploadFrom(
  work: RunWithStreams,
  place: Place,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<void> {
  const facts = await stat(from).catch(() => undefined);
  if (!facts)
    throw new UsageError({
      code: 'NoSuchFile',
      message: `There is no file or folder ${from} on this machine.`,
    });
  if (facts.isDirectory()) {
    const tar = tarProcess(['-C', from, '-cf', '-', '.'], options.signal);
    const done = await work(
      { argv: ['sh', '-c', TAKE_FOLDER, 'sh', to], ...options },
      { input: tar.child.stdout },
    );
    // Where the host stopped reading there is no use in packing on.
    if (done.exitCode !== 0) tar.child.kill();
    check(done, place, to);
    return tar.ended;
  }
  const mode = (facts.mode & 0o777).toString(8);
  const argv = ['sh', '-c', TAKE_FILE, 'sh', to, basename(from), mode] as const;
  check(await work({ argv: [...argv], ...options }, { input: createReadStream(from) }), place, to);
}

/** Copies a file or folder of the host to a local path. */
export async function downloadTo(
  work: RunWithStreams,
  place: Place,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<void> {
  const said = (await work({ argv: ['sh', '-c', KIND, 'sh', from], ...options }, {})).stdout.trim();
  const [kind, mode = '644'] = said.split(' ');
  if (kind === 'none') {
    throw new InfractlError({
      code: 'NoSuchFile',
      message: `There is no file or folder ${from} on the host ${place.name} (${place.where}), or it may not be read.`,
    });
  }
  throwIfAborted(options.signal);
  if (kind === 'folder') {
    await mkdir(to, { recursive: true });
    const tar = tarProcess(['-C', to, '-xf', '-'], options.signal);
    const done = await work(
      { argv: ['tar', '-C', from, '-cf', '-', '.'], ...options },
      { output: tar.child.stdin },
    );
    check(done, place, from);
    return tar.ended;
  }
  const file = await localFile(from, to);
  const part = `${file}.${process.pid}.part`;
  try {
    const out = createWriteStream(part, { mode: Number.parseInt(mode, 8) & 0o777 });
    const written = new Promise<void>((resolve, reject) => out.once('close', resolve).once('error', reject));
    check(await work({ argv: ['cat', '--', from], ...options }, { output: out }), place, from);
    await written;
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
}

async function localFile(from: string, to: string): Promise<string> {
  const isFolder = to.endsWith('/') || (await stat(to).catch(() => undefined))?.isDirectory();
  const file = isFolder ? join(to, basename(from)) : to;
  await mkdir(dirname(file), { recursive: true });
  return file;
}

function tarProcess(args: readonly string[], signal: AbortSignal | undefined) {
  // macOS would add a file of attributes beside each file.
  const env = { ...process.env, COPYFILE_DISABLE: '1' };
  const child = spawn('tar', args, { env, stdio: ['pipe', 'pipe', 'pipe'], ...(signal ? { signal } : {}) });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text;
  });
  // What reads or writes the other end says why, when it ends early.
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(copyError('The files could not be packed on this machine.', said));
    });
  });
  ended.catch(() => {});
  return { child, ended };
}

function check({ exitCode, stderr }: HostResult, { name, where }: Place, path: string): void {
  if (exitCode !== 0) throw copyError(`${path} could not be copied on the host ${name} (${where}).`, stderr);
}

function copyError(message: string, said: string): InfractlError {
  if (/No space left on device/.test(said)) return diskFull(message, said);
  return new InfractlError({ code: 'CopyFailed', message, why: lastOf(said) });
}

export function diskFull(message: string, said: string): InfractlError {
  return new InfractlError({
    code: 'DiskFull',
    message,
    why: lastOf(said),
    suggestions: ['Free some space on the disk, then run the same command again.'],
  });
}

function lastOf(said: string): string {
  return said.trim().split('\n').slice(-3).join('\n');
}
