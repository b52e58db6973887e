import { type Clock, systemClock } from '../base/clock.ts';
import { isThrottling } from './errors.ts';
import type { AwsSession } from './session.ts';

/** Calls a second. AWS does not publish CloudFormation's limits; these are where the learning starts and ends. */
const START_RATE = 30;
const MIN_RATE = 0.5;
const MAX_RATE = 60;
const BURST = 30;
/** How much the rate grows in a second without throttling. */
const RECOVERY = 1;
/** Answers to calls that went out together are throttled together; they count once. */
const SAME_THROTTLE_MS = 500;

/**
 * A token bucket that learns: each throttled answer halves its rate, quiet time gives it back. One is
 * shared by all callers of an account and region, so that sixty pollers together stay under the limit.
 */
export class Pacer {
  readonly #clock: Clock;
  #rate = START_RATE;
  #tokens = BURST;
  #filledAt: number;
  #throttledAt = Number.NEGATIVE_INFINITY;
  /** The end of the queue: callers are served in the order in which they came. */
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#filledAt = clock.now();
  }

  /** Calls a second that are allowed now. */
  get rate(): number {
    this.#refill();
    return this.#rate;
  }

  /** Waits for a turn. */
  take(): Promise<void> {
    this.#refill();
    if (this.#tokens >= 1 && this.#waiting === 0) {
      this.#tokens -= 1;
      return Promise.resolve();
    }
    this.#waiting++;
    const turn = this.#queue.then(() => this.#wait());
    this.#queue = turn.catch(() => {});
    return turn;
  }

  async #wait(): Promise<void> {
    try {
      for (;;) {
        this.#refill();
        if (this.#tokens >= 1) break;
        await this.#clock.sleep(Math.ceil(((1 - this.#tokens) / this.#rate) * 1000));
      }
      this.#tokens -= 1;
    } finally {
      this.#waiting--;
    }
  }

  /** AWS said that it was too much. */
  throttled(): void {
    this.#refill();
    const now = this.#clock.now();
    if (now - this.#throttledAt < SAME_THROTTLE_MS) return;
    this.#throttledAt = now;
    this.#rate = Math.max(MIN_RATE, this.#rate / 2);
    this.#tokens = Math.min(this.#tokens, 0);
  }

  #refill(): void {
    const now = this.#clock.now();
    const seconds = Math.max(0, now - this.#filledAt) / 1000;
    this.#filledAt = now;
    this.#tokens = Math.min(BURST, this.#tokens + seconds * this.#rate);
    // A bucket that was never throttled stays where it started: there is nothing to recover from.
    if (this.#throttledAt !== Number.NEGATIVE_INFINITY)
      this.#rate = Math.min(MAX_RATE, this.#rate + seconds * RECOVERY);
  }
}

const pacers = new Map<string, Pacer>();

/** The one pacer of the session's account and region. */
export function pacerOf(session: AwsSession): Pacer {
  const key = [session.endpoint ?? '', session.profile ?? '', session.region].join('|');
  let pacer = pacers.get(key);
  if (!pacer) {
    pacer = new Pacer();
    pacers.set(key, pacer);
  }
  return pacer;
}

/** The little of an SDK client that pacing touches. */
interface Paceable {
  readonly middlewareStack: {
    addRelativeTo(
      // biome-ignore lint/suspicious/noExplicitAny: each client has input and output types of its own
      middleware: (next: (args: any) => Promise<any>) => (args: any) => Promise<any>,
      options: {
        readonly relation: 'after';
        readonly toMiddleware: 'retryMiddleware';
        readonly name: string;
        readonly override: boolean;
      },
    ): void;
  };
}

/**
 * Puts a client behind a pacer. It sits inside the SDK's retries, so that each attempt waits its turn and
 * each throttled attempt teaches the pacer, also those that the SDK hides.
 */
export function paced<C extends Paceable>(client: C, pacer: Pacer): C {
  client.middlewareStack.addRelativeTo(
    (next) => async (args) => {
      await pacer.take();
      try {
        return await next(args);
      } catch (error) {
        if (isThrottling(error)) pacer.throttled();
        throw error;
      }
    },
    { relation: 'after', toMiddleware: 'retryMiddleware', name: 'infractlPacing', override: true },
  );
  return client;
}
