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
export async function untilAnswered<T>(deps: RetryDeps, send: () => Promise<T>): Promise<T> {
  throwIfAborted(deps.signal);
  return again(deps, send, triesOfAny);
}

/**
 * Sends a request until it is not throttled any more. A throttled one was not carried out: any may be sent
 * twice. It is sent also by who was interrupted, to see or to take back; what is cut short is the waiting.
 */
export function whenNotThrottled<T>(deps: RetryDeps, send: () => Promise<T>): Promise<T> {
  return again(deps, send, (error) => (isThrottling(error) ? THROTTLED_TRIES : 0));
}

async function again<T>(
  { clock, signal }: RetryDeps,
  send: () => Promise<T>,
  triesFor: (error: unknown) => number,
): Promise<T> {
  for (let tries = 1, pause = FIRST_PAUSE; ; tries++, pause = Math.min(pause * 1.7, LONGEST_PAUSE)) {
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

type Calls<P> = { [K in keyof P]: P[K] extends (...args: never[]) => Promise<unknown> ? K : never }[keyof P];

/**
 * The same port; its calls outlast throttling.
 *
 * @param polled calls that are made again anyway, by somebody who keeps a deadline
 * @param undoing calls that take back what an interrupted run has made: no interruption ends their waiting
 */
export function outlastThrottling<P extends object>(
  port: P,
  deps: RetryDeps,
  polled: readonly Calls<P>[],
  undoing: readonly Calls<P>[],
): P {
  return new Proxy(port, {
    get(target, name) {
      const own = Reflect.get(target, name);
      if (typeof own !== 'function' || (polled as readonly PropertyKey[]).includes(name)) return own;
      const patience = (undoing as readonly PropertyKey[]).includes(name) ? { clock: deps.clock } : deps;
      return (...args: unknown[]) => whenNotThrottled(patience, () => own.apply(target, args));
    },
  });
}

function triesOfAny(error: unknown): number {
  // A lack of capacity comes as a 5xx, and does not pass within seconds.
  if (/Capacity/.test(underneath(error).name)) return 0;
  return isThrottling(error) ? THROTTLED_TRIES : isTransient(error) ? TRANSIENT_TRIES : 0;
}
