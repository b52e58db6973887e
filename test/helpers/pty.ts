import { spawn } from '@lydell/node-pty';
import { type Home, launcher } from './cli.ts';
import { tell } from './transcript.ts';
import { type Running, until } from './until.ts';

export interface PtyOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  name?: string;
  columns?: number;
  rows?: number;
}

/** A program on a real terminal. */
export class ProgramPty implements Running {
  readonly #process;
  #screen = '';
  readonly exited: Promise<{ exitCode: number; signal?: number | undefined }>;

  constructor(file: string, args: readonly string[], options: PtyOptions = {}) {
    this.#process = spawn(file, [...args], {
      name: options.name ?? 'xterm-256color',
      cols: options.columns ?? 80,
      rows: options.rows ?? 24,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: options.env ?? process.env,
    });
    this.#process.onData((data) => {
      this.#screen += data;
    });
    this.exited = new Promise((resolve) => this.#process.onExit(resolve));
  }

  /** Everything that was written so far, escapes included. */
  get raw(): string {
    return this.#screen;
  }

  /** What was written, without escapes. */
  get text(): string {
    return this.#screen.replace(/\u001B\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
  }

  get ended(): Promise<unknown> {
    return this.exited;
  }

  output(): string {
    return this.text;
  }

  type(keys: string): void {
    this.#process.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#process.resize(columns, rows);
  }

  kill(signal = 'SIGKILL'): void {
    this.#process.kill(signal);
  }

  /** Waits until the text is on the screen. */
  async until(wanted: string | RegExp): Promise<void> {
    const shown = () => (typeof wanted === 'string' ? this.text.includes(wanted) : wanted.test(this.text));
    await until(shown, this).catch((error) => {
      throw new Error(`never on the screen: ${wanted}\n${error.message}`);
    });
  }
}

/** The built command line on a real terminal. */
export class Pty extends ProgramPty {
  constructor(home: Home, args: readonly string[], options: PtyOptions = {}) {
    const [cwd, env] = [options.cwd ?? home.work, { ...home.env(), ...options.env }];
    super(process.execPath, [launcher, ...args], { ...options, cwd, env });
    tell(`infractl ${args.join(' ')}, on a terminal`, () => this.output());
  }
}

export const CTRL_C = '\u0003';
export const ENTER = '\r';
export const DOWN = '\u001B[B';
