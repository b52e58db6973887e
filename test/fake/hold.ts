/**
 * A stretch of time that ends when the test says so: give it wherever the fake takes milliseconds. What a test
 * does meanwhile is done in time on the slowest machine, and nobody waits for nothing on a quick one.
 */
export class Hold {
  #waiting: (() => void)[] = [];
  #released = false;

  /** Whether something is being held now. */
  get holds(): boolean {
    return this.#waiting.length > 0;
  }

  /** Lets go of what is held, and holds nothing any more. */
  release(): void {
    this.#released = true;
    for (const work of this.#waiting.splice(0)) work();
  }

  /** Runs `work` on release; at once where that has been. */
  after(work: () => void): void {
    if (this.#released) work();
    else this.#waiting.push(work);
  }
}

/** How long something takes: milliseconds, or until it is released. */
export type Duration = number | Hold;

/** A part of a duration; nothing of one that is held: that is all at its end. */
export function share(duration: Duration, of: number): Duration {
  return typeof duration === 'number' ? duration * of : 0;
}

/** What comes after the share. */
export function rest(duration: Duration, of: number): Duration {
  return typeof duration === 'number' ? duration * (1 - of) : duration;
}
