import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { tell } from './transcript.ts';
import type { Running } from './until.ts';

export const root = path.resolve(import.meta.dirname, '../..');
export const launcher = path.join(root, 'bin/run.js');

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** A command that runs. */
export interface RunningCli extends Running {
  readonly child: ChildProcess;
  readonly ended: Promise<CliResult>;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Added to the clean environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; closed at once when not given. */
  readonly input?: string;
  /** Milliseconds until it is killed: 120,000 unless told. */
  readonly timeout?: number;
}

/** What V8 compiled of the built command line: to compile it anew in each home takes longer than to run it. */
const compiled = path.join(root, '.cache', 'code');

/** A home of its own: no credentials, no configuration, no sandbox of whoever runs the tests. */
export class Home {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'infractl-home-'));

  /** @param options `fresh`: infractl was never run in it before, which is slower */
  constructor(options: { readonly fresh?: boolean } = {}) {
    mkdirSync(path.join(this.folder, 'work'));
    if (options.fresh) return;
    const cache = path.join(this.folder, 'cache/infractl');
    for (const folder of [compiled, cache]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    symlinkSync(compiled, path.join(cache, 'code'));
  }

  get work(): string {
    return path.join(this.folder, 'work');
  }

  env(): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const name of [
      'PATH',
      'LANG',
      'DOCKER_HOST',
      'PIP_CERT',
      'PIP_FIND_LINKS',
      'PIP_INDEX_URL',
      'SSL_CERT_FILE',
      'HTTPS_PROXY',
      'HTTP_PROXY',
      'NO_PROXY',
    ]) {
      const value = process.env[name];
      if (value !== undefined) kept[name] = value;
    }
    return {
      ...kept,
      HOME: this.folder,
      XDG_DATA_HOME: path.join(this.folder, 'data'),
      XDG_CONFIG_HOME: path.join(this.folder, 'config'),
      XDG_CACHE_HOME: path.join(this.folder, 'cache'),
      XDG_STATE_HOME: path.join(this.folder, 'state'),
      AWS_EC2_METADATA_DISABLED: 'true',
      TERM: 'xterm-256color',
    };
  }

  /** Starts the built command line as a process of its own. */
  start(args: readonly string[], options: CliOptions = {}): RunningCli {
    return startCli(args, {
      ...options,
      cwd: options.cwd ?? this.work,
      env: { ...this.env(), ...options.env },
    });
  }

  /** Runs it to its end. */
  run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return this.start(args, options).ended;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function startCli(args: readonly string[], options: CliOptions): RunningCli {
  const env = Object.fromEntries(
    Object.entries(options.env ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const started = performance.now();
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd: options.cwd,
    env,
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  if (options.input !== undefined) child.stdin?.end(options.input);
  const output = () => stdout + stderr;
  const ended = new Promise<CliResult>((resolve, reject) => {
    const timer = setTimeout(() => {
      stderr += '\n(The test gave it no more time.)\n';
      child.kill('SIGKILL');
    }, options.timeout ?? 120_000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, ms: performance.now() - started });
    });
  });
  tell(
    `infractl ${args.join(' ')}`,
    () => `${output()}[${child.signalCode ?? child.exitCode ?? 'still at work'}]`,
  );
  return { child, ended, output };
}

/** Every byte that would drive a terminal. */
export const ESCAPES = /\u001B/;

interface ManifestFlag {
  readonly char?: string;
  readonly type: string;
}

export interface ManifestCommand {
  readonly id: string;
  readonly summary?: string;
  readonly examples?: readonly (string | { command: string; description?: string })[];
  readonly flags: Readonly<Record<string, ManifestFlag>>;
  readonly args: Readonly<Record<string, { required?: boolean }>>;
  readonly hidden?: boolean;
}
