import { isThrottling, isTransient } from '../aws/errors.ts';
import type { Clock } from '../base/clock.ts';
import { type InfractlError, isInfractlError } from '../base/errors.ts';
import type { LiveTailPort, LiveUpdate } from './port.ts';

/** As many groups as one session takes. */
const GROUPS = 10;
/** Milliseconds until a session that broke off is begun again, and at most. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 60_000;

export type LiveNews =
  /** So many sessions run by now; each is paid for by the minute. */
  | { readonly type: 'live'; readonly groups: number; readonly sessions: number }
  /** More than Live Tail sends: it leaves some out, which are read. */
  | { readonly type: 'sampled' }
  /** It sends all again. */
  | { readonly type: 'whole' }
  /** AWS ended a session after its three hours; the next one begins. */
  | { readonly type: 'renewed' }
  /** Live Tail cannot be had of these; they are read as without it. `again`: it is asked for now and then. */
  | {
      readonly type: 'unlive';
      readonly groups: readonly string[];
      readonly error: InfractlError;
      readonly again: boolean;
    };

export interface LiveDeps {
  readonly port: LiveTailPort;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Each update, as it comes. */
  readonly hear: (groups: readonly string[], update: LiveUpdate) => void;
  /** From now on nothing is heard of these. */
  readonly cut: (groups: readonly string[]) => void;
  readonly tell: (news: LiveNews) => void;
}

/** The sessions of Live Tail for groups that exist: ten groups each, begun again whenever they end. */
export class LiveTails {
  readonly #deps: LiveDeps;
  readonly #pattern: string | undefined;
  readonly #sampled = new Set<readonly string[]>();
  readonly #open = new Set<readonly string[]>();

  constructor(deps: LiveDeps, pattern: string | undefined) {
    this.#deps = deps;
    this.#pattern = pattern;
  }

  start(groups: readonly string[]): void {
    for (let at = 0; at < groups.length; at += GROUPS) void this.#follow(groups.slice(at, at + GROUPS));
  }

  async #follow(groups: readonly string[]): Promise<void> {
    const { clock, signal, cut, tell } = this.#deps;
    let pause = FIRST_PAUSE;
    let refused: string | undefined;
    while (!signal?.aborted) {
      try {
        await this.#session(groups, () => {
          pause = FIRST_PAUSE;
          refused = undefined;
        });
        // AWS ended it in time; the next one is not waited for.
        tell({ type: 'renewed' });
        continue;
      } catch (error) {
        if (signal?.aborted) return;
        if (!isInfractlError(error)) throw error;
        const again = isTransient(error) || isOfAll(error);
        if (!again && groups.length > 1) return this.#divided(groups);
        if ((!again || isOfAll(error)) && refused !== error.code)
          tell({ type: 'unlive', groups, error, again });
        refused = error.code;
        if (!again) return;
        if (isOfAll(error) || isThrottling(error)) pause = LONGEST_PAUSE;
      } finally {
        this.#closed(groups);
        cut(groups);
      }
      await clock.sleep(pause, signal).catch(() => {});
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  }

  /** One group that Live Tail cannot follow, as one of infrequent access, must not take nine others with it. */
  #divided(groups: readonly string[]): void {
    const half = Math.ceil(groups.length / 2);
    void this.#follow(groups.slice(0, half));
    void this.#follow(groups.slice(half));
  }

  async #session(groups: readonly string[], onOpen: () => void): Promise<void> {
    const { port, signal, hear, tell } = this.#deps;
    for await (const update of port.session(groups, this.#pattern, signal)) {
      if (!this.#open.has(groups)) {
        this.#open.add(groups);
        onOpen();
        const count = [...this.#open].reduce((sum, one) => sum + one.length, 0);
        tell({ type: 'live', groups: count, sessions: this.#open.size });
      }
      this.#sample(groups, update.sampled);
      hear(groups, update);
    }
  }

  #sample(groups: readonly string[], sampled: boolean): void {
    const before = this.#sampled.size;
    if (sampled) this.#sampled.add(groups);
    else this.#sampled.delete(groups);
    if (before === 0 && this.#sampled.size > 0) this.#deps.tell({ type: 'sampled' });
    if (before > 0 && this.#sampled.size === 0) this.#deps.tell({ type: 'whole' });
  }

  #closed(groups: readonly string[]): void {
    this.#open.delete(groups);
    this.#sampled.delete(groups);
  }
}

/** As many sessions as the account may have: others may end theirs. */
function isOfAll({ code }: InfractlError): boolean {
  return code === 'LimitExceededException';
}
