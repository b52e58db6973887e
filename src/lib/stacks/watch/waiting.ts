import { isTransient } from '../../aws/errors.ts';
import { type Clock, throwIfAborted } from '../../base/clock.ts';
import { isInfractlError } from '../../base/errors.ts';

/** How often to ask, in milliseconds. */
const FAST = 250;
/** With the stack itself looked at once in ten seconds, that is one call a second. */
const SLOW = 1120;
/** The share of the quiet time that an answer may be late. */
const LATE = 0.03;
/** How long a sandbox that refuses connections may be away: nothing but a restart brings it back. */
const SANDBOX_PATIENCE_MS = 10_000;

export interface Patience {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** When to give up, in milliseconds of the clock. */
  readonly deadline: number;
  /** Told once when AWS stops answering, and once when it answers again. */
  readonly onTrouble?: (lost: boolean) => void;
}

/**
 * The pause before the next look: short while things happen or the end is near, longer the longer nothing
 * happened, at most 1.12 s.
 *
 * @param quiet milliseconds since the last event
 * @param busy whether a resource is still being worked on; when none is, the stack's own end is due
 */
export function pollDelay(quiet: number, busy: boolean): number {
  return Math.min(Math.max(FAST, quiet * LATE), busy ? SLOW : SLOW / 2);
}

/**
 * The pause before the next look at what AWS works out in a moment or in some seconds, such as a change set:
 * short at first, then a share of the time that it took so far. In milliseconds.
 *
 * @param waited milliseconds so far
 */
export function lookDelay(waited: number): number {
  return Math.min(Math.max(50, waited / 2), 1000);
}

/**
 * Makes a call again and again while the failure says nothing of the request (throttling, a cut
 * connection, a 5xx), until the deadline: the operation in AWS goes on whether or not we can look at it.
 */
export async function persist<T>(patience: Patience, send: () => Promise<T>): Promise<T> {
  const { clock, signal, deadline, onTrouble } = patience;
  const began = clock.now();
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await abortable(send(), signal);
      if (attempt > 0) onTrouble?.(false);
      return answer;
    } catch (error) {
      throwIfAborted(signal);
      const sandboxGone =
        isInfractlError(error) &&
        error.code === 'SandboxNotRunning' &&
        clock.now() - began > SANDBOX_PATIENCE_MS;
      if (!isTransient(error) || sandboxGone || clock.now() >= deadline) throw error;
      if (attempt === 0) onTrouble?.(true);
      await clock.sleep(Math.min(500 * 2 ** Math.min(attempt, 4), 5000), signal);
    }
  }
}

/** Rejects at once when the signal is aborted, whatever the promise does. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const stop = () => {
      try {
        throwIfAborted(signal);
      } catch (error) {
        reject(error);
      }
    };
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
