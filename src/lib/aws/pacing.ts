import { type Clock, systemClock, throwIfAborted } from '../base/clock.ts';
import { type Attempting, aroundAttempts } from './attempts.ts';
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
  /** The rates that AWS publishes for one region or the other, the lowest first: one of them is the limit here. */
  readonly published?: readonly number[];
}

/** Where the learning starts and ends for limits that AWS does not publish. */
const UNPUBLISHED: Pace = { burst: 30, rate: 30, most: 60 };
/** Sixty stacks at once are to begin within a second; where that is too much, the first answers say so. */
const CLOUDFORMATION: Pace = { burst: 60, rate: 60, most: 60 };
const MIN_RATE = 0.5;
/** How much the rate grows in a second without throttling. */
const RECOVERY = 1;
/**
 * After so many milliseconds a rate that was refused is tried again: soon where others may have taken their share of
 * it, each time twice as late; late where it is more than most regions allow.
 */
const FIRST_PATIENCE = 30_000;
const LONGEST_PATIENCE = 600_000;
/** Answers to calls that went out together are throttled together; they count once. */
const SAME_THROTTLE_MS = 500;

/**
 * A token bucket that learns: each throttled answer halves its rate, or takes it down to the next that AWS publishes;
 * quiet time gives it back. One is shared by all callers of an account and region, so that sixty pollers together
 * stay under the limit.
 */
export class Pacer {
  readonly #clock: Clock;
  readonly #pace: Pace;
  #rate: number;
  #tokens: number;
  #filledAt: number;
  #throttledAt = Number.NEGATIVE_INFINITY;
  /** The rate that is kept to for a while. */
  #limit: number;
  #limitedUntil = Number.NEGATIVE_INFINITY;
  #patience = FIRST_PATIENCE;
  /** Each is served in the order in which it came; the patient ones after the others. */
  readonly #urgent: (() => void)[] = [];
  readonly #patient: (() => void)[] = [];
  #serving = false;
  /** Ends the sleep until the next turn once nobody waits for one. */
  #nap = new AbortController();
  #turns = 0;

  constructor(clock: Clock = systemClock, pace: Pace = UNPUBLISHED) {
    this.#clock = clock;
    this.#pace = pace;
    this.#rate = pace.rate;
    this.#limit = pace.most;
    this.#tokens = pace.burst;
    this.#filledAt = clock.now();
  }

  /** Calls a second that are allowed now. */
  get rate(): number {
    this.#refill();
    return this.#rate;
  }

  /**
   * Waits for a turn.
   *
   * @param patient gives way to the others: a question that was asked before and is asked again
   * @param signal when it is aborted, whoever waits leaves at once and takes no turn from the others
   * @throws Interrupted, or what the signal was aborted with
   */
  async take(patient = false, signal?: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    this.#refill();
    if (this.#tokens >= 1 && this.#waiting === 0) {
      this.#tokens -= 1;
      return;
    }
    const queue = patient ? this.#patient : this.#urgent;
    await new Promise<void>((resolve) => {
      const leave = () => {
        queue.splice(queue.indexOf(turn), 1);
        if (this.#waiting === 0) this.#nap.abort();
        resolve();
      };
      const turn = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      signal?.addEventListener('abort', leave, { once: true });
      queue.push(turn);
      if (!this.#serving) void this.#serve();
    });
    throwIfAborted(signal);
  }

  get #waiting(): number {
    return this.#urgent.length + this.#patient.length;
  }

  async #serve(): Promise<void> {
    this.#serving = true;
    while (this.#waiting > 0) {
      this.#refill();
      if (this.#tokens < 1) {
        this.#nap = new AbortController();
        const next = Math.ceil(((1 - this.#tokens) / this.#rate) * 1000);
        await this.#clock.sleep(next, this.#nap.signal).catch(() => {});
        continue;
      }
      this.#tokens -= 1;
      this.#next()?.();
    }
    this.#serving = false;
  }

  /** However many are urgent, every fourth turn is for one that is patient. */
  #next(): (() => void) | undefined {
    const fair = ++this.#turns % 4 === 0;
    const [first, second] = fair ? [this.#patient, this.#urgent] : [this.#urgent, this.#patient];
    return first.shift() ?? second.shift();
  }

  /** Takes over what another pacer of the same account has learned: the lower rate counts. */
  heed(other: Pacer): void {
    this.#rate = Math.min(this.rate, other.rate);
    this.#tokens = Math.min(this.#tokens, other.#tokens);
    this.#throttledAt = Math.max(this.#throttledAt, other.#throttledAt);
    this.#limit = Math.min(this.#limit, other.#limit);
    this.#limitedUntil = Math.max(this.#limitedUntil, other.#limitedUntil);
  }

  /** AWS said that it was too much. */
  throttled(): void {
    this.#refill();
    const now = this.#clock.now();
    if (now - this.#throttledAt < SAME_THROTTLE_MS) return;
    this.#throttledAt = now;
    const published = this.#pace.published?.findLast((rate) => rate < this.#rate);
    if (published !== undefined) this.#keepTo(published, now);
    this.#rate = published ?? Math.max(MIN_RATE, this.#rate / 2);
    // At the very rate that AWS allows, its bucket would stay empty, and refuse what comes a moment early.
    this.#tokens = Math.min(this.#tokens, published === undefined ? 0 : -2);
  }

  #keepTo(rate: number, now: number): void {
    this.#limit = rate;
    this.#limitedUntil = now + (rate < this.#pace.rate ? this.#patience : LONGEST_PATIENCE);
    if (rate < this.#pace.rate) this.#patience = Math.min(LONGEST_PATIENCE, this.#patience * 2);
  }

  #refill(): void {
    const now = this.#clock.now();
    const seconds = Math.max(0, now - this.#filledAt) / 1000;
    this.#filledAt = now;
    this.#tokens = Math.min(this.#pace.burst, this.#tokens + seconds * this.#rate);
    const most = now < this.#limitedUntil ? this.#limit : this.#pace.most;
    this.#rate = Math.min(most, this.#rate + seconds * RECOVERY);
  }
}

/** Whose request goes out, as far as its credentials tell. */
export interface Caller {
  readonly accessKeyId?: string | undefined;
  /** Only some kinds of credentials know it. */
  readonly accountId?: string | undefined;
}

type Place = Pick<AwsSession, 'endpoint' | 'region' | 'pacers'>;

/**
 * The pacers of this process: one for each account, region and API, whatever profile leads there. Until the
 * account is known, the access key stands for it, so that no call has to be made to find out; then what was
 * learned under the key goes over to the account.
 */
export class Pacers {
  readonly #clock: Clock;
  readonly #pacers = new Map<string, Map<string, Pacer>>();
  readonly #accounts = new Map<string, string>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** @param api whose limit is its own: a service, or one API of it, as each of EC2's */
  of({ endpoint, region }: Place, api: string, caller: Caller, pace?: Pace): Pacer {
    const owner = this.#ownerOf(caller);
    const mine = this.#pacers.get(owner) ?? new Map<string, Pacer>();
    this.#pacers.set(owner, mine);
    const key = [endpoint ?? '', region, api].join('|');
    const pacer = mine.get(key) ?? new Pacer(this.#clock, pace);
    mine.set(key, pacer);
    return pacer;
  }

  /** Whose access key it is. */
  learn(accessKeyId: string, accountId: string): void {
    const before = this.#ownerOf({ accessKeyId });
    this.#accounts.set(accessKeyId, accountId);
    const after = this.#ownerOf({ accessKeyId });
    const moved = this.#pacers.get(before);
    if (before === after || !moved) return;
    this.#pacers.delete(before);
    const there = this.#pacers.get(after) ?? new Map<string, Pacer>();
    this.#pacers.set(after, there);
    for (const [key, pacer] of moved) {
      const other = there.get(key);
      if (other) other.heed(pacer);
      else there.set(key, pacer);
    }
  }

  #ownerOf({ accessKeyId, accountId }: Caller): string {
    const account = accountId ?? (accessKeyId && this.#accounts.get(accessKeyId));
    return account ? `account ${account}` : `key ${accessKeyId ?? ''}`;
  }
}

/** Those that every session shares. */
export const pacers = new Pacers();

/** A pacer, or how to find the one of a request: its API is `StartInstances`. */
export type Pacing = Pacer | ((api: string, caller: Caller) => Pacer);

/** The pacer of the session's account and region for a service, or for an API of it: `ec2:StartInstances`. */
export function pacingOf(session: Place, service: string): Pacing {
  return (_api, caller) => (session.pacers ?? pacers).of(session, service, caller);
}

/**
 * The pacers of CloudFormation: a bucket for each of its APIs. What AWS throttles is an API, such as
 * DescribeStackEvents; those that look must not hold up those that begin.
 */
export function cloudFormationPacing(session: Place): Pacing {
  return (api, caller) =>
    (session.pacers ?? pacers).of(session, `cloudformation:${api}`, caller, CLOUDFORMATION);
}

/** The same at a pace that is known; another clock than the system's brings a pacer of its own. */
export function clockedPacing(session: Place, clock: Clock, service: string, pace: Pace): Pacing {
  if (clock !== systemClock) return new Pacer(clock, pace);
  return (_api, caller) => (session.pacers ?? pacers).of(session, service, caller, pace);
}

/**
 * Puts a client behind a pacer. It sits inside the SDK's retries, so that each attempt waits its turn and
 * each throttled attempt teaches the pacer, also those that the SDK hides.
 *
 * @param pacing one pacer for all, or how to find that of a request
 */
export function paced<C extends Attempting>(client: C, pacing: Pacing): C {
  return aroundAttempts(client, 'infractlPacing', (next, context: RequestContext) => async (args) => {
    const pacer = typeof pacing === 'function' ? pacing(apiOf(context), callerOf(context)) : pacing;
    const { abortSignal } = context.__smithy_context ?? {};
    await pacer.take(isRepeated(pacer, context, args.input), abortSignal);
    try {
      return await next(args);
    } catch (error) {
      if (isThrottling(error)) pacer.throttled();
      throw error;
    }
  });
}

/** More questions than that are not remembered at once. */
const MOST_REMEMBERED = 2000;
const asked = new WeakMap<Pacer, Set<string>>();

/** Whether a question was asked before: those who poll give way to those who begin. */
function isRepeated(pacer: Pacer, context: RequestContext, input: unknown): boolean {
  const api = apiOf(context);
  if (!api.startsWith('Describe')) return false;
  const question = `${api} ${JSON.stringify(input)}`;
  const known = asked.get(pacer) ?? new Set();
  asked.set(pacer, known);
  if (known.has(question)) return true;
  if (known.size >= MOST_REMEMBERED) known.clear();
  known.add(question);
  return false;
}

/** What the SDK has written down of a request by the time when it is tried. */
interface RequestContext {
  readonly commandName?: string;
  readonly __smithy_context?: {
    readonly selectedHttpAuthScheme?: { readonly identity?: Caller };
    /** That of `send`, where it got one. */
    readonly abortSignal?: AbortSignal;
  };
}

function apiOf({ commandName }: RequestContext): string {
  return commandName?.replace(/Command$/, '') ?? '';
}

function callerOf(context: RequestContext): Caller {
  return context.__smithy_context?.selectedHttpAuthScheme?.identity ?? {};
}
