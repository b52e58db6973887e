import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { realClock } from '../../test/fake/clock.ts';
import { type Fake, startFake } from '../../test/fake/server.ts';
import { Home, launcher } from '../../test/helpers/cli.ts';
import { type ProgramPty, Pty } from '../../test/helpers/pty.ts';
import { TestSandbox } from '../../test/helpers/sandbox.ts';
import type { Running } from '../../test/helpers/until.ts';
import { screenOf } from './screen.ts';

/** Where a session is played, in the words of the pages. */
export type Place =
  | 'the sandbox'
  | 'the fake AWS of the tests'
  | 'a Debian machine in a container'
  | 'this machine, without AWS';

/** What somebody types, and what of the answer is shown. */
export interface Typed {
  /** A line for the shell. */
  readonly line: string;
  /** The exit code that it must have: 0 unless told. */
  readonly exit?: number;
  /** Only lines that match one of them are shown, an ellipsis for each stretch between; all without it. */
  readonly only?: readonly RegExp[];
}

export interface Session {
  readonly place: Place;
  /** The blocks that it makes. */
  readonly makes: readonly string[];
  /** Why it cannot be played on this machine; undefined where it can. */
  readonly missing?: () => string | undefined;
  /** Short enough for the tests to play it each time. */
  readonly quick?: boolean;
  readonly play: (stage: Stage) => Promise<void>;
}

const ELLIPSIS = '…';
/** Milliseconds after which a line is killed: for what hangs, never for what is slow. */
const LONGEST = 600_000;

/** A line of shell that runs. */
export interface RunningLine extends Running {
  /** Everything that it printed, and its exit code. */
  readonly ended: Promise<{ readonly code: number | null; readonly text: string }>;
  kill(signal: NodeJS.Signals): void;
}

/** Somebody who types, on terminals too. */
export interface Typist {
  start(line: string): RunningLine;
  /** @throws when the line ends with another code than `exit`, 0 by default */
  run(line: string, exit?: number): Promise<string>;
  terminal(args: readonly string[], size?: { columns?: number; rows?: number }): Terminal;
}

/** A user with a home, a shell and, where asked, an AWS of their own. Keeps what was shown. */
export class Stage implements Typist {
  readonly home = new Home();
  readonly shown = new Map<string, string>();
  readonly #ends: (() => Promise<void> | void)[] = [];
  cwd = this.home.work;
  env: Record<string, string> = {};

  get #bin(): string {
    return path.join(this.home.folder, 'bin');
  }

  constructor() {
    mkdirSync(this.#bin);
    this.program('infractl', `#!/bin/sh\nexec '${process.execPath}' '${launcher}' "$@"\n`);
    this.env.PATH = `${this.#bin}${path.delimiter}${process.env.PATH}`;
    // What is printed is what an English-speaking user in UTC sees.
    Object.assign(this.env, { TZ: 'UTC', LANG: 'C.UTF-8' });
  }

  /** A sandbox of this stage alone, not started; what it leaves is removed at the end. */
  async sandbox(): Promise<void> {
    const sandbox = await new TestSandbox().prepare();
    this.env.XDG_DATA_HOME = sandbox.folder;
    this.#ends.push(() => sandbox.remove());
  }

  /** An AWS whose stacks take a moment. */
  async fake(): Promise<Fake> {
    const fake = await startFake({ clock: realClock() });
    Object.assign(fake.state.cloudFormation, { resourceMs: 200, changeSetMs: 50, stepMs: 20 });
    Object.assign(this.env, fake.env);
    this.#ends.push(() => fake.close());
    return fake;
  }

  /** Something to undo when the session is over. */
  afterwards(end: () => Promise<void> | void): void {
    this.#ends.push(end);
  }

  cd(folder: string): void {
    this.cwd = path.resolve(this.cwd, folder);
    mkdirSync(this.cwd, { recursive: true });
  }

  put(name: string, text: string, mode = 0o644): void {
    const file = path.join(this.cwd, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
  }

  read(name: string): string {
    return readFileSync(path.join(this.cwd, name), 'utf8');
  }

  /** A program that goes before those of this machine. */
  program(name: string, text: string): void {
    writeFileSync(path.join(this.#bin, name), text, { mode: 0o755 });
  }

  /** Changes a text in a file. @throws where it is not there */
  change(name: string, from: string, to: string): void {
    const text = this.read(name);
    if (!text.includes(from)) throw new Error(`${name} has no "${from}"`);
    writeFileSync(path.join(this.cwd, name), text.replace(from, to));
  }

  /** Starts a line of shell; what it prints to both streams comes in the order in which it is printed. */
  start(line: string): RunningLine {
    const file = path.join(this.home.folder, `printed-${Math.random().toString(36).slice(2)}`);
    const out = openSync(file, 'a');
    // `exec`, so that a signal reaches the command itself.
    const child = spawn('bash', ['-c', /^infractl [^|;&]*$/.test(line) ? `exec ${line}` : line], {
      cwd: this.cwd,
      env: { ...this.home.env(), ...this.env },
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    const output = () => readFileSync(file, 'utf8');
    const hangs = setTimeout(() => child.kill('SIGKILL'), LONGEST);
    const ended = new Promise<{ code: number | null; text: string }>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(hangs);
        resolve({ code, text: output() });
      });
    });
    return { ended, output, kill: (signal) => child.kill(signal) };
  }

  /** Types a line that is not shown; what it printed. @throws when it ends otherwise than it must */
  async run(line: string, exit = 0): Promise<string> {
    const { code, text } = await this.start(line).ended;
    if (code !== exit) throw new Error(`$ ${line}\n${text}\nended with ${code}, not ${exit}`);
    return text;
  }

  /** Types lines, and shows them with what they print, below what the block shows already. */
  async shows(name: string, ...lines: readonly (Typed | string)[]): Promise<void> {
    const before = this.shown.get(name);
    const said = before === undefined ? [] : [before];
    for (const each of lines) {
      const typed = typeof each === 'string' ? { line: each } : each;
      const { line, exit = 0, only }: Typed = typed;
      said.push(`$ ${line}`);
      const text = await this.run(line, exit);
      const shown = only ? elided(text, only) : text.trimEnd();
      if (shown) said.push(shown);
    }
    this.keep(name, said.join('\n'));
  }

  /** Keeps a text as what a block shows. The fake stands for AWS, which is at no address of its own. */
  keep(name: string, text: string): void {
    const { AWS_ENDPOINT_URL } = this.env;
    const shown = AWS_ENDPOINT_URL ? text.replaceAll(` --endpoint-url ${AWS_ENDPOINT_URL}`, '') : text;
    this.shown.set(name, shown.trimEnd());
  }

  /** Opens a command on a terminal. */
  terminal(args: readonly string[], size: { columns?: number; rows?: number } = {}): Terminal {
    const [columns, rows] = [size.columns ?? 80, size.rows ?? 24];
    const pty = new Pty(this.home, args, { cwd: this.cwd, env: this.env, columns, rows });
    this.#ends.push(() => pty.kill());
    return { pty, screen: () => screenOf(pty.raw, columns, rows) };
  }

  async close(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
    this.home.remove();
  }
}

export interface Terminal {
  readonly pty: ProgramPty;
  /** What is on the screen now, and what has left it at the top. */
  screen(): string;
}

/** The lines that match, with an ellipsis for those left out between and after them. */
export function elided(text: string, only: readonly RegExp[]): string {
  const shown: string[] = [];
  for (const line of text.trimEnd().split('\n')) {
    if (only.some((pattern) => pattern.test(line))) shown.push(line);
    else if (shown.at(-1) !== ELLIPSIS) shown.push(ELLIPSIS);
  }
  return shown.join('\n');
}
