import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { Exit, InfractlError } from '../base/errors.ts';
import { askReset } from './answers.ts';
import { engineCommand, removeContainers, removeMachines, stopMachines } from './engine.ts';
import { withLock } from './lock.ts';
import { logTail, type SandboxPaths, sandboxPaths } from './paths.ts';
import { isSameProcess } from './process.ts';
import { forgetRunning, inFolder, makePrivateFolder, type Running, readRunning } from './running.ts';

export interface StopOptions {
  /** Removes what the sandbox holds, too: state, and machines with their disks. */
  readonly delete?: boolean | undefined;
  /** Milliseconds that it may take to save its state. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface Stopped {
  readonly outcome: 'stopped' | 'was-not-running';
  /** True when there was state and it was removed. */
  readonly deleted: boolean;
  /** Containers that a killed sandbox had left behind. */
  readonly containersRemoved: number;
}

const STOP_TIMEOUT = 60_000;
const LOOK_EVERY = 50;

/**
 * Stops the sandbox: SIGTERM, then waits until its state is saved and its containers are gone. Safe to
 * call when it is not running; then only what a killed one left is tidied.
 *
 * @throws InfractlError `SandboxStopTimedOut` (exit 7)
 */
export async function stopSandbox(options: StopOptions = {}): Promise<Stopped> {
  const env = options.env ?? process.env;
  const paths = sandboxPaths(env);
  if (!existsSync(paths.root)) return { outcome: 'was-not-running', deleted: false, containersRemoved: 0 };
  const timeout = options.timeout ?? STOP_TIMEOUT;
  return locked(paths, timeout, options, async () => {
    const now = readRunning(paths);
    const alive = now.is === 'running' || now.is === 'starting';
    if (alive && !(await endProcess(now.noted, timeout, options.signal))) throw tooSlow(now.noted, timeout);
    forgetRunning(paths);
    if (alive && !options.delete) complainOfLostState(paths);
    const owned = {
      id: paths.id,
      command: now.is === 'stopped' ? engineCommand(env) : now.noted.engine,
      env,
    };
    // A sandbox that stopped by itself removed its own.
    const containersRemoved =
      now.is === 'stopped' && !options.delete ? 0 : await removeContainers(owned, 'functions');
    if (options.delete) await removeMachines(owned);
    else if (now.is === 'gone') await stopMachines(owned);
    const deleted = options.delete === true && existsSync(paths.data);
    if (deleted) await rm(paths.data, { recursive: true, force: true });
    return { outcome: alive ? 'stopped' : 'was-not-running', deleted, containersRemoved };
  });
}

export interface ResetResult {
  /** `running` when a running sandbox was emptied, `stopped` when its folder was. */
  readonly was: 'running' | 'stopped';
}

/**
 * Empties the sandbox: stacks, functions, objects, images, containers. A running one goes on running.
 *
 * @throws InfractlError `SandboxResetFailed`
 */
export async function resetSandbox(options: Omit<StopOptions, 'delete'> = {}): Promise<ResetResult> {
  const env = options.env ?? process.env;
  const paths = sandboxPaths(env);
  const timeout = options.timeout ?? STOP_TIMEOUT;
  return locked(paths, timeout, options, async () => {
    const now = readRunning(paths);
    if (now.is === 'running') {
      if (!(await askReset(now.noted.port))) throw resetFailed(paths);
      return { was: 'running' };
    }
    if (now.is === 'starting') await endProcess(now.noted, timeout, options.signal);
    forgetRunning(paths);
    const owned = {
      id: paths.id,
      command: now.is === 'stopped' ? engineCommand(env) : now.noted.engine,
      env,
    };
    await removeContainers(owned, 'functions');
    await removeMachines(owned);
    await rm(paths.data, { recursive: true, force: true });
    return { was: 'stopped' };
  });
}

function locked<T>(
  paths: SandboxPaths,
  timeout: number,
  options: StopOptions,
  work: () => Promise<T>,
): Promise<T> {
  return inFolder(paths, async () => {
    makePrivateFolder(paths.root);
    try {
      return await withLock(paths.lock, { timeout, signal: options.signal }, work);
    } catch (error) {
      // On a full disk there is no room for a lock: what is to make room must do without.
      const full = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (full && options.delete) return await work();
      throw error;
    }
  });
}

/** Asks a process to end and waits; then whatever it started and left goes, too. False when it stays. */
export async function endProcess(
  noted: Running,
  timeout: number,
  signal?: AbortSignal,
  clock: Clock = systemClock,
): Promise<boolean> {
  send(noted.pid, 'SIGTERM');
  const until = clock.now() + timeout;
  while (isSameProcess(noted.pid, noted.start)) {
    if (clock.now() > until) return false;
    await clock.sleep(LOOK_EVERY, signal);
  }
  // It leads its own process group, whose number nobody can have while a member lives.
  send(-noted.pid, 'SIGKILL');
  return true;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/** The emulator leaves its mark in the folder when it could not save all. */
function complainOfLostState(paths: SandboxPaths): void {
  if (!existsSync(join(paths.data, 'unsaved'))) return;
  throw new InfractlError({
    code: 'SandboxStateLost',
    message: 'The sandbox has stopped, but could not save all that it held.',
    why: logTail(paths, 500).match(/Persistence: failed to save \w+: .*/)?.[0] ?? 'The disk may be full.',
    suggestions: [`Make room on the disk of ${paths.data}.`, `The whole log: ${paths.log}`],
  });
}

function tooSlow(noted: Running, timeout: number): InfractlError {
  return new InfractlError({
    code: 'SandboxStopTimedOut',
    message: `The sandbox has not stopped within ${Math.round(timeout / 1000)} s.`,
    why: 'It saves its state first, which takes long when it holds much.',
    suggestions: [
      'Stop it once more: `infractl sandbox stop`',
      `Or give up what it has not saved: \`kill -9 ${noted.pid}\``,
    ],
    exit: Exit.timedOut,
  });
}

function resetFailed(paths: SandboxPaths): InfractlError {
  return new InfractlError({
    code: 'SandboxResetFailed',
    message: 'The sandbox is running but did not empty itself.',
    suggestions: ['Stop it with everything in it: `infractl sandbox stop --delete`', `Its log: ${paths.log}`],
  });
}
