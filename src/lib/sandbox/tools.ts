import { isInfractlError } from '../base/errors.ts';
import { run as runProcess } from '../base/process.ts';

export interface Ran {
  readonly ok: boolean;
  /** Standard output, trimmed. */
  readonly out: string;
  /** Both streams in order, trimmed: what a person would have seen. */
  readonly all: string;
  /** The program is not there at all. */
  readonly missing: boolean;
}

export interface RunOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a program to its end. What happened is in the answer, also that there is no such program.
 *
 * @throws Interrupted after an abort
 */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    options.onLine?.(line);
  };
  try {
    const { env, timeout, signal } = options;
    const done = await runProcess(command, args, { env, timeout, signal, onLine });
    if (done.timedOut) lines.push(`No answer in ${timeout / 1000} s.`);
    return {
      ok: done.exitCode === 0 && !done.timedOut,
      out: done.stdout.trim(),
      all: lines.join('\n').trim(),
      missing: false,
    };
  } catch (error) {
    const absent = isInfractlError(error) && error.code.startsWith('CommandNot');
    if (absent) return { ok: false, out: '', all: error.message, missing: error.code === 'CommandNotFound' };
    throw error;
  }
}
