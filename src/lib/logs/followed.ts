import { Matching } from './matching.ts';
import { Peeked } from './peeked.ts';
import type { LogEvent } from './port.ts';

/** Every poll reads this far back again, in milliseconds: agents and Lambda deliver seconds late. */
const OVERLAP = 10_000;
/** Now and then a poll reads this far back, in milliseconds: an agent that was cut off delivers minutes late. */
export const FOLLOW_REACH = 600_000;
const DEEP_EVERY = 60_000;
/** A group is asked at most this often. */
const PAUSE = 1000;
/** So often where Live Tail sends all: to find what it lost without saying so. */
const LIVE_PAUSE = 15_000;
/** Live Tail sends an update each second; after so long without one its connection is dead. */
const LIVE_SILENCE = 5000;

/** A group that is followed: how far it was read, and what of it was told. */
export class Followed {
  readonly group: string;
  /** When its newest whole poll began, on AWS's clock; what is before it was read. */
  polled: number;
  /** How long it was between whole polls, in milliseconds: the longer one of the last two times. */
  every = 0;
  #lately = 0;
  /** When it was last asked, on this machine's clock. */
  asked = Number.NEGATIVE_INFINITY;
  /** When it was last read far back, on this machine's clock. */
  deep: number;
  /** It was read to the end at least once. */
  read = false;
  missing = false;
  busy = false;
  /** Live Tail was asked for it. */
  live = false;
  readonly peeked = new Peeked();
  /** Up to where all was known after the last look at it, on AWS's clock. */
  #known = Number.POSITIVE_INFINITY;
  /** Event id → its time, for as far back as a poll may reach. */
  readonly #seen = new Map<string, number>();
  readonly #matching: Matching | undefined;
  /** When Live Tail's newest update came, on AWS's clock and on this machine's. */
  #heard = Number.NEGATIVE_INFINITY;
  #heardOn = Number.NEGATIVE_INFINITY;
  /** Up to here, on AWS's clock, Live Tail may have left something out: the time has to be read. */
  #gap = Number.POSITIVE_INFINITY;

  /** @param matched another way may tell of it too */
  constructor(group: string, from: number, now: number, matched: boolean) {
    this.group = group;
    this.polled = from;
    this.deep = now;
    this.#matching = matched ? new Matching() : undefined;
  }

  /** Whether Live Tail sends all of it: nothing before its newest update is left to be read. */
  isLive(now: number): boolean {
    return this.polled >= this.#gap && now - this.#heardOn < LIVE_SILENCE;
  }

  /** When it is to be asked again, on this machine's clock. */
  due(now: number): number {
    return this.asked + (this.isLive(now) ? LIVE_PAUSE : PAUSE);
  }

  /** Whether a poll at this moment reads far back, and from when on it reads. */
  reach(now: number): { readonly deep: boolean; readonly from: number } {
    const deep = now - this.deep >= DEEP_EVERY;
    return { deep, from: this.polled - (deep ? FOLLOW_REACH : OVERLAP) };
  }

  /** Up to here all that could be had was had, on AWS's clock. */
  past(now: number): number {
    return Math.max(this.polled, this.peeked.past, this.isLive(now) ? this.#heard : this.polled);
  }

  /** It was read to the end. @param sent when that began, on AWS's clock */
  poll(sent: number): void {
    const every = this.read ? sent - this.polled : 0;
    this.every = Math.max(every, this.#lately);
    this.#lately = every;
    this.polled = sent;
    this.read = true;
  }

  /** How long nothing was known of it, now that it was looked at; undefined the first time. @param aws AWS's clock */
  waited(aws: number, now: number): number | undefined {
    const before = this.#known;
    this.#known = this.past(now);
    return before <= aws ? aws - before : undefined;
  }

  isSeen({ id }: LogEvent): boolean {
    return this.#seen.has(id);
  }

  /** Of events that were read, those to be told. */
  take(events: readonly LogEvent[], now: number): LogEvent[] {
    return events.filter((event) => {
      if (this.#seen.has(event.id)) return false;
      this.#seen.set(event.id, event.at);
      this.peeked.note(event.stream, event.at);
      if (this.#matching && !this.#matching.read(event, now)) return false;
      this.peeked.missed(event);
      return true;
    });
  }

  /** Whether an event that Live Tail sent is to be told. */
  takeLive(event: LogEvent, now: number): boolean {
    return this.#matching?.live(event, now) ?? true;
  }

  /** Of all that a look showed, the events to be told. */
  takePeeked(events: readonly LogEvent[], now: number): LogEvent[] {
    for (const { stream, at } of events) this.peeked.note(stream, at);
    return this.#matching?.peeked(events, now) ?? [];
  }

  /** @param aws AWS's clock */
  hear(aws: number, now: number, sampled: boolean): void {
    this.#heard = aws;
    this.#heardOn = now;
    // What came before the first update, or was left out of this one, has to be read.
    if (sampled || this.#gap === Number.POSITIVE_INFINITY) this.#gap = aws;
  }

  cut(): void {
    this.#gap = Number.POSITIVE_INFINITY;
  }

  /** Ids further back than any poll reaches are not met again. */
  forget(now: number): void {
    const oldest = this.polled - FOLLOW_REACH - OVERLAP;
    for (const [id, at] of this.#seen) {
      // Oldest first but for late ones, which go a little later.
      if (at >= oldest) break;
      this.#seen.delete(id);
    }
    this.#matching?.forget(now);
  }
}
