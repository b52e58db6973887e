import type { ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** Something that runs beside a test: a command, a terminal, a program of the machine. */
export interface Running {
  /** Settles when it has ended, however. */
  readonly ended: Promise<unknown>;
  /** Everything that it has printed so far. */
  output(): string;
}

/** A child process of a test: its exit code, and what comes out of its pipes. */
export function running(child: ChildProcess): Running & { readonly ended: Promise<number | null> } {
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', (error) => {
      printed += error.message;
      resolve(null);
    });
  });
  return { ended, output: () => printed };
}

type Truthy<T> = Exclude<T, false | '' | 0 | null | undefined>;

/** Milliseconds. A test waits for what will happen: this is how late is never, on the slowest machine. */
const PATIENCE = 60_000;
const BETWEEN_LOOKS = 10;

/**
 * Looks at a condition until it holds, and gives what it then is. For values that are to be compared,
 * `expect.poll` does the same, and shows the difference.
 *
 * @param by who brings it about: when that ends first, nothing more is waited for
 * @throws with what `by` printed
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  by?: Running,
  patience = PATIENCE,
): Promise<Truthy<T>> {
  let over = false;
  const end = () => {
    over = true;
  };
  by?.ended.then(end, end);
  const deadline = performance.now() + patience;
  while (true) {
    // Looked at before the condition: what it did last has happened before its end.
    const last = over ? 'it has ended' : performance.now() > deadline ? `not in ${patience / 1000} s` : '';
    const found = await condition();
    if (found) return found as Truthy<T>;
    if (last) throw new Error(`${last}: ${condition}${by ? `\n--- it printed:\n${by.output()}` : ''}`);
    await pause(BETWEEN_LOOKS);
  }
}
