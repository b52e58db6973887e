import { hash } from 'node:crypto';
import type { LogEvent } from './port.ts';

/** What was met so long ago, in milliseconds, is not met the other way any more: the deep polls come every minute. */
const KEPT = 180_000;

interface Balance {
  /** How often it came by Live Tail, less how often it was read. */
  more: number;
  /** When it was last met, on this machine's clock. */
  met: number;
}

/**
 * Two ways of one group's events, one of which may lack some: Live Tail, whose events have no id, and reading, whose
 * every event is met once. Events of the same stream, time and message are alike, and of those that are alike as many
 * are told as the way that had more of them gave: whichever comes first, each is told once.
 */
export class Matching {
  readonly #balances = new Map<string, Balance>();

  /** Whether an event that came by Live Tail is to be told. */
  live(event: LogEvent, now: number): boolean {
    return this.#meet(event, 1, now);
  }

  /** Whether an event that was read, and that was not read before, is to be told. */
  read(event: LogEvent, now: number): boolean {
    return this.#meet(event, -1, now);
  }

  #meet({ stream, at, message }: LogEvent, step: 1 | -1, now: number): boolean {
    const key = hash('sha1', `${stream}\n${at}\n${message.trimEnd()}`, 'base64');
    const before = this.#balances.get(key)?.more ?? 0;
    const more = before + step;
    // Met again, it goes to the end: the oldest stay in front.
    this.#balances.delete(key);
    if (more !== 0) this.#balances.set(key, { more, met: now });
    return before * step >= 0;
  }

  forget(now: number): void {
    for (const [key, { met }] of this.#balances) {
      if (now - met < KEPT) break;
      this.#balances.delete(key);
    }
  }
}
