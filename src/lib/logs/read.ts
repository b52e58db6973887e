import { throwIfAborted } from '../base/clock.ts';
import type { LogEvent, LogPage, LogsPort } from './port.ts';

export interface ReadQuery {
  readonly group: string;
  readonly from: number;
  readonly to: number;
  readonly pattern?: string | undefined;
}

export interface ReadDeps {
  readonly port: Pick<LogsPort, 'page'>;
  readonly signal?: AbortSignal | undefined;
}

/** Pages that are asked for or held at the same time, besides the one that is gone through. */
const AHEAD = 3;
/** How much of a page a part of the time should fill: what does not fit takes a page more. */
const FILL = 0.9;
/** What was learnt of one page is not taken further than that for the next. */
const GROWTH = 4;

/** A part of the time still to be read. */
interface Part {
  readonly from: number;
  readonly to: number;
  /** Goes on behind a page; else it begins at `from`. */
  readonly token?: string | undefined;
  /** Events at `from` that were in the page before. */
  readonly seen?: ReadonlySet<string> | undefined;
  page?: Promise<LogPage | undefined>;
}

/**
 * The events of a group in a time window, in the order of time, batch by batch; each once. FilterLogEvents gives
 * one page at a time, so as soon as a window turns out to have more than a page, the time behind it is
 * cut into parts of about a page each, and the next few are read side by side.
 *
 * @returns undefined as its only batch when there is no such group
 */
export async function* readGroup(
  deps: ReadDeps,
  query: ReadQuery,
): AsyncGenerator<readonly LogEvent[] | undefined> {
  const reader = new GroupReader(deps, query);
  for (let part = reader.next(); part; part = reader.next()) {
    throwIfAborted(deps.signal);
    const page = await part.page;
    if (page === undefined) {
      yield undefined;
      return;
    }
    // Filled as the page is gone through, which is before what is behind it is gone through.
    const seen = new Set<string>();
    reader.goOn(part, page, seen);
    for (const batch of page.batches) {
      throwIfAborted(deps.signal);
      const events = part.seen?.size ? batch.filter(({ id }) => !part.seen?.has(id)) : batch;
      for (let at = batch.length - 1; at >= 0 && batch[at]?.at === page.span?.last; at--)
        seen.add((batch[at] as LogEvent).id);
      if (events.length > 0) yield events;
    }
  }
}

class GroupReader {
  readonly #deps: ReadDeps;
  readonly #query: ReadQuery;
  /** In the order of time. The last one may be long: it is cut as it is asked for. */
  readonly #parts: Part[];
  /** What a full page holds, and how many milliseconds of the log are about so much; 0 until there was one. */
  #capacity = 0;
  #length = 0;

  constructor(deps: ReadDeps, query: ReadQuery) {
    this.#deps = deps;
    this.#query = query;
    this.#parts = [{ from: query.from, to: query.to }];
  }

  /** The part that is next, asked for. */
  next(): Part | undefined {
    this.#ask();
    return this.#parts.shift();
  }

  /** Takes up what a page has left of its part, and asks for what comes next. */
  goOn(part: Part, page: LogPage, seen: ReadonlySet<string>): void {
    if (page.next) this.#parts.unshift(...this.#rest(part, page, page.next, seen));
    if (!this.#query.pattern) this.#learn(part, page);
    this.#ask();
  }

  #ask(): void {
    for (let at = 0; at < Math.min(AHEAD, this.#parts.length); at++) {
      const part = this.#parts[at] as Part;
      if (part.page) continue;
      const { from, to, token, seen } = part;
      const end = from + this.#length - 1;
      // A rest of half a page is no page of its own.
      if (this.#length > 0 && token === undefined && to - end > this.#length / 2)
        this.#parts.splice(at, 1, { from, to: end, seen }, { from: end + 1, to });
      this.#load(this.#parts[at] as Part);
    }
  }

  #load(part: Part): void {
    const { port, signal } = this.#deps;
    const { from, to, token } = part;
    part.page = port.page({ ...this.#query, from, to, token }, signal);
    // It is awaited when its turn comes; until then a failure must not count as unhandled.
    part.page.catch(() => {});
  }

  /** What is left of a part behind one of its pages. */
  #rest(part: Part, { span }: LogPage, token: string, seen: ReadonlySet<string>): Part[] {
    const { from, to } = part;
    const forward = span !== undefined && span.last > span.first && span.last > from;
    const behind = { from, to, token, seen: forward ? undefined : part.seen };
    const { pattern } = this.#query;
    // What nothing says anything of yet is looked through in several places at once.
    if (part.token === undefined && this.#parts.length === 0 && to - from >= AHEAD) {
      if (!span) return divided(from, to, part.seen);
      if (pattern && forward) return divided(span.last, to, seen);
    }
    // A pattern is looked for in more than it finds: only the token knows how far that went. Nor does a page within
    // one millisecond, or an empty one, tell where to go on.
    return forward && !pattern ? [{ from: span.last, to, seen }] : [behind];
  }

  /** How long a part is to be, from a page that was full, or from what a part came to that was not. */
  #learn({ from, to }: Part, { span, size, next }: LogPage): void {
    if (next) this.#capacity = size;
    const reach = next && span ? span.last - span.first : to - from + 1;
    // What was left over of a part says little, and a page within one millisecond nothing.
    if (this.#capacity === 0 || reach <= 0 || (!next && reach < this.#length / 2)) return;
    const length = Math.floor((reach * FILL * this.#capacity) / Math.max(1, size));
    const most = this.#length === 0 ? length : this.#length * GROWTH;
    this.#length = Math.max(1, Math.min(length, most));
  }
}

/** Parts of the same length, without a gap and without an overlap. */
function divided(from: number, to: number, seen: ReadonlySet<string> | undefined): Part[] {
  const length = Math.ceil((to - from + 1) / AHEAD);
  const parts: Part[] = [];
  for (let start = from; start <= to; start += length)
    parts.push({
      from: start,
      to: Math.min(to, start + length - 1),
      seen: start === from ? seen : undefined,
    });
  return parts;
}
