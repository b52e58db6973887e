import type { LogEvent } from './port.ts';

/** Streams with an event or a beginning in so many milliseconds are looked at. */
const ACTIVE = 120_000;
/** As many of a group; of one that has more that are active, reading shows all sooner. */
const MOST_STREAMS = 5;
/** So many in any case, however long ago they were written to. */
const FEWEST_STREAMS = 1;
/** Streams that are remembered. */
const REMEMBERED = 100;
/** What was there for so long when a look was sent had to be in it. */
const SURE = 1000;
/** A group whose looks have left something out is read alone for so long, each time twice as long. */
const FIRST_PAUSE = 60_000;

/** A look that saw all there was. Times on AWS's clock. */
interface Look {
  readonly from: number;
  readonly sent: number;
  readonly streams: readonly string[];
}

/** What is known of a group for looking at its newest events between two readings. Times on AWS's clock. */
export class Peeked {
  /** A look is under way. */
  busy = false;
  /** AWS does not let us. */
  refused = false;
  /** Stream → its newest event that is known of. */
  readonly #streams = new Map<string, number>();
  #last: Look | undefined;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #pause = FIRST_PAUSE;

  /** Up to here all that could be had was had. */
  get past(): number {
    return this.#last?.sent ?? Number.NEGATIVE_INFINITY;
  }

  note(stream: string, at: number): void {
    const known = this.#streams.get(stream);
    if (known === undefined || known < at) this.#streams.set(stream, at);
    if (this.#streams.size <= 2 * REMEMBERED) return;
    const newest = this.#newest().slice(0, REMEMBERED);
    this.#streams.clear();
    for (const [name, time] of newest) this.#streams.set(name, time);
  }

  drop(stream: string): void {
    this.#streams.delete(stream);
  }

  /** The streams to be looked at; undefined where they are too many. */
  streams(now: number): string[] | undefined {
    const newest = this.#newest();
    const active = newest.filter(([, at]) => at >= now - ACTIVE).length;
    if (active > MOST_STREAMS) return undefined;
    return newest.slice(0, Math.max(active, FEWEST_STREAMS)).map(([name]) => name);
  }

  /** Whether a look would show all. */
  can(now: number): boolean {
    return !this.refused && now >= this.#pausedUntil && this.streams(now) !== undefined;
  }

  saw(look: Look): void {
    if (look.sent <= this.past) return;
    this.#last = look;
  }

  /** Learns from an event that was read, and that no look had shown. */
  missed({ stream, at, ingested = Number.POSITIVE_INFINITY }: LogEvent): void {
    const last = this.#last;
    if (!last || at < last.from || ingested > last.sent - SURE || !last.streams.includes(stream)) return;
    this.#pausedUntil = last.sent + this.#pause;
    this.#pause *= 2;
    this.#last = undefined;
  }

  #newest(): (readonly [name: string, at: number])[] {
    return [...this.#streams].sort(([, a], [, b]) => b - a);
  }
}
