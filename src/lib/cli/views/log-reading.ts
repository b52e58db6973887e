import { plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { LogEvent } from '../../logs/index.ts';

/** Knows how far a reading is, and says so where nothing of it was to be seen since it was last asked. */
export class Reading {
  #read = 0;
  #upTo: number | undefined;
  #shown = 0;
  #seen = false;

  /** @param shown how many events were printed so far */
  add(events: readonly LogEvent[], shown = 0): void {
    this.#read += events.length;
    this.#upTo = events.at(-1)?.at ?? this.#upTo;
    this.#seen ||= shown > this.#shown;
    this.#shown = shown;
  }

  /** A line for people; undefined where something was printed since the last call. */
  news(): string | undefined {
    if (this.#seen) {
      this.#seen = false;
      return undefined;
    }
    if (this.#upTo === undefined) return 'Still reading: no events so far.';
    return `Still reading: ${plural(this.#read, 'event')} so far, up to ${localTime(new Date(this.#upTo).toISOString())}.`;
  }
}
