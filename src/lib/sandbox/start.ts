import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SandboxTarget } from '../aws/session.ts';
import { systemClock } from '../base/clock.ts';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import { type Reporter, silentReporter } from '../base/report.ts';
import { answersAs } from './answers.ts';
import { ensureInstalled } from './install.ts';
import { launch } from './launch.ts';
import { withLock } from './lock.ts';
import { type SandboxPaths, sandboxPaths } from './paths.ts';
import { choosePort } from './ports.ts';
import { endpointOf, inFolder, makePrivateFolder, type Running, readRunning } from './running.ts';
import { endProcess } from './stop.ts';
import { SANDBOX_CREDENTIALS } from './target.ts';

/** How long a sandbox that is running may keep silent before it counts as stuck, in milliseconds. */
const SILENCE = 9_000;

export interface StartOptions {
  /** The port at 127.0.0.1; by default that of last time, else 4566, else any that is free. */
  readonly port?: number | undefined;
  /** False: EC2 instances are records without a machine. Default: as it runs, else machines where an engine answers. */
  readonly machines?: boolean | undefined;
  /** Milliseconds that the emulator may take to answer, and that another start is waited for. */
  readonly timeout?: number | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface Started {
  readonly outcome: 'started' | 'already-running';
  readonly target: SandboxTarget;
  readonly endpoint: string;
  readonly port: number;
  readonly pid: number;
  /** MiniStack's version. */
  readonly version: string;
  readonly log: string;
}

const PART = 'sandbox';
const LOCK_TIMEOUT = 10 * 60_000;

/**
 * Starts the sandbox, installing it first where it was not yet; a running one is left as it is. Of two
 * starts at once the second waits for the first and uses its sandbox.
 *
 * @throws InfractlError `PortTaken`, `SandboxDied`, `SandboxElsewhere`, `SandboxBusy`, and those of the install.
 */
export async function startSandbox(options: StartOptions = {}): Promise<Started> {
  const env = options.env ?? process.env;
  const paths = sandboxPaths(env);
  const reporter = options.reporter ?? silentReporter;
  if (process.platform === 'win32') throw onWindows();
  const already = await useRunning(paths, options);
  if (already) return already;

  const began = systemClock.now();
  reporter.emit({ type: 'part.started', part: PART, doing: 'starting' });
  const status = (text: string) => reporter.emit({ type: 'part.status', part: PART, status: text });
  try {
    const wait = {
      timeout: options.timeout ?? LOCK_TIMEOUT,
      signal: options.signal,
      onWait: () => status('waiting for another start of it'),
    };
    const started = await inFolder(paths, async () => {
      makePrivateFolder(paths.root);
      return withLock(paths.lock, wait, () => startLocked(paths, env, options, status));
    });
    const ms = systemClock.now() - began;
    const outcome = started.outcome === 'started' ? 'created' : 'unchanged';
    reporter.emit({ type: 'part.done', part: PART, outcome, detail: started.endpoint, ms });
    return started;
  } catch (error) {
    if (isInfractlError(error)) {
      reporter.emit({ type: 'part.failed', part: PART, error, ms: systemClock.now() - began });
    }
    throw error;
  }
}

async function startLocked(
  paths: SandboxPaths,
  env: NodeJS.ProcessEnv,
  options: StartOptions,
  status: (text: string) => void,
): Promise<Started> {
  const already = await useRunning(paths, options);
  if (already) return already;
  const left = readRunning(paths);
  // We hold the lock, so whoever began this one is gone: nobody will ever finish it.
  if (left.is === 'starting') await endProcess(left.noted, 10_000);
  const python = await ensureInstalled({ paths, env, signal: options.signal, onStatus: status });
  status('waiting for it to answer');
  const running = await launchOnFreePort(paths, env, python, options);
  return asStarted('started', paths, running);
}

/** Between the look at a port and the start another program may take it: once, another one is tried. */
async function launchOnFreePort(
  paths: SandboxPaths,
  env: NodeJS.ProcessEnv,
  python: string,
  options: StartOptions,
): Promise<Running> {
  const timeout = options.timeout ?? 60_000;
  const attempt = async () =>
    launch({
      paths,
      env,
      python,
      timeout,
      machines: options.machines ?? true,
      signal: options.signal,
      port: await choosePort(options.port, lastPort(paths)),
    });
  try {
    return await attempt();
  } catch (error) {
    if (options.port === undefined && isInfractlError(error) && error.code === 'PortTaken') return attempt();
    throw error;
  }
}

async function useRunning(
  paths: SandboxPaths,
  { port, machines }: StartOptions,
): Promise<Started | undefined> {
  const now = readRunning(paths);
  if (now.is !== 'running') return undefined;
  if (machines !== undefined && machines !== now.noted.machines) {
    throw new InfractlError({
      code: 'SandboxElsewhere',
      message: `The sandbox is running already, ${now.noted.machines ? 'with' : 'without'} machines for EC2 instances.`,
      suggestions: ['Use it as it is, or stop it first: `infractl sandbox stop`'],
    });
  }
  if (port !== undefined && port !== now.noted.port) {
    throw new InfractlError({
      code: 'SandboxElsewhere',
      message: `The sandbox is running already, on port ${now.noted.port}.`,
      suggestions: ['Use that one, or stop it first: `infractl sandbox stop`'],
    });
  }
  if (!(await answersInTime(paths, now.noted))) {
    // Killed a moment ago, it had closed its port already and was still a process.
    if (readRunning(paths).is !== 'running') return undefined;
    throw new InfractlError({
      code: 'SandboxSilent',
      message: `The sandbox is running (process ${now.noted.pid}) but does not answer.`,
      suggestions: [`Look at its log: ${paths.log}`, 'Stop it and start it again: `infractl sandbox stop`'],
    });
  }
  return asStarted('already-running', paths, now.noted);
}

/** Stops asking when the process is gone. */
async function answersInTime(paths: SandboxPaths, noted: Running): Promise<boolean> {
  const deadline = systemClock.now() + SILENCE;
  for (;;) {
    if (await answersAs(noted.pid, noted.port)) return true;
    if (readRunning(paths).is !== 'running' || systemClock.now() > deadline) return false;
    await systemClock.sleep(100);
  }
}

function asStarted(outcome: Started['outcome'], paths: SandboxPaths, running: Running): Started {
  const endpoint = endpointOf(running);
  return {
    outcome,
    endpoint,
    target: { endpoint, credentials: SANDBOX_CREDENTIALS },
    port: running.port,
    pid: running.pid,
    version: running.version,
    log: paths.log,
  };
}

function lastPort(paths: SandboxPaths): number | undefined {
  try {
    const port = Number(readFileSync(join(paths.data, 'port'), 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch {
    return undefined;
  }
}

function onWindows(): InfractlError {
  return new InfractlError({
    code: 'SandboxUnsupported',
    message: 'The sandbox does not run on Windows itself.',
    suggestions: ['Use infractl inside the Windows Subsystem for Linux.'],
  });
}
