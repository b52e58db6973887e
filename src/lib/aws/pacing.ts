import { type Clock, systemClock } from '../base/clock.ts';
import { isThrottling } from './errors.ts';
import type { AwsSession } from './session.ts';

/** How many calls an API takes. */
export interface Pace {
  /** Calls that may go out at once. */
  readonly burst: number;
  /** Calls a second to begin with. */
  readonly rate: number;
  /** Calls a second at most, after quiet time. */
  readonly most: number;
}

/** AWS does not publish CloudFormation's limits; these are where the learning starts and ends. */
const UNPUBLISHED: Pace = { burst: 30, rate: 30, most: 60 };
const MIN_RATE = 0.5;
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
  readonly #pace: Pace;
  #rate: number;
  #tokens: number;
  #filledAt: number;
  #throttledAt = Number.NEGATIVE_INFINITY;
  /** The end of the queue: callers are served in the order in which they came. */
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(clock: Clock = systemClock, pace: Pace = UNPUBLISHED) {
    this.#clock = clock;
    this.#pace = pace;
    this.#rate = pace.rate;
    this.#tokens = pace.burst;
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
    this.#tokens = Math.min(this.#pace.burst, this.#tokens + seconds * this.#rate);
    // A bucket that was never throttled stays where it started: there is nothing to recover from.
    if (this.#throttledAt !== Number.NEGATIVE_INFINITY)
      this.#rate = Math.min(this.#pace.most, this.#rate + seconds * RECOVERY);
  }
}

const pacers = new Map<string, Pacer>();

/**
 * The one pacer of the session's account and region.
 *
 * @param api an API whose limit is its own, as each of EC2's is: `ec2:StartInstances`
 */
export function pacerOf(session: AwsSession, api = '', pace?: Pace): Pacer {
  const key = [session.endpoint ?? '', session.profile ?? '', session.region, api].join('|');
  let pacer = pacers.get(key);
  if (!pacer) {
    pacer = new Pacer(systemClock, pace);
    pacers.set(key, pacer);
  }
  return pacer;
}

/** The little of an SDK client that pacing touches. */
interface Paceable {
  readonly middlewareStack: {
    addRelativeTo(
      // biome-ignore lint/suspicious/noExplicitAny: each client has input and output types of its own
      middleware: (next: (args: any) => Promise<any>, context: any) => (args: any) => Promise<any>,
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
 *
 * @param pacers one for all, or the one of an API: `StartInstances`
 */
export function paced<C extends Paceable>(client: C, pacers: Pacer | ((api: string) => Pacer)): C {
  client.middlewareStack.addRelativeTo(
    (next, context: { readonly commandName?: string }) => async (args) => {
      const api = context.commandName?.replace(/Command$/, '') ?? '';
      const pacer = typeof pacers === 'function' ? pacers(api) : pacers;
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
