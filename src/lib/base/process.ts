import { statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { throwIfAborted } from './clock.ts';
import { InfractlError, UsageError } from './errors.ts';

export interface RunOptions {
  /** The whole environment of the child: nothing is inherited beside it. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Written to the child's standard input, which is then closed. Without it the child reads nothing. */
  readonly input?: string | Uint8Array | Readable;
  /** Gets standard output as it comes; the result then has none of it. */
  readonly output?: Writable;
  /** Aborting stops the child and everything it started. */
  readonly signal?: AbortSignal | undefined;
  /** Stops the child after so many milliseconds; the result then says `timedOut`. */
  readonly timeout?: number;
  /** Called for every line as it comes, without its end. A carriage return ends a line too. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** How many characters of each stream are kept for the result: the last ones. */
  readonly keep?: number;
}

export interface RunResult {
  /** Undefined when the child was ended by a signal. */
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

const KEEP = 8 * 1024 * 1024;
/** What a stopped child gets to clean up after itself, in milliseconds. */
const GRACE = 5_000;

const POSIX = process.platform !== 'win32';
const running = new Set<number>();
let exitHook = false;

/**
 * Runs a command to its end. A non-zero exit code is a result, not an error: the caller knows what it
 * means. On an abort the child's whole process group gets SIGTERM and, 5 s later, SIGKILL.
 *
 * @throws InfractlError `CommandNotFound` when there is no such command, `CommandNotExecutable` when it
 *   may not be run, `FolderNotFound` when `cwd` is none; `Interrupted` after an abort.
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  throwIfAborted(options.signal);
  const { execa } = await import('execa');
  throwIfAborted(options.signal);
  const child = execa(command, [...args], {
    env: options.env,
    extendEnv: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    reject: false,
    buffer: false,
    // A group of its own, so that what the command starts can be stopped with it.
    detached: POSIX,
    cleanup: false,
    windowsHide: true,
  });
  const out = options.output
    ? forward(child.stdout, options.output)
    : collect(child.stdout, 'stdout', options);
  const err = collect(child.stderr, 'stderr', options);
  let timedOut = false;
  const stop = stopper(child);
  const timer = options.timeout
    ? setTimeout(() => {
        timedOut = true;
        stop.start();
      }, options.timeout)
    : undefined;
  options.signal?.addEventListener('abort', stop.start, { once: true });
  if (child.pid !== undefined) remember(child.pid);
  try {
    const result = await child;
    throwIfAborted(options.signal);
    if (result.exitCode === undefined && result.signal === undefined && !timedOut) {
      throw startError(command, options.cwd, result.code, result.cause);
    }
    return { exitCode: result.exitCode, stdout: out(), stderr: err(), timedOut };
  } finally {
    clearTimeout(timer);
    stop.done();
    options.signal?.removeEventListener('abort', stop.start);
    if (child.pid !== undefined) running.delete(child.pid);
  }
}

/** Sends SIGTERM to the child's group once, SIGKILL after the grace. */
function stopper(child: { pid?: number | undefined; kill(signal: NodeJS.Signals): boolean }) {
  let late: NodeJS.Timeout | undefined;
  const send = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    if (!POSIX) child.kill(signal);
    else signalGroup(child.pid, signal);
  };
  return {
    start: () => {
      if (late) return;
      send('SIGTERM');
      late = setTimeout(() => send('SIGKILL'), GRACE);
    },
    done: () => clearTimeout(late),
  };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended already.
  }
}

/** A second Ctrl-C leaves at once, without waiting for children: they must not outlive it. */
function remember(pid: number): void {
  running.add(pid);
  if (exitHook || !POSIX) return;
  exitHook = true;
  process.on('exit', () => {
    for (const each of running) signalGroup(each, 'SIGTERM');
  });
}

function forward(stream: NodeJS.ReadableStream, to: Writable): () => string {
  stream.pipe(to);
  return () => '';
}

function collect(
  stream: NodeJS.ReadableStream,
  name: 'stdout' | 'stderr',
  { onLine, keep }: RunOptions,
): () => string {
  const text = new KeptText((line) => onLine?.(line, name), keep);
  stream.on('data', (chunk: Buffer) => text.add(chunk));
  stream.on('end', () => text.end());
  return () => text.kept;
}

/** The text of a stream as its bytes come: told line by line, its last characters kept. */
export class KeptText {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  readonly #keep: number;
  #kept = '';
  #rest = '';

  constructor(onLine: (line: string) => void, keep = KEEP) {
    this.#onLine = onLine;
    this.#keep = keep;
  }

  add(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  end(): void {
    this.#take(this.#decoder.end());
    const last = this.#rest.replace(/\r$/, '');
    if (last !== '') this.#onLine(last);
    this.#rest = '';
  }

  get kept(): string {
    return this.#kept.length > this.#keep ? this.#kept.slice(-this.#keep) : this.#kept;
  }

  #take(text: string): void {
    this.#kept += text;
    // Cutting only at twice the size keeps the cost of long outputs linear.
    if (this.#kept.length > 2 * this.#keep) this.#kept = this.#kept.slice(-this.#keep);
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
  }
}

function startError(command: string, cwd: string | undefined, code: unknown, cause: unknown): InfractlError {
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    return new UsageError({
      code: 'FolderNotFound',
      message: `${command} could not be run in ${cwd}: there is no such folder.`,
      cause,
    });
  }
  const missing = code === 'ENOENT';
  return new InfractlError({
    code: missing ? 'CommandNotFound' : 'CommandNotExecutable',
    message: missing
      ? `The command ${command} was not found.`
      : `The command ${command} could not be started${typeof code === 'string' ? ` (${code})` : ''}.`,
    suggestions: missing ? [`Install ${command}, or put it on the PATH.`] : [],
    cause,
  });
}
