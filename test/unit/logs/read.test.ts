import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageOf } from '../../../src/lib/aws/log-pages.ts';
import { type LogEvent, merged, type PageQuery, readGroup } from '../../../src/lib/logs/index.ts';

/** A group in memory that answers as FilterLogEvents does; what is not in its window is never given. */
function group(times: readonly number[], pageSize: number, wanted: (at: number) => boolean = () => true) {
  const events = times
    .toSorted((a, b) => a - b)
    .map((at, index): LogEvent => ({ id: `e${index}`, at, group: 'g', stream: 's', message: `${index}` }));
  const asked: PageQuery[] = [];
  let open = 0;
  let most = 0;
  return {
    events,
    asked,
    most: () => most,
    async page(query: PageQuery) {
      asked.push(query);
      most = Math.max(most, ++open);
      await new Promise((resolve) => setImmediate(resolve));
      open--;
      const within = events.filter(({ at }) => at >= query.from && at <= (query.to ?? Infinity));
      const start = Number(query.token ?? 0);
      const end = start + pageSize;
      const looked = within.slice(start, end).filter(({ at }) => query.pattern === undefined || wanted(at));
      return pageOf(looked, end < within.length ? String(end) : undefined);
    },
  };
}

async function all(batches: AsyncIterable<readonly LogEvent[] | undefined>): Promise<LogEvent[]> {
  const found: LogEvent[] = [];
  for await (const batch of batches) found.push(...(batch ?? []));
  return found;
}

describe('reading a group', () => {
  it('gives each event of the window once and in order, whatever their times and the size of a page', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 120 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 0, max: 300 }),
        async (times, pageSize, from, length) => {
          const port = group(times, pageSize);
          const to = from + length;
          const found = await all(readGroup({ port }, { group: 'g', from, to }));
          const wanted = port.events.filter(({ at }) => at >= from && at <= to);
          expect(found.map(({ at }) => at)).toEqual(wanted.map(({ at }) => at));
          expect(new Set(found.map(({ id }) => id))).toEqual(new Set(wanted.map(({ id }) => id)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('the same with a pattern, whose pages may be empty and have a next one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 120 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        async (times, pageSize, each) => {
          const wanted = (at: number) => at % each === 0;
          const port = group(times, pageSize, wanted);
          const found = await all(readGroup({ port }, { group: 'g', from: 0, to: 400, pattern: 'p' }));
          expect(found.map(({ id }) => id)).toEqual(
            port.events.filter(({ at }) => wanted(at)).map(({ id }) => id),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('does not ask in small steps where little was logged after much', async () => {
    const burst = Array.from({ length: 500 }, (_, index) => Math.floor(index / 50));
    const rare = Array.from({ length: 100 }, (_, index) => 1_000_000 + index * 30_000);
    const port = group([...burst, ...rare, ...burst.map((at) => at + 4_000_000)], 50);
    expect(await all(readGroup({ port }, { group: 'g', from: 0, to: 10_000_000 }))).toHaveLength(1100);
    expect(port.asked.length).toBeLessThan(70);
  });

  it('asks once where one page holds all', async () => {
    const port = group([1, 2, 3], 10);
    await all(readGroup({ port }, { group: 'g', from: 0, to: 10 }));
    expect(port.asked).toHaveLength(1);
  });

  it('reads the time behind a full page side by side, and not many more pages than there are', async () => {
    const times = Array.from({ length: 1000 }, (_, index) => index * 10);
    const port = group(times, 50);
    expect(await all(readGroup({ port }, { group: 'g', from: 0, to: 10_000 }))).toHaveLength(1000);
    expect(port.most()).toBe(3);
    expect(port.asked.length).toBeLessThan(20 * 1.6);
  });

  it('200,000 events come once, in order, with no more than a few pages asked ahead', async () => {
    const port = group(
      Array.from({ length: 200_000 }, (_, index) => index * 18),
      10_000,
    );
    let count = 0;
    let last = -1;
    for await (const batch of readGroup({ port }, { group: 'g', from: 0, to: 3_600_000 }))
      for (const { at } of batch ?? []) {
        if (at <= last) throw new Error(`${at} after ${last}`);
        last = at;
        count++;
      }
    expect(count).toBe(200_000);
    expect(port.most()).toBe(3);
    expect(port.asked.length).toBeLessThan(30);
  });

  it('says where there is no group', async () => {
    const found = [];
    for await (const batch of readGroup(
      { port: { page: async () => undefined } },
      { group: 'g', from: 0, to: 1 },
    ))
      found.push(batch);
    expect(found).toEqual([undefined]);
  });

  it('ends when it is aborted', async () => {
    const over = new AbortController();
    const port = group(
      Array.from({ length: 100 }, (_, index) => index),
      10,
    );
    const reading = readGroup({ port, signal: over.signal }, { group: 'g', from: 0, to: 100 });
    await reading.next();
    over.abort();
    await expect(reading.next()).rejects.toMatchObject({ code: 'Interrupted' });
  });
});

describe('several groups', () => {
  it('come out in one order of time, nothing lost', async () => {
    const batched = fc.array(fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 6 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(batched, { minLength: 1, maxLength: 5 }), async (sources) => {
        const lists = sources.map((batches, source) => {
          const times = batches.flat().toSorted((a, b) => a - b);
          return batches.map(({ length }) =>
            times
              .splice(0, length)
              .map((at): LogEvent => ({ id: `${source}`, at, group: `${source}`, stream: '', message: '' })),
          );
        });
        const found = await all(
          merged(
            lists.map(async function* (batches) {
              yield* batches;
            }),
          ),
        );
        const times = found.map(({ at }) => at);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(found).toHaveLength(lists.flat(2).length);
      }),
    );
  });
});
