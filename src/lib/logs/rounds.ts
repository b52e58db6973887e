import { OFTEN } from './turns.ts';

/** What lasts shorter is a moment's throttling, and not said. Milliseconds, as is all here. */
const LASTING = 6000;
/** It is over when it was not met for so long. */
const OVER = 30_000;
/** The longest round counts for so long. */
const KEPT = 2000;

/** How long groups wait from one look at them to the next, and whether it is so long that it is to be said. */
export class Rounds {
  #longest = 0;
  #longestAt = Number.NEGATIVE_INFINITY;
  #slowSince = Number.NEGATIVE_INFINITY;
  #slowAt = Number.NEGATIVE_INFINITY;
  /** The slowest that was said. */
  #said = 0;

  /** The longest that a group waited lately. */
  longest(now: number): number {
    return now - this.#longestAt < KEPT ? this.#longest : 0;
  }

  /**
   * @param waited since when a group had not been looked at, now that it was
   * @returns what is to be said: once for each doubling, and when it is over
   */
  note(waited: number, now: number): 'slow' | 'prompt' | undefined {
    if (waited >= this.longest(now)) {
      this.#longest = waited;
      this.#longestAt = now;
    }
    if (waited <= OFTEN) {
      if (this.#said === 0 || now - this.#slowAt < OVER) return undefined;
      this.#said = 0;
      return 'prompt';
    }
    if (now - this.#slowAt > LASTING) this.#slowSince = now;
    this.#slowAt = now;
    if (now - this.#slowSince < LASTING || waited < 2 * this.#said) return undefined;
    this.#said = waited;
    return 'slow';
  }
}
