import type { LogEvent } from './port.ts';

/** Milliseconds that an event waits from its time on, at least and at most: what comes later is late. */
const SHORTEST = 1000;
const LONGEST = 2000;
/** Where else it would not be shown in time, it waits less, but so long. */
const HURRIED = 500;
/** An event is shown within three seconds of when it can be read, of which an answer takes some. */
const PROMISED = 2650;
/** Rounds that take longer keep no such promise: there is nothing to give up the order for. */
const LONGEST_ROUND = 2500;
/** A lag is reckoned with as long as it was met within two of these. */
const REMEMBERED = 60_000;

/**
 * How long an event waits for earlier ones of other groups. CloudWatch Logs gives an event some time after the event's
 * own: the longest of these lags is how long others may still come that were before it.
 */
export class Hold {
  #since = Number.NEGATIVE_INFINITY;
  #longest = 0;
  /** Of the time before. */
  #before = 0;

  /** Learns from an event that was read just now. @param now on this machine's clock */
  note(event: LogEvent, now: number): void {
    this.#turn(now);
    const lag = lagOf(event);
    if (lag <= LONGEST) this.#longest = Math.max(this.#longest, lag);
  }

  /**
   * Up to which time events may be told, given that all groups were read up to `past`.
   *
   * @param held those that wait
   * @param round how long it takes to ask each group once, in milliseconds
   */
  until(held: readonly LogEvent[], past: number, round: number, now: number): number {
    this.#turn(now);
    const longest = Math.max(this.#longest, this.#before);
    const usual = Math.min(LONGEST, Math.max(SHORTEST, longest));
    let until = past - usual;
    if (round > LONGEST_ROUND) return until;
    const spare = PROMISED - round;
    for (const event of held)
      if (event.at > until && event.at + Math.max(HURRIED, spare + lagOf(event)) <= past) until = event.at;
    return until;
  }

  #turn(now: number): void {
    if (now - this.#since < REMEMBERED) return;
    this.#before = now - this.#since < 2 * REMEMBERED ? this.#longest : 0;
    this.#longest = 0;
    this.#since = now;
  }
}

function lagOf({ at, ingested = at }: LogEvent): number {
  return Math.max(0, ingested - at);
}
