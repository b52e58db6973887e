import type { LogEvent } from './port.ts';

/**
 * Several sources, each in the order of time, as one in the order of time. Events of the same millisecond
 * keep the order of their sources, and within one the order in which it gave them.
 */
export async function* merged(
  sources: readonly AsyncIterable<readonly LogEvent[]>[],
): AsyncGenerator<readonly LogEvent[]> {
  if (sources.length === 1) {
    yield* sources[0] as AsyncIterable<readonly LogEvent[]>;
    return;
  }
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  /** The batch that each source is in; undefined when it has ended. */
  const heads = await Promise.all(iterators.map(async (one) => nextBatch(one)));
  try {
    for (;;) {
      const open = heads.flatMap((head) => (head ? [head] : []));
      if (open.length === 0) return;
      // Up to the end of the batch that ends first, all is known.
      const until = Math.min(...open.map((batch) => (batch.at(-1) as LogEvent).at));
      const ready: LogEvent[] = [];
      const ended: number[] = [];
      for (const [index, head] of heads.entries()) {
        if (!head) continue;
        const count = countUntil(head, until);
        for (let at = 0; at < count; at++) ready.push(head[at] as LogEvent);
        if (count === head.length) ended.push(index);
        else heads[index] = head.slice(count);
      }
      // Array.prototype.sort is stable.
      yield ready.sort((a, b) => a.at - b.at);
      await Promise.all(
        ended.map(async (index) => {
          heads[index] = await nextBatch(iterators[index] as AsyncIterator<readonly LogEvent[]>);
        }),
      );
    }
  } finally {
    await Promise.all(iterators.map((one) => one.return?.()));
  }
}

async function nextBatch(
  iterator: AsyncIterator<readonly LogEvent[]>,
): Promise<readonly LogEvent[] | undefined> {
  for (;;) {
    const { value, done } = await iterator.next();
    if (done) return undefined;
    if (value.length > 0) return value;
  }
}

/** How many of the events are not after `until`; they are in order. */
function countUntil(events: readonly LogEvent[], until: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle] as LogEvent).at <= until) low = middle + 1;
    else high = middle;
  }
  return low;
}
