import type { LogEvent } from './port.ts';
import { type Report, type Shape, shapeOf } from './shape.ts';

/** What a window of logs says in figures. Durations in milliseconds, memory in MB. */
export interface LogStats {
  readonly events: number;
  readonly errors: number;
  readonly warnings: number;
  /** Of Lambda functions; absent where no report was among the events. */
  readonly invocations?: Invocations;
  /** The most frequent messages, those of errors before others of the same count. */
  readonly patterns: readonly Pattern[];
}

export interface Invocations {
  readonly count: number;
  readonly coldStarts: number;
  readonly timeouts: number;
  readonly failures: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Of the cold starts alone; absent where there was none. */
  readonly initP95?: number;
  readonly memory: number;
  readonly mostUsed: number;
}

export interface Pattern {
  readonly pattern: string;
  readonly count: number;
  readonly level: 'error' | 'warn' | 'other';
  /** One of the messages, as it was. */
  readonly example: string;
  /** ISO 8601. */
  readonly last: string;
}

/** How many different patterns are counted; what comes after them is counted as events alone. */
const MOST_PATTERNS = 10_000;
const ERROR = new Set(['error', 'err', 'fatal', 'critical', 'panic']);
const WARNING = new Set(['warn', 'warning']);
const LONGEST = 200;

/** How grave a level is that a message gives itself. */
export function gravityOf(level: string | undefined): Pattern['level'] {
  if (level === undefined) return 'other';
  return ERROR.has(level) ? 'error' : WARNING.has(level) ? 'warn' : 'other';
}

/** What a message says, without its level and its fields. */
export function textOf(shape: Extract<Shape, { readonly kind: 'json' | 'text' }>): string {
  return shape.kind === 'json' ? shape.text || shape.fields.map(([key]) => key).join(' ') : shape.text;
}

/** Counts events as they pass: its memory does not grow with them, but for eight bytes an invocation. */
export class StatsCounter {
  #events = 0;
  #errors = 0;
  #warnings = 0;
  readonly #durations: number[] = [];
  readonly #inits: number[] = [];
  #timeouts = 0;
  #failures = 0;
  #memory = 0;
  #mostUsed = 0;
  readonly #patterns = new Map<
    string,
    { count: number; level: Pattern['level']; example: string; last: number }
  >();

  add(events: readonly LogEvent[]): void {
    for (const event of events) this.#one(event);
  }

  #one({ message, at, level: told }: LogEvent): void {
    const shape = shapeOf(message);
    if (shape.kind === 'mark') return;
    if (shape.kind === 'report') {
      this.#report(shape.report);
      return;
    }
    this.#events++;
    const level = gravityOf(shape.level ?? told);
    if (level === 'error') this.#errors++;
    if (level === 'warn') this.#warnings++;
    const text = textOf(shape);
    const pattern = patternOf(text);
    const known = this.#patterns.get(pattern);
    if (known) {
      known.count++;
      known.last = Math.max(known.last, at);
    } else if (pattern !== '' && this.#patterns.size < MOST_PATTERNS) {
      this.#patterns.set(pattern, { count: 1, level, example: firstLine(text), last: at });
    }
  }

  #report({ duration, init, memory, used, status }: Report): void {
    this.#durations.push(duration);
    if (init !== undefined) this.#inits.push(init);
    if (status === 'timeout') this.#timeouts++;
    else if (status !== undefined) this.#failures++;
    this.#memory = Math.max(this.#memory, memory);
    this.#mostUsed = Math.max(this.#mostUsed, used);
  }

  /** @param top how many patterns */
  result(top: number): LogStats {
    const durations = Float64Array.from(this.#durations).sort();
    const inits = Float64Array.from(this.#inits).sort();
    const rank = { error: 0, warn: 1, other: 2 } as const;
    const patterns = [...this.#patterns]
      .sort(([, a], [, b]) => b.count - a.count || rank[a.level] - rank[b.level] || b.last - a.last)
      .slice(0, top)
      .map(([pattern, { count, level, example, last }]) => ({
        pattern,
        count,
        level,
        example,
        last: new Date(last).toISOString(),
      }));
    return {
      events: this.#events,
      errors: this.#errors,
      warnings: this.#warnings,
      ...(durations.length > 0
        ? {
            invocations: {
              count: durations.length,
              coldStarts: inits.length,
              timeouts: this.#timeouts,
              failures: this.#failures,
              p50: percentile(durations, 50),
              p95: percentile(durations, 95),
              p99: percentile(durations, 99),
              max: durations.at(-1) ?? 0,
              ...(inits.length > 0 ? { initP95: percentile(inits, 95) } : {}),
              memory: this.#memory,
              mostUsed: this.#mostUsed,
            },
          }
        : {}),
      patterns,
    };
  }
}

/** The smallest value that so many percent of all do not exceed (nearest rank). The values are in order. */
export function percentile(sorted: Float64Array, percent: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] as number;
}

const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
const ADDRESS = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g;
const TIME = /\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?/g;
const HEX = /\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/gi;
const NUMBER = /(?<![\w.])-?\d+(?:\.\d+)?(?=$|[^\w.]|ms\b|s\b|%|MB\b|KB\b|B\b|\.(?!\d))/g;

/** A message with all that differs from one time to the next taken out: numbers, ids, times, addresses. */
export function patternOf(message: string): string {
  return firstLine(message)
    .replace(TIME, '<time>')
    .replace(UUID, '<id>')
    .replace(ADDRESS, '<address>')
    .replace(HEX, '<id>')
    .replace(NUMBER, '<n>')
    .replace(/\s+/g, ' ')
    .trim();
}

function firstLine(message: string): string {
  const end = message.indexOf('\n');
  const line = end === -1 ? message : message.slice(0, end);
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
