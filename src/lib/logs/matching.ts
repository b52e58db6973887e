import { hash } from 'node:crypto';
import type { LogEvent } from './port.ts';

/** What was met so long ago, in milliseconds, is not met another way any more: the deep polls come every minute. */
const KEPT = 180_000;

/** How often events that are alike came by each way. */
interface Met {
  readonly read: number;
  readonly live: number;
  /** The most that one look showed. */
  readonly peeked: number;
  /** When it was last met, on this machine's clock. */
  readonly last: number;
}

/**
 * Several ways of one group's events, each of which may lack some: reading, whose every event is met once; Live Tail and
 * the looks between two readings, whose events have no id. Events of the same stream, time and message are alike, and of
 * those that are alike as many are told as the way that had most of them gave: whichever comes first, each is told once.
 */
export class Matching {
  readonly #met = new Map<string, Met>();

  /** Whether an event that came by Live Tail is to be told. */
  live(event: LogEvent, now: number): boolean {
    const key = keyOf(event);
    return this.#meet(key, 'live', (this.#met.get(key)?.live ?? 0) + 1, now);
  }

  /** Whether an event that was read, and that was not read before, is to be told. */
  read(event: LogEvent, now: number): boolean {
    const key = keyOf(event);
    return this.#meet(key, 'read', (this.#met.get(key)?.read ?? 0) + 1, now);
  }

  /** Of all that one look at some streams showed, the events to be told: each look shows again what those before it did. */
  peeked(events: readonly LogEvent[], now: number): LogEvent[] {
    const counts = new Map<string, number>();
    return events.filter((event) => {
      const key = keyOf(event);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return this.#meet(key, 'peeked', count, now);
    });
  }

  #meet(key: string, way: 'read' | 'live' | 'peeked', count: number, now: number): boolean {
    const { read = 0, live = 0, peeked = 0 } = this.#met.get(key) ?? {};
    const met = { read, live, peeked, last: now };
    // Met again, it goes to the end: the oldest stay in front.
    this.#met.delete(key);
    this.#met.set(key, { ...met, [way]: Math.max(met[way], count) });
    return count > Math.max(read, live, peeked);
  }

  /** To be called after a reading to the end alone: what came another way meanwhile is met in it. */
  forget(now: number): void {
    for (const [key, { last }] of this.#met) {
      if (now - last < KEPT) break;
      this.#met.delete(key);
    }
  }
}

function keyOf({ stream, at, message }: LogEvent): string {
  return hash('sha1', `${stream}\n${at}\n${message.trimEnd()}`, 'base64');
}
