import { spawn } from '@lydell/node-pty';
import { type Home, launcher } from './cli.ts';

/** The built command line on a real terminal. */
export class Pty {
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
  }

  /** Everything that was written so far, escapes included. */
  get raw(): string {
    return this.#screen;
  }

  /** What was written, without escapes. */
  get text(): string {
    return this.#screen.replace(/\u001B\[[0-9;?]*[A-Za-z]/g, '').replaceAll('\r', '');
  }

  type(keys: string): void {
    this.#process.write(keys);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Waits until the text is on the screen. */
  async until(wanted: string | RegExp, ms = 20_000): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      if (typeof wanted === 'string' ? this.text.includes(wanted) : wanted.test(this.text)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`never on the screen: ${wanted}\n--- screen:\n${this.text}`);
  }
}

export const CTRL_C = '\u0003';
export const ENTER = '\r';
