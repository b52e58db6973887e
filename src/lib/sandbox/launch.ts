import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock, throwIfAborted } from '../base/clock.ts';
import { InfractlError, messageOf } from '../base/errors.ts';
import { answersAs } from './answers.ts';
import { engineCommand, engineEnvironment } from './engine.ts';
import { emulatorFolder, logTail, type SandboxPaths } from './paths.ts';
import { processStart } from './process.ts';
import { forgetRunning, makePrivateFolder, noteRunning, type Running } from './running.ts';

export const MINISTACK_VERSION = '1.5.33';
const LOOK_EVERY = 40;

export interface LaunchOptions {
  readonly paths: SandboxPaths;
  readonly env: NodeJS.ProcessEnv;
  readonly python: string;
  readonly port: number;
  /** Milliseconds until it must answer. */
  readonly timeout: number;
  /** False: EC2 instances are records without a machine. */
  readonly machines: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts the emulator in a session of its own, so that it outlives the shell, and waits until it answers.
 *
 * @throws InfractlError `SandboxDied` with its last words, `PortTaken` where another program was quicker.
 */
export async function launch(options: LaunchOptions): Promise<Running> {
  const { paths, port } = options;
  prepareFolders(paths);
  const child = spawnEmulator(options);
  const pid = await pidOf(child);
  const start = processStart(pid);
  if (start === undefined) throw died(paths);
  const noted: Running = {
    pid,
    start,
    port,
    version: MINISTACK_VERSION,
    startedAt: new Date().toISOString(),
    engine: engineCommand(options.env),
    machines: options.machines,
    ready: false,
  };
  noteRunning(paths, noted);
  try {
    await untilItAnswers(child, noted, options);
  } catch (error) {
    child.kill('SIGKILL');
    forgetRunning(paths);
    throw error;
  }
  const running = { ...noted, ready: true };
  noteRunning(paths, running);
  child.unref();
  return running;
}

function prepareFolders(paths: SandboxPaths): void {
  makePrivateFolder(paths.root);
  makePrivateFolder(paths.data);
  mkdirSync(join(paths.data, 'tmp'), { recursive: true, mode: 0o700 });
  mkdirSync(join(paths.data, 'state'), { recursive: true, mode: 0o700 });
  if (existsSync(`${paths.log}.1`)) renameSync(`${paths.log}.1`, `${paths.log}.2`);
  if (existsSync(paths.log)) renameSync(paths.log, `${paths.log}.1`);
}

function spawnEmulator(options: LaunchOptions): ChildProcess {
  const log = openSync(options.paths.log, 'a', 0o600);
  try {
    return spawn(options.python, ['-m', 'infractl_sandbox'], {
      cwd: options.paths.data,
      detached: true,
      stdio: ['ignore', log, log],
      env: emulatorEnvironment(options),
    });
  } finally {
    closeSync(log);
  }
}

/** Nothing of the user's environment but the PATH: no credentials, no endpoint, no DOCKER_HOST. */
function emulatorEnvironment(options: LaunchOptions): Record<string, string> {
  const { paths, env, port } = options;
  return {
    // Functions run on the same Node as infractl.
    PATH: [dirname(process.execPath), env.PATH ?? '/usr/local/bin:/usr/bin:/bin'].join(':'),
    HOME: paths.data,
    TMPDIR: join(paths.data, 'tmp'),
    LANG: 'C.UTF-8',
    PYTHONPATH: emulatorFolder(),
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    // MiniStack: one listener on this machine alone, everything kept.
    GATEWAY_PORT: String(port),
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    DOCKER_HOST: 'unix:///nonexistent',
    PERSIST_STATE: '1',
    STATE_DIR: join(paths.data, 'state'),
    S3_PERSIST: '1',
    S3_DATA_DIR: join(paths.data, 's3'),
    INFRACTL_SANDBOX_ID: paths.id,
    INFRACTL_SANDBOX_HOME: paths.data,
    INFRACTL_SANDBOX_ENGINE: engineCommand(env),
    INFRACTL_SANDBOX_MACHINES: options.machines ? 'on' : 'off',
    INFRACTL_SANDBOX_MACHINE_IMAGE: env.INFRACTL_MACHINE_IMAGE ?? '',
    INFRACTL_SANDBOX_ENGINE_ENV: JSON.stringify(engineEnvironment(env)),
  };
}

function pidOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid as number));
    child.once('error', (error) => {
      reject(
        new InfractlError({
          code: 'SandboxDied',
          message: 'The sandbox could not be started.',
          why: messageOf(error),
          suggestions: ['Start it again.'],
          cause: error,
        }),
      );
    });
  });
}

async function untilItAnswers(child: ChildProcess, noted: Running, options: LaunchOptions): Promise<void> {
  const until = systemClock.now() + options.timeout;
  while (!(await answersAs(noted.pid, noted.port))) {
    throwIfAborted(options.signal);
    if (child.exitCode !== null || child.signalCode !== null) throw died(options.paths);
    if (systemClock.now() > until) throw silent(options);
    await systemClock.sleep(LOOK_EVERY, options.signal);
  }
}

function died(paths: SandboxPaths): InfractlError {
  const said = logTail(paths, 12);
  const taken = /address already in use/i.test(said);
  const full = /No space left on device|Disk quota exceeded/i.test(said);
  return new InfractlError({
    code: taken ? 'PortTaken' : full ? 'DiskFull' : 'SandboxDied',
    message: taken
      ? 'The sandbox ended at its start: another program took its port.'
      : full
        ? 'The sandbox ended at its start: there is no room on the disk.'
        : 'The sandbox ended at its start.',
    why: said,
    suggestions: [
      `The whole log: ${paths.log}`,
      'Start it again, or empty it first: `infractl sandbox reset`',
    ],
  });
}

function silent(options: LaunchOptions): InfractlError {
  return new InfractlError({
    code: 'SandboxDied',
    message: `The sandbox did not answer within ${Math.round(options.timeout / 1000)} s of its start.`,
    why: logTail(options.paths, 6),
    suggestions: [`The whole log: ${options.paths.log}`, 'Start it again on a machine that is less busy.'],
  });
}
