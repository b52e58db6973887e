import type { LogEvent } from './port.ts';
import { unpainted } from './shape.ts';
import { goesOn, WITHIN } from './together.ts';

/** An event and the lines that go on with it. */
interface Unit {
  readonly head: LogEvent;
  matches: boolean;
}

/** Streams that are remembered before old ones go: each start of a function has one of its own. */
const MOST = 1000;

/** Chooses events by a regular expression. An error and the lines of its stack are one: they are chosen together. */
export class Matches {
  readonly #pattern: RegExp;
  /** The newest unit of each stream: its next lines may come with the next events. */
  readonly #newest = new Map<string, Unit>();

  /** @param pattern without the flag `g` */
  constructor(pattern: RegExp) {
    this.#pattern = pattern;
  }

  /** Those that match, and what belongs to them, in the order in which they are. */
  of(events: readonly LogEvent[]): readonly LogEvent[] {
    const units = events.map((event) => this.#unitOf(event));
    for (const [at, event] of events.entries()) {
      const unit = units[at] as Unit;
      unit.matches ||= this.#pattern.test(unpainted(event.message));
    }
    return events.filter((_, at) => units[at]?.matches);
  }

  #unitOf(event: LogEvent): Unit {
    const stream = `${event.group}\n${event.stream}`;
    const newest = this.#newest.get(stream);
    if (newest && goesOn(event, newest.head)) return newest;
    const unit = { head: event, matches: false };
    if (this.#newest.size >= MOST) this.#forget(event.at);
    this.#newest.set(stream, unit);
    return unit;
  }

  /** Nothing goes on any more with what is so old. */
  #forget(now: number): void {
    for (const [stream, { head }] of this.#newest) if (head.at < now - WITHIN) this.#newest.delete(stream);
  }
}
