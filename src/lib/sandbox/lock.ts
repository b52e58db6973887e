import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { type Clock, systemClock, throwIfAborted } from '../base/clock.ts';
import { Exit, InfractlError } from '../base/errors.ts';
import { isSameProcess, processStart } from './process.ts';

export interface LockOptions {
  readonly clock?: Clock | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait for another holder. */
  readonly timeout: number;
  /** Called once, when somebody else holds it. */
  readonly onWait?: (holder: number) => void;
}

/**
 * Runs `work` while no other infractl of this user does the same. A holder that died without letting
 * go is noticed by its process and passed over.
 *
 * @throws InfractlError `SandboxBusy` (exit 6) when the holder is still at it after `timeout`.
 */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const clock = options.clock ?? systemClock;
  const until = clock.now() + options.timeout;
  let told = false;
  while (!take(file)) {
    throwIfAborted(options.signal);
    const holder = readHolder(file);
    if (holder && isSameProcess(holder.pid, holder.start)) {
      if (clock.now() >= until) throw busy(holder.pid);
      if (!told) options.onWait?.(holder.pid);
      told = true;
      await clock.sleep(100, options.signal);
    } else {
      passOver(file, holder?.text);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** A link appears with its content in one step: there is no moment with an empty lock. */
function take(file: string): boolean {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, `${process.pid}\n${processStart(process.pid) ?? ''}\n`, { mode: 0o600 });
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

function readHolder(file: string): { pid: number; start: string; text: string } | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    const [pid = '', start = ''] = text.split('\n');
    return { pid: Number(pid), start, text };
  } catch {
    return undefined;
  }
}

/** Takes a dead holder's lock away; gives it back when it was another's by then. */
function passOver(file: string, dead: string | undefined): void {
  if (dead === undefined) return;
  const aside = `${file}.dead.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== dead) linkSync(aside, file);
  } catch {
    // Somebody else passed it over first.
  }
  rmSync(aside, { force: true });
}

function busy(pid: number): InfractlError {
  return new InfractlError({
    code: 'SandboxBusy',
    message: 'Another infractl is starting or stopping the sandbox.',
    why: `Process ${pid} holds the lock.`,
    suggestions: ['Wait for it, then try again.'],
    exit: Exit.busy,
  });
}
