import { Matching } from './matching.ts';
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
  /** Event id → its time, for as far back as a poll may reach. */
  readonly #seen = new Map<string, number>();
  readonly #matching: Matching | undefined;
  /** When Live Tail's newest update came, on AWS's clock and on this machine's. */
  #heard = Number.NEGATIVE_INFINITY;
  #heardOn = Number.NEGATIVE_INFINITY;
  /** Up to here, on AWS's clock, Live Tail may have left something out: the time has to be read. */
  #gap = Number.POSITIVE_INFINITY;

  /** @param matched Live Tail may tell of it too */
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
    return this.isLive(now) ? Math.max(this.polled, this.#heard) : this.polled;
  }

  isSeen({ id }: LogEvent): boolean {
    return this.#seen.has(id);
  }

  /** Of events that were read, those to be told. */
  take(events: readonly LogEvent[], now: number): LogEvent[] {
    return events.filter((event) => {
      if (this.#seen.has(event.id)) return false;
      this.#seen.set(event.id, event.at);
      return this.#matching?.read(event, now) ?? true;
    });
  }

  /** Whether an event that Live Tail sent is to be told. */
  takeLive(event: LogEvent, now: number): boolean {
    return this.#matching?.live(event, now) ?? true;
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
