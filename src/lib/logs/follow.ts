import { isThrottling, isTransient } from '../aws/errors.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { type InfractlError, isInfractlError } from '../base/errors.ts';
import { FOLLOW_REACH, Followed } from './followed.ts';
import { Hold } from './hold.ts';
import { type LiveNews, LiveTails } from './live.ts';
import { Peeks } from './peeks.ts';
import type { LiveTailPort, LiveUpdate, LogEvent, LogPage, LogsPort, PageQuery, PeekPort } from './port.ts';
import { Rounds } from './rounds.ts';
import { readNext } from './turns.ts';

export interface FollowDeps {
  readonly port: Pick<LogsPort, 'page' | 'now'>;
  /** Given, what Live Tail sends is told at once, and reading fills in what it leaves out. */
  readonly liveTail?: LiveTailPort | undefined;
  /** Given, groups whose turn to be read comes seldom are looked at in between; not where there is a pattern. */
  readonly peek?: PeekPort | undefined;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly tell: (news: FollowNews) => void;
}

export type FollowNews =
  /** Events in the order of time; `late` ones came after later ones had been told. */
  | { readonly type: 'events'; readonly events: readonly LogEvent[]; readonly late: boolean }
  /** CloudWatch Logs has not answered since then; nothing is lost while it is so. */
  | { readonly type: 'silent'; readonly since: number; readonly error: unknown }
  /** It answers again; all since then is read. */
  | { readonly type: 'back'; readonly since: number }
  /** Each group is looked at so seldom, in milliseconds: what AWS allows a second is shared. */
  | { readonly type: 'slow'; readonly round: number; readonly why: SlowWhy; readonly live: boolean }
  /** All are looked at often again. */
  | { readonly type: 'prompt' }
  /** A group can no longer be read, or never could. The others go on. */
  | { readonly type: 'lost'; readonly group: string; readonly error: InfractlError }
  | { readonly type: 'missing'; readonly group: string }
  | { readonly type: 'found'; readonly group: string }
  | LiveNews;

/** What keeps groups from being looked at between two readings: nothing shows what matches a pattern. */
export type SlowWhy = 'rate' | 'pattern' | 'denied' | 'streams';

export interface FollowQuery {
  readonly groups: readonly string[];
  /** Milliseconds since 1970: events from then on. */
  readonly from: number;
  readonly pattern?: string | undefined;
  /**
   * Sources that tell by themselves, such as the journal of a host: handed where to put their events, each in
   * its own order of time; they end when the signal is aborted.
   */
  readonly live?: readonly LiveSource[] | undefined;
  /** Asked now and then for the groups there are by now. */
  readonly more?: (() => Promise<readonly string[]>) | undefined;
}

export interface LiveSource {
  readonly group: string;
  readonly run: (put: (event: LogEvent) => void) => Promise<void>;
}

/** What a poll brought. */
interface Read {
  readonly fresh: readonly LogEvent[];
  /** When its first page was asked for, on AWS's clock. */
  readonly sent: number | undefined;
}

/** Whether a group is due is looked at so often. */
const TICK = 1000;
/** Groups that are asked at the same time; the pacer below decides how often. */
const AT_ONCE = 4;
const MORE_EVERY = 30_000;
/** After so long without an answer it is said. */
const SILENCE = 10_000;

/**
 * Follows groups until the signal is aborted, or until none of them can be read. Complete: every poll reads
 * an overlap again, events are told once by their id, a poll that fails is made again from where the
 * last whole one began. In order: an event waits until every group was read a second or two past it.
 *
 * @throws the error of the first group when no group is left
 */
export async function followGroups(deps: FollowDeps, query: FollowQuery): Promise<void> {
  await new Follower(deps, query).run();
}

class Follower {
  readonly #deps: FollowDeps;
  readonly #query: FollowQuery;
  readonly #groups = new Map<string, Followed>();
  /** Read, and not yet told. */
  #held: LogEvent[] = [];
  readonly #hold = new Hold();
  /** The time of the latest event told. */
  #told = Number.NEGATIVE_INFINITY;
  #answered: number;
  #silent: number | undefined;
  readonly #rounds = new Rounds();
  /** When an answer failed to come for another reason than the rate. */
  #cut = Number.NEGATIVE_INFINITY;
  #failure: unknown;
  #wake: () => void = () => {};
  #live: number;
  readonly #tails: LiveTails | undefined;
  readonly #peeks: Peeks | undefined;

  constructor(deps: FollowDeps, query: FollowQuery) {
    this.#deps = deps;
    this.#query = query;
    this.#answered = deps.clock.now();
    this.#live = query.live?.length ?? 0;
    const { port, liveTail, peek, clock, signal, tell } = deps;
    if (liveTail)
      this.#tails = new LiveTails(
        {
          port: liveTail,
          clock,
          signal,
          tell,
          hear: (groups, update) => this.#hear(groups, update),
          cut: (groups) => this.#unhear(groups),
        },
        query.pattern,
      );
    if (peek && query.pattern === undefined)
      this.#peeks = new Peeks({
        port: peek,
        clock,
        signal,
        now: () => port.now(),
        groups: () => this.#groups.values(),
        hear: (one, events) => this.#peeked(one, events),
      });
    for (const group of query.groups) this.#add(group, query.from);
  }

  #add(group: string, from: number): void {
    const matched = (this.#tails ?? this.#peeks) !== undefined;
    this.#groups.set(group, new Followed(group, from, this.#deps.clock.now(), matched));
  }

  async run(): Promise<void> {
    void this.#peeks?.run();
    try {
      await this.#poll();
    } finally {
      this.#peeks?.stop();
    }
  }

  async #poll(): Promise<void> {
    const { clock, signal } = this.#deps;
    let running = 0;
    let looked = clock.now();
    for (const source of this.#query.live ?? []) void this.#listen(source);
    for (;;) {
      throwIfAborted(signal);
      if (this.#groups.size === 0 && this.#live === 0) throw this.#failure;
      if (this.#groups.size === 0) this.#flush();
      if (this.#query.more && clock.now() - looked >= MORE_EVERY) {
        looked = clock.now();
        await this.#look();
      }
      const due = this.#due();
      const now = clock.now();
      if (due && running < AT_ONCE && due.due(now) <= now) {
        running++;
        due.busy = true;
        due.asked = now;
        void this.#ask(due).finally(() => {
          running--;
          due.busy = false;
          this.#wake();
        });
        continue;
      }
      const wait = due && running < AT_ONCE ? due.due(now) - now : TICK;
      await this.#pause(Math.max(1, Math.min(TICK, wait)));
    }
  }

  async #listen({ group, run }: LiveSource): Promise<void> {
    try {
      await run((event) => this.#keep([event]));
    } catch (error) {
      if (this.#deps.signal?.aborted) return;
      this.#failure ??= error;
      if (isInfractlError(error)) this.#deps.tell({ type: 'lost', group, error });
    }
    this.#live--;
    this.#flush();
  }

  /** The group whose turn is next. */
  #due(): Followed | undefined {
    const { clock, port } = this.#deps;
    const aws = port.now();
    const canLook = ({ peeked }: Followed) => this.#peeks !== undefined && peeked.can(aws);
    return readNext(this.#groups.values(), clock.now(), canLook);
  }

  /** Of groups that are there, once all were read: one that is not there would take nine others with it. */
  #enliven(): void {
    const groups = [...this.#groups.values()];
    if (!this.#tails || groups.some(({ read }) => !read)) return;
    const fresh = groups.filter(({ live, missing }) => !live && !missing);
    for (const one of fresh) one.live = true;
    this.#tails.start(fresh.map(({ group }) => group));
  }

  #hear(groups: readonly string[], { events, sampled }: LiveUpdate): void {
    const { clock, port } = this.#deps;
    const now = clock.now();
    for (const event of events) {
      const one = this.#groups.get(event.group);
      if (one && event.at >= this.#query.from && one.takeLive(event, now)) this.#keep([event]);
    }
    for (const group of groups) this.#groups.get(group)?.hear(port.now(), now, sampled);
    this.#flush();
    this.#wake();
  }

  #peeked(one: Followed, events: readonly LogEvent[]): void {
    this.#keep(events.filter(({ at }) => at >= this.#query.from));
    this.#notice(one);
    this.#flush();
  }

  #unhear(groups: readonly string[]): void {
    for (const group of groups) this.#groups.get(group)?.cut();
    this.#wake();
  }

  /** Until something was read, or the time is over. */
  async #pause(ms: number): Promise<void> {
    const over = new AbortController();
    const { signal } = this.#deps;
    const stop = () => over.abort();
    signal?.addEventListener('abort', stop, { once: true });
    this.#wake = stop;
    await this.#deps.clock.sleep(ms, over.signal).catch(() => {});
    signal?.removeEventListener('abort', stop);
    this.#wake = () => {};
  }

  async #ask(one: Followed): Promise<void> {
    const { port, clock, signal, tell } = this.#deps;
    const began = port.now();
    const { deep, from } = one.reach(clock.now());
    try {
      const read = await this.#read(one, Math.max(this.#query.from, from));
      if (read === undefined) {
        if (!one.missing) tell({ type: 'missing', group: one.group });
        one.missing = true;
      } else {
        if (one.missing) tell({ type: 'found', group: one.group });
        one.missing = false;
        this.#keep(read.fresh);
      }
      one.poll(read?.sent ?? began);
      if (deep) one.deep = clock.now();
      one.forget(clock.now());
      this.#notice(one);
      this.#flush();
      this.#enliven();
    } catch (error) {
      if (signal?.aborted) return;
      this.#lose(one, error);
    }
  }

  /** All pages; undefined when there is no such group. Nothing counts as seen before the last page is there. */
  async #read(one: Followed, from: number): Promise<Read | undefined> {
    const fresh: LogEvent[] = [];
    let token: string | undefined;
    let sent: number | undefined;
    do {
      const page = await this.#page({ group: one.group, from, pattern: this.#query.pattern, token });
      if (!page) return undefined;
      sent ??= page.sent;
      for (const events of page.batches)
        for (const event of events) if (!one.isSeen(event)) fresh.push(event);
      token = page.next;
    } while (token);
    return { fresh: one.take(fresh, this.#deps.clock.now()), sent };
  }

  /**
   * A page is asked for until it comes: a poll that began again for each answer that is cut or throttled would
   * never come to the end of many pages.
   */
  async #page(query: PageQuery): Promise<LogPage | undefined> {
    const { port, clock, signal } = this.#deps;
    for (let attempt = 0; ; attempt++) {
      try {
        const page = await port.page(query, signal);
        this.#heard(clock.now());
        return page;
      } catch (error) {
        if (signal?.aborted || !isTransient(error)) throw error;
        this.#missed(error);
        // What was throttled waits for its turn anyway.
        if (!isThrottling(error)) await clock.sleep(Math.min(250 * 2 ** attempt, 5000), signal);
      }
    }
  }

  #keep(events: readonly LogEvent[]): void {
    const now = this.#deps.clock.now();
    for (const event of events) {
      this.#held.push(event);
      this.#hold.note(event, now);
    }
  }

  /** Tells what every group has been read past. */
  #flush(): void {
    const now = this.#deps.clock.now();
    const aws = this.#deps.port.now();
    const past = [...this.#groups.values()].map((one) => one.past(now));
    if (past.length === 0 && this.#live > 0) past.push(aws);
    if (this.#held.length === 0) return;
    const known = Math.min(...past);
    const round = Math.max(this.#rounds.longest(now), aws - known);
    const until = this.#hold.until(this.#held, known, round, now);
    const ready = this.#held.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
    if (ready.length === 0) return;
    this.#held = this.#held.filter(({ at }) => at > until);
    const told = this.#told;
    const late = ready.filter(({ at }) => at < told);
    const events = late.length === 0 ? ready : ready.filter(({ at }) => at >= told);
    if (late.length > 0) this.#deps.tell({ type: 'events', events: late, late: true });
    if (events.length > 0) this.#deps.tell({ type: 'events', events, late: false });
    this.#told = Math.max(told, (ready.at(-1) as LogEvent).at);
  }

  #heard(now: number): void {
    this.#answered = now;
    if (this.#silent === undefined) return;
    this.#deps.tell({ type: 'back', since: this.#silent });
    this.#silent = undefined;
  }

  #missed(error: unknown): void {
    if (!isThrottling(error)) this.#cut = this.#deps.clock.now();
    if (this.#silent !== undefined || this.#deps.clock.now() - this.#answered < SILENCE) return;
    this.#silent = this.#answered;
    this.#deps.tell({ type: 'silent', since: this.#silent, error });
  }

  #lose(one: Followed, error: unknown): void {
    this.#failure ??= error;
    this.#groups.delete(one.group);
    this.#flush();
    if (isInfractlError(error)) this.#deps.tell({ type: 'lost', group: one.group, error });
  }

  #notice(one: Followed): void {
    const { clock, port, tell } = this.#deps;
    const now = clock.now();
    const waited = one.waited(port.now(), now);
    // A wait that a lost connection made longer says nothing of how often AWS lets us ask.
    if (waited === undefined || one.isLive(now) || now - waited <= this.#cut) return;
    const news = this.#rounds.note(waited, now);
    const live = this.#tails !== undefined;
    if (news === 'slow') tell({ type: 'slow', round: waited, why: this.#why(), live });
    else if (news) tell({ type: 'prompt' });
  }

  #why(): SlowWhy {
    if (this.#query.pattern !== undefined) return 'pattern';
    const all = [...this.#groups.values()].map(({ peeked }) => peeked);
    if (all.some(({ refused }) => refused)) return 'denied';
    return all.some((one) => one.streams(this.#deps.port.now()) === undefined) ? 'streams' : 'rate';
  }

  async #look(): Promise<void> {
    try {
      const found = (await this.#query.more?.()) ?? [];
      for (const group of found)
        if (!this.#groups.has(group))
          this.#add(group, Math.max(this.#query.from, this.#deps.port.now() - FOLLOW_REACH));
    } catch (error) {
      // The groups that are known are followed on; the next look may work again.
      if (!isTransient(error)) this.#deps.tell({ type: 'silent', since: this.#deps.clock.now(), error });
    }
  }
}
