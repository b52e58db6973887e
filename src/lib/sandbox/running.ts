import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { InfractlError } from '../base/errors.ts';
import type { SandboxPaths } from './paths.ts';
import { isSameProcess } from './process.ts';

/** What is noted of the sandbox's process. */
export interface Running {
  readonly pid: number;
  /** Tells the process from a later one with the same number. */
  readonly start: string;
  readonly port: number;
  /** MiniStack's version. */
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** The container engine's client that it was started with. */
  readonly engine: string;
  /** Whether EC2 instances are machines. */
  readonly machines: boolean;
  /** False until it has answered for the first time. */
  readonly ready: boolean;
}

export type RunningNow =
  | { readonly is: 'running' | 'starting'; readonly noted: Running }
  /** Noted as running, but the process has gone: killed, crashed, or the machine was restarted. */
  | { readonly is: 'gone'; readonly noted: Running }
  | { readonly is: 'stopped' };

/** One small file read and a look at the process: cheap enough for every command. */
export function readRunning(paths: SandboxPaths): RunningNow {
  const noted = parse(paths.running);
  if (!noted) return { is: 'stopped' };
  if (!isSameProcess(noted.pid, noted.start)) return { is: 'gone', noted };
  return { is: noted.ready ? 'running' : 'starting', noted };
}

/** Written beside and renamed, so that no reader ever sees half of it. Mode 0600. */
export function noteRunning(paths: SandboxPaths, noted: Running): void {
  makePrivateFolder(paths.root);
  const fresh = `${paths.running}.${process.pid}`;
  writeFileSync(fresh, `${JSON.stringify(noted)}\n`, { mode: 0o600 });
  renameSync(fresh, paths.running);
}

export function forgetRunning(paths: SandboxPaths): void {
  rmSync(paths.running, { force: true });
}

/** Makes a folder that only its owner can read, also where an older one was open to others. */
export function makePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
}

/** Runs `work`; a full disk or a folder that cannot be written is said in a sentence, not by its errno. */
export async function inFolder<T>(paths: SandboxPaths, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).code ?? '';
    if (!FOLDER_ERRORS.has(errno)) throw error;
    const full = errno === 'ENOSPC' || errno === 'EDQUOT';
    throw new InfractlError({
      code: full ? 'DiskFull' : 'SandboxFolder',
      message: full
        ? 'There is no room on the disk for the sandbox.'
        : `The folder of the sandbox, ${paths.root}, cannot be used.`,
      why: (error as Error).message,
      suggestions: [
        full ? 'Make room' : 'Mend its permissions',
        'Or set XDG_DATA_HOME to a folder on another disk.',
      ],
      cause: error,
    });
  }
}

const FOLDER_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EIO']);

export function endpointOf(noted: Running): string {
  return `http://127.0.0.1:${noted.port}`;
}

function parse(file: string): Running | undefined {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Running>;
    return typeof value.pid === 'number' && typeof value.start === 'string' && typeof value.port === 'number'
      ? (value as Running)
      : undefined;
  } catch {
    return undefined;
  }
}
