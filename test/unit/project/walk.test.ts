import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeGraph } from '../../../src/lib/project/graph.ts';
import {
  type Graph,
  type PartId,
  partKey,
  type WalkResult,
  walkGraph,
} from '../../../src/lib/project/index.ts';

const node = (i: number): PartId => ({ kind: 'stack', name: `s${i}` });

interface Visit {
  readonly start: number;
  end: number;
}

/** Time that moves only when nothing else can happen: the next sleeper is woken. */
class DrivenTime {
  now = 0;
  readonly #sleepers: { at: number; wake: () => void }[] = [];

  sleep(ms: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ at: this.now + ms, wake }));
  }

  async run<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const settled = work.finally(() => {
      over = true;
    });
    while (!over) {
      await new Promise(setImmediate);
      this.#sleepers.sort((a, b) => a.at - b.at);
      const next = this.#sleepers.shift();
      if (!next) continue;
      this.now = next.at;
      next.wake();
    }
    return settled;
  }
}

interface Input {
  readonly size: number;
  readonly pairs: [number, number][];
  readonly delays: number[];
  readonly failing: number[];
  readonly concurrency: number;
  readonly reverse: boolean;
}

const inputs = (failing: boolean): fc.Arbitrary<Input> =>
  fc.record({
    size: fc.integer({ min: 1, max: 14 }),
    pairs: fc.array(fc.tuple(fc.nat(13), fc.nat(13)), { maxLength: 30 }),
    delays: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 14, maxLength: 14 }),
    failing: failing ? fc.array(fc.nat(13), { minLength: 1, maxLength: 3 }) : fc.constant([]),
    concurrency: fc.constantFrom(1, 2, 3, 100),
    reverse: fc.boolean(),
  });

async function walk(input: Input): Promise<{ graph: Graph; result: WalkResult; visits: Map<string, Visit> }> {
  const { size } = input;
  const graph = makeGraph(
    Array.from({ length: size }, (_, i) => node(i)),
    input.pairs
      .map(([a, b]) => [a % size, b % size] as const)
      .filter(([a, b]) => a !== b)
      .map(([a, b]) => ({ from: node(Math.max(a, b)), to: node(Math.min(a, b)) })),
  );
  const time = new DrivenTime();
  const visits = new Map<string, Visit>();
  const bad = new Set(input.failing.map((i) => partKey(node(i % size))));
  const walking = walkGraph(
    graph,
    async (id) => {
      const visit: Visit = { start: time.now, end: Number.POSITIVE_INFINITY };
      visits.set(partKey(id), visit);
      await time.sleep(input.delays[Number(id.name.slice(1))] ?? 1);
      visit.end = time.now;
      if (bad.has(partKey(id))) throw new Error(`${partKey(id)} is bad`);
    },
    { reverse: input.reverse, concurrency: input.concurrency },
  );
  return { graph, result: await time.run(walking), visits };
}

const waitsFor = (graph: Graph, id: PartId, reverse: boolean) =>
  reverse ? graph.neededBy(id) : graph.needs(id);

describe('a walk', () => {
  it('visits every part once, after all that it needs, and never too many at once', async () => {
    await fc.assert(
      fc.asyncProperty(inputs(false), async (input) => {
        const { graph, result, visits } = await walk(input);
        expect(result.done.map(partKey).sort()).toEqual(graph.nodes.map(partKey).sort());
        expect(result).toMatchObject({ failed: [], skipped: [], interrupted: false });
        for (const id of graph.nodes) {
          const { start } = visits.get(partKey(id)) as Visit;
          for (const need of waitsFor(graph, id, input.reverse)) {
            expect(visits.get(partKey(need))?.end).toBeLessThanOrEqual(start);
          }
          const running = [...visits.values()].filter((other) => other.start <= start && other.end > start);
          expect(running.length).toBeLessThanOrEqual(input.concurrency);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('starts a part the moment that it can: no levels', async () => {
    await fc.assert(
      fc.asyncProperty(inputs(false), async (input) => {
        const { graph, visits } = await walk({ ...input, concurrency: Number.POSITIVE_INFINITY });
        for (const id of graph.nodes) {
          const ends = waitsFor(graph, id, input.reverse).map((need) => visits.get(partKey(need))?.end ?? 0);
          expect(visits.get(partKey(id))?.start).toBe(Math.max(0, ...ends));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('starts nothing after the first failure, waits for what runs, and accounts for every part', async () => {
    await fc.assert(
      fc.asyncProperty(inputs(true), async (input) => {
        const { graph, result, visits } = await walk(input);
        const all = [
          ...result.done,
          ...result.failed.map(({ id }) => id),
          ...result.skipped.map(({ id }) => id),
        ];
        expect(all.map(partKey).sort()).toEqual(graph.nodes.map(partKey).sort());
        const first = result.failed[0];
        expect(first).toBeDefined();
        const failedAt = visits.get(partKey((first as { id: PartId }).id))?.end ?? 0;
        for (const { start, end } of visits.values()) {
          expect(start).toBeLessThanOrEqual(failedAt);
          expect(end).toBeLessThan(Number.POSITIVE_INFINITY);
        }
        const failed = new Set(result.failed.map(({ id }) => partKey(id)));
        for (const { id, because } of result.skipped) {
          expect(visits.has(partKey(id))).toBe(false);
          const culprit = waitsFor(graph, id, input.reverse).find((need) => failed.has(partKey(need)));
          if (culprit) expect([...failed].map((key) => `${key} failed`)).toContain(because);
          expect(because).toMatch(/^(not started after )?stack s\d+ failed$/);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('blames the part that failed for all that needs it, however far', async () => {
    const graph = makeGraph([0, 1, 2, 3].map(node), [
      { from: node(1), to: node(0) },
      { from: node(2), to: node(1) },
    ]);
    const result = await walkGraph(
      graph,
      async (id) => {
        if (id.name === 's0') throw new Error('no');
      },
      { concurrency: 1 },
    );
    expect(result.skipped).toEqual([
      { id: node(3), because: 'not started after stack s0 failed' },
      { id: node(1), because: 'stack s0 failed' },
      { id: node(2), because: 'stack s0 failed' },
    ]);
  });

  it('that is interrupted starts nothing more, and hands the signal to what runs', async () => {
    const graph = makeGraph([0, 1].map(node), [{ from: node(1), to: node(0) }]);
    const controller = new AbortController();
    const result = await walkGraph(
      graph,
      async (_, signal) => {
        controller.abort();
        expect(signal.aborted).toBe(true);
      },
      { signal: controller.signal },
    );
    expect(result).toEqual({
      done: [node(0)],
      failed: [],
      skipped: [{ id: node(1), because: 'interrupted' }],
      interrupted: true,
    });
  });

  it('of nothing is done at once, and a visit that throws at once is a failure', async () => {
    expect((await walkGraph(makeGraph([], []), async () => {})).done).toEqual([]);
    const result = await walkGraph(makeGraph([node(0)], []), () => {
      throw new Error('at once');
    });
    expect(result.failed).toHaveLength(1);
  });
});
