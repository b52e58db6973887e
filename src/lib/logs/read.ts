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

/** Pages that are asked for or held at the same time, the one that is wanted next included. */
const AHEAD = 4;

/** A part of the time still to be read. */
interface Segment {
  readonly from: number;
  readonly to: number;
  /** Goes on behind a page; else it begins at `from`. */
  readonly token?: string | undefined;
  /** Events at `from` that were in the page before. */
  readonly seen?: ReadonlySet<string>;
  page?: Promise<LogPage | undefined>;
}

/**
 * The events of a group in a time window, in the order of time, batch by batch; each once. FilterLogEvents gives
 * one page at a time, so as soon as a window turns out to have more than a page, the time behind it is
 * split, and its parts are read side by side, a few pages ahead of what is wanted next.
 *
 * @returns undefined as its only batch when there is no such group
 */
export async function* readGroup(
  deps: ReadDeps,
  query: ReadQuery,
): AsyncGenerator<readonly LogEvent[] | undefined> {
  let segments: Segment[] = [{ from: query.from, to: query.to }];
  while (segments.length > 0) {
    throwIfAborted(deps.signal);
    const [head, ...others] = segments as [Segment, ...Segment[]];
    head.page ??= load(deps, query, head);
    // Those that are held already count, also where the time before them was split meanwhile.
    let held = segments.filter(({ page }) => page).length;
    for (const segment of others) {
      if (held >= AHEAD) break;
      if (segment.page) continue;
      segment.page = load(deps, query, segment);
      held++;
    }
    const page = await head.page;
    if (page === undefined) {
      yield undefined;
      return;
    }
    const events = head.seen ? page.events.filter(({ id }) => !head.seen?.has(id)) : page.events;
    segments = [...(page.next ? rest(head, page, page.next, others.length) : []), ...others];
    if (events.length > 0) yield events;
  }
}

function load({ port, signal }: ReadDeps, query: ReadQuery, segment: Segment): Promise<LogPage | undefined> {
  const page = port.page({ ...query, from: segment.from, to: segment.to, token: segment.token }, signal);
  // It is awaited when its turn comes; until then a failure must not count as unhandled.
  page.catch(() => {});
  return page;
}

/** What is left of a segment behind one of its pages. */
function rest(segment: Segment, page: LogPage, token: string, others: number): Segment[] {
  const { from, to } = segment;
  const first = page.events[0]?.at ?? from;
  const last = page.events.at(-1)?.at;
  // A page within one millisecond, or an empty one, tells nothing of where to go on: its token does.
  if (last === undefined || last === first || last <= from)
    return last === undefined && to - from >= AHEAD && segment.token === undefined && others < AHEAD
      ? divided(from, to, AHEAD, undefined)
      : [{ from, to, token, ...(segment.seen ? { seen: segment.seen } : {}) }];
  const seen = new Set(page.events.flatMap(({ at, id }) => (at === last ? [id] : [])));
  const pages = Math.ceil((to - last + 1) / (last - first));
  return divided(last, to, Math.max(1, Math.min(AHEAD, pages)), seen);
}

/** `count` segments of the same length, without a gap and without an overlap. */
function divided(from: number, to: number, count: number, seen: ReadonlySet<string> | undefined): Segment[] {
  const length = Math.ceil((to - from + 1) / count);
  const segments: Segment[] = [];
  for (let start = from; start <= to; start += length)
    segments.push({
      from: start,
      to: Math.min(to, start + length - 1),
      ...(start === from && seen ? { seen } : {}),
    });
  return segments;
}
