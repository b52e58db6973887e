import { isTransient } from '../aws/errors.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import type { Followed } from './followed.ts';
import type { LogEvent, PeekPort } from './port.ts';
import { lookAt } from './turns.ts';

/** Groups that are looked at at the same time. */
const AT_ONCE = 3;
/** Whether one is due is looked at so often, in milliseconds. */
const TICK = 500;
/** A look goes so far back behind what is known, in milliseconds: agents deliver late. */
const REACH = 5000;
/** What CloudWatch Logs got longer ago is known by reading. */
const FRESH = 60_000;
/** A page that is smaller is taken for the last one: AWS tells the end only to those who ask once more. */
const SMALL_EVENTS = 500;
const SMALL_CHARACTERS = 65_536;
const MOST_PAGES = 5;

export interface PeekDeps {
  readonly port: PeekPort;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** AWS's clock. */
  readonly now: () => number;
  readonly groups: () => Iterable<Followed>;
  /** What a look showed that was not told before. */
  readonly hear: (one: Followed, events: readonly LogEvent[]) => void;
}

interface Shown {
  readonly stream: string;
  readonly events: readonly LogEvent[];
  /** On AWS's clock. */
  readonly sent: number;
  readonly whole: boolean;
}

/**
 * Looks at the newest events of groups whose turn to be read comes seldom: where AWS lets FilterLogEvents be called five
 * times a second, the turns of twenty groups are four seconds apart. GetLogEvents and DescribeLogStreams have limits of
 * their own. A look shows less than a reading: what it leaves out is read, and told then; where looking is not allowed,
 * or fails, it is as if there were none.
 */
export class Peeks {
  readonly #deps: PeekDeps;
  readonly #running = new Set<Promise<void>>();
  #over = false;

  constructor(deps: PeekDeps) {
    this.#deps = deps;
  }

  stop(): void {
    this.#over = true;
  }

  async run(): Promise<void> {
    const { clock, signal, now } = this.#deps;
    while (!this.#over && !signal?.aborted) {
      if (this.#running.size >= AT_ONCE) await Promise.race(this.#running);
      const next = this.#next();
      const wait = next ? next.at - now() : TICK;
      if (next && wait <= 0) this.#begin(next.one);
      else await clock.sleep(Math.max(1, Math.min(TICK, wait)), signal).catch(() => {});
    }
  }

  /** The group whose turn is next. */
  #next(): { readonly one: Followed; readonly at: number } | undefined {
    const { clock, now, groups } = this.#deps;
    let next: { readonly one: Followed; readonly at: number } | undefined;
    for (const one of groups()) {
      if (!one.read || one.missing || one.peeked.busy || one.isLive(clock.now())) continue;
      const at = lookAt(one.past(clock.now()), one.polled, one.every);
      if (at === undefined || (next && next.at <= at) || !one.peeked.can(now())) continue;
      next = { one, at };
    }
    return next;
  }

  #begin(one: Followed): void {
    const look = this.#look(one).finally(() => this.#running.delete(look));
    this.#running.add(look);
  }

  async #look(one: Followed): Promise<void> {
    const { peeked } = one;
    peeked.busy = true;
    try {
      await this.#show(one);
    } catch (error) {
      if (!this.#deps.signal?.aborted && !isTransient(error)) peeked.refused = true;
    } finally {
      peeked.busy = false;
    }
  }

  async #show(one: Followed): Promise<void> {
    const { port, clock, signal, now, hear } = this.#deps;
    const { group, peeked } = one;
    const from = one.past(clock.now()) - REACH;
    const show = (streams: readonly string[]) =>
      Promise.all(streams.map((stream) => this.#stream(one, stream, from)));
    const known = peeked.streams(now()) ?? [];
    const [listed, first] = await Promise.all([port.streams(group, signal), show(known)]);
    if (!listed) return;
    for (const { name, newest } of listed.streams) peeked.note(name, newest);
    const streams = peeked.streams(now());
    const second = await show((streams ?? []).filter((name) => !known.includes(name)));
    throwIfAborted(signal);
    const shown = [...first, ...second];
    const sent = Math.min(listed.sent, ...shown.map((part) => part.sent));
    if (streams && shown.every(({ whole }) => whole))
      peeked.saw({ from, sent, streams: shown.map(({ stream }) => stream) });
    const fresh = shown
      .flatMap(({ events }) => events)
      .filter(({ ingested }) => (ingested ?? 0) >= sent - FRESH);
    hear(one, one.takePeeked(fresh, clock.now()));
  }

  async #stream(one: Followed, stream: string, from: number): Promise<Shown> {
    const events: LogEvent[] = [];
    let sent = Number.POSITIVE_INFINITY;
    let token: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page = await this.#deps.port.events({ group: one.group, stream, from, token }, this.#deps.signal);
      if (!page) {
        one.peeked.drop(stream);
        return { stream, events: [], sent, whole: true };
      }
      events.push(...page.events);
      sent = Math.min(sent, page.sent);
      if (page.next === undefined || page.next === token || isSmall(page.events))
        return { stream, events, sent, whole: true };
      token = page.next;
    }
    return { stream, events, sent, whole: false };
  }
}

function isSmall(events: readonly LogEvent[]): boolean {
  return (
    events.length < SMALL_EVENTS &&
    events.reduce((sum, { message }) => sum + message.length, 0) < SMALL_CHARACTERS
  );
}
