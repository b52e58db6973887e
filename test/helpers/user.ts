import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { type CliOptions, type CliResult, Home, type RunningCli } from './cli.ts';
import { freePort } from './ports.ts';
import { Pty } from './pty.ts';
import { TestSandbox } from './sandbox.ts';

/** Somebody with a home and a sandbox of their own, who types commands. */
export class User {
  readonly home = new Home();
  readonly #sandbox = new TestSandbox();
  readonly #env: Readonly<Record<string, string>>;
  /** The folder that commands are typed in. */
  cwd = this.home.work;
  /** A folder whose programs go before those of this machine. */
  path: string | undefined;

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = { ...env, XDG_DATA_HOME: this.#sandbox.folder };
  }

  /** Saves the minutes of the sandbox's first installation. */
  async prepare(): Promise<this> {
    await this.#sandbox.prepare();
    return this;
  }

  /** Goes into a folder, made when it is not there. */
  cd(folder: string): void {
    this.cwd = path.resolve(this.cwd, folder);
    mkdirSync(this.cwd, { recursive: true });
  }

  start(line: string, options: CliOptions = {}): RunningCli {
    return this.home.start(wordsOf(line), {
      cwd: this.cwd,
      timeout: 180_000,
      ...options,
      env: { ...this.#env, ...this.#path(), ...options.env },
    });
  }

  #path(): Record<string, string> {
    return this.path === undefined ? {} : { PATH: `${this.path}${path.delimiter}${process.env.PATH ?? ''}` };
  }

  type(line: string, options: CliOptions = {}): Promise<CliResult> {
    return this.start(line, options).ended;
  }

  /** Types a command on a terminal. */
  terminal(line: string): Pty {
    return new Pty(this.home, wordsOf(line), { cwd: this.cwd, env: { ...this.#env, ...this.#path() } });
  }

  /** Types a command that must succeed. */
  async does(line: string, options: CliOptions = {}): Promise<CliResult> {
    const result = await this.type(line, options);
    expect(`${line}: ${result.code}\n${result.code === 0 ? '' : result.stderr + result.stdout}`).toBe(
      `${line}: 0\n`,
    );
    return result;
  }

  /** Types a command and reads its JSON; of a stream, the last line. */
  async reads<T>(line: string, options: CliOptions = {}): Promise<T> {
    const { stdout } = await this.does(`${line} --json`, options);
    return JSON.parse(
      /^[[{"]/.test(stdout) && !/^\{"type"/.test(stdout) ? stdout : (stdout.trim().split('\n').at(-1) ?? ''),
    ) as T;
  }

  port(): Promise<number> {
    return freePort();
  }

  async leave(): Promise<void> {
    await this.#sandbox.remove();
    this.home.remove();
  }
}

/** The words of a line as a shell takes them, with what stands in double quotes as one. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
}
