import { type Clock, throwIfAborted } from '../base/clock.ts';
import { isThrottling, isTransient, underneath } from './errors.ts';

/** Milliseconds. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
/** Throttling ends; half a minute without an answer is a network that is gone. */
const THROTTLED_TRIES = 30;
const TRANSIENT_TRIES = 6;

export interface RetryDeps {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a request until it is answered for what it asks: after the SDK's own tries, throttling is waited out
 * and cut connections are tried again. Only for requests that may be sent twice.
 */
export async function untilAnswered<T>({ clock, signal }: RetryDeps, send: () => Promise<T>): Promise<T> {
  for (let tries = 1, pause = FIRST_PAUSE; ; tries++, pause = Math.min(pause * 1.7, LONGEST_PAUSE)) {
    throwIfAborted(signal);
    try {
      return await send();
    } catch (error) {
      const most = triesFor(error);
      if (tries >= most) throw error;
      // Spread, so that what was refused together does not come back together.
      await clock.sleep(pause * (0.7 + 0.6 * Math.random()), signal);
    }
  }
}

function triesFor(error: unknown): number {
  // A lack of capacity comes as a 5xx, and does not pass within seconds.
  if (/Capacity/.test(underneath(error).name)) return 0;
  return isThrottling(error) ? THROTTLED_TRIES : isTransient(error) ? TRANSIENT_TRIES : 0;
}
