import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');
export const launcher = path.join(root, 'bin/run.js');

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface CliOptions {
  readonly cwd?: string;
  /** Added to the clean environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input; closed at once when not given. */
  readonly input?: string;
  readonly timeout?: number;
  /** Called with the child process, to send it signals. */
  readonly onStart?: (child: ReturnType<typeof spawn>, output: () => string) => void;
}

/** A home of its own: no credentials, no configuration, no sandbox of whoever runs the tests. */
export class Home {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'infractl-home-'));

  constructor() {
    mkdirSync(path.join(this.folder, 'work'));
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

  /** Runs the built command line as a process of its own. */
  run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return runCli(args, {
      ...options,
      cwd: options.cwd ?? this.work,
      env: { ...this.env(), ...options.env },
    });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const env = Object.fromEntries(
    Object.entries(options.env ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return new Promise((resolve, reject) => {
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
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeout ?? 60_000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr, ms: performance.now() - started });
    });
    options.onStart?.(child, () => stdout + stderr);
  });
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
