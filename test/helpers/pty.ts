import { spawn } from '@lydell/node-pty';
import { type Home, launcher } from './cli.ts';
import { tell } from './transcript.ts';
import { type Running, until } from './until.ts';

/** The built command line on a real terminal. */
export class Pty implements Running {
  readonly #process;
  #screen = '';
  readonly exited: Promise<{ exitCode: number; signal?: number | undefined }>;

  constructor(
    home: Home,
    args: readonly string[],
    options: {
      cwd?: string;
      env?: Readonly<Record<string, string>>;
      name?: string;
      columns?: number;
      rows?: number;
    } = {},
  ) {
    this.#process = spawn(process.execPath, [launcher, ...args], {
      name: options.name ?? 'xterm-256color',
      cols: options.columns ?? 80,
      rows: options.rows ?? 24,
      cwd: options.cwd ?? home.work,
      env: { ...home.env(), ...options.env },
    });
    this.#process.onData((data) => {
      this.#screen += data;
    });
    this.exited = new Promise((resolve) => this.#process.onExit(resolve));
    tell(`infractl ${args.join(' ')}, on a terminal`, () => this.output());
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

export const CTRL_C = '\u0003';
export const ENTER = '\r';
