import type { LogEvent } from './port.ts';
import { shapeOf } from './shape.ts';
import { gravityOf, patternOf, textOf } from './stats.ts';

/** Errors of one source that differ in numbers, ids and times alone. */
export interface Trouble {
  readonly pattern: string;
  readonly count: number;
  /** ISO 8601. */
  readonly last: string;
  /** The newest one, as it was. */
  readonly message: string;
}

export interface SourceTroubles {
  /** Messages that were looked at. */
  readonly messages: number;
  readonly errors: number;
  /** The newest first. */
  readonly troubles: readonly Trouble[];
}

interface Counted {
  messages: number;
  errors: number;
  /** In the order in which they were met last. */
  readonly patterns: Map<string, { count: number; at: number; message: string }>;
}

/** How many different ones are kept of a source: those met longest ago go. */
const MOST = 1000;

/** Gathers the errors of several groups as their events pass. */
export class Troubles {
  readonly #groups = new Map<string, Counted>();

  add(events: readonly LogEvent[]): void {
    for (const event of events) this.#one(event);
  }

  #one({ group, at, message, level }: LogEvent): void {
    const counted = this.#groups.get(group) ?? { messages: 0, errors: 0, patterns: new Map() };
    this.#groups.set(group, counted);
    const shape = shapeOf(message);
    if (shape.kind === 'mark') return;
    if (shape.kind === 'report') {
      const { status, duration } = shape.report;
      if (status) counted.messages++;
      if (status === 'timeout')
        note(counted, 'an invocation timed out', at, `timed out after ${duration} ms`);
      else if (status) note(counted, `an invocation ended with ${status}`, at, message.trimEnd());
      return;
    }
    counted.messages++;
    if (gravityOf(shape.level ?? level) !== 'error') return;
    const text = textOf(shape);
    note(counted, patternOf(text), at, (shape.kind === 'json' ? message : text).trimEnd());
  }

  /** @param top how many different ones */
  of(group: string, top: number): SourceTroubles {
    const counted = this.#groups.get(group);
    const newest = [...(counted?.patterns ?? [])].reverse().slice(0, top);
    return {
      messages: counted?.messages ?? 0,
      errors: counted?.errors ?? 0,
      troubles: newest.map(([pattern, { count, at, message }]) => ({
        pattern,
        count,
        last: new Date(at).toISOString(),
        message,
      })),
    };
  }
}

function note(counted: Counted, pattern: string, at: number, message: string): void {
  const { patterns } = counted;
  counted.errors++;
  const count = (patterns.get(pattern)?.count ?? 0) + 1;
  patterns.delete(pattern);
  patterns.set(pattern, { count, at, message });
  if (patterns.size <= MOST) return;
  const [oldest] = patterns.keys();
  if (oldest !== undefined) patterns.delete(oldest);
}
