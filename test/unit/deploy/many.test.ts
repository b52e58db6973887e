import { afterEach, describe, expect, it } from 'vitest';
import { Pacers } from '../../../src/lib/aws/pacing.ts';
import { sessionFor } from '../../fake/session.ts';
import { Deploys } from './setup.ts';

/** Graphs of many stacks, in the fake's time. */

let deploys: Deploys | undefined;
afterEach(async () => {
  await deploys?.close();
  deploys = undefined;
});

/** Stacks whose one resource takes a while; `needs` gives the numbers of those that stack i needs. */
async function project(
  count: number,
  ms: number,
  needs: (i: number) => number[] = () => [],
): Promise<Deploys> {
  const template = JSON.stringify({
    Parameters: Object.fromEntries(['A', 'B'].map((name) => [name, { Type: 'String', Default: '-' }])),
    Resources: {
      Slow: { Type: 'Fake::Slow', Properties: { Milliseconds: ms, A: { Ref: 'A' }, B: { Ref: 'B' } } },
    },
    Outputs: { Name: { Value: { Ref: 'Slow' } } },
  });
  const stacks = Array.from({ length: count }, (_, i) => {
    const given = needs(i).map((to, at) => `${'AB'[at]}: { output: s${to}.Name }`);
    return `  s${i}: { template: one.yaml, parameters: { ${given.join(', ')} } }`;
  });
  return Deploys.open({
    'one.yaml': template,
    'infractl.yaml': `project: many\nstacks:\n${stacks.join('\n')}\n`,
  });
}

async function run(made: Deploys) {
  deploys = made;
  const { fake } = made;
  const session = { ...(await sessionFor(fake)), pacers: new Pacers(fake.clock) };
  const before = fake.clock.now();
  const result = await made.deploy({}, { session });
  const seconds = (fake.clock.now() - before) / 1000;
  const calls = new Map<string, number>();
  for (const action of fake.actions())
    if (action.startsWith('cloudformation:')) calls.set(action, (calls.get(action) ?? 0) + 1);
  return { result, seconds, calls, fake };
}

describe('many stacks', () => {
  it('sixty that do not need each other end within 10 % of the time of one', async () => {
    const one = await run(await project(1, 20_000));
    await one.fake.close();
    const all = await run(await project(60, 20_000));
    expect(all.result.parts).toHaveLength(60);
    expect(all.seconds).toBeLessThanOrEqual(one.seconds * 1.1);
    // Together they stay under the rate of each API, the first burst apart.
    for (const [api, calls] of all.calls) expect((calls - 60) / all.seconds, api).toBeLessThanOrEqual(60);
  }, 120_000);

  it('sixty at once where AWS takes five calls a second: they take their time and all end well', async () => {
    const made = await project(60, 10_000);
    made.fake.buckets.limit([['cloudformation:*', { capacity: 10, refill: 5 }]]);
    const { result, fake } = await run(made);
    expect(result.parts.filter(({ outcome }) => outcome === 'created')).toHaveLength(60);
    expect(fake.requests.some(({ status, service }) => service === 'cloudformation' && status === 400)).toBe(
      true,
    );
  }, 120_000);

  it.each([
    ['a chain', 200, (i: number) => (i > 0 ? [i - 1] : []), 200],
    ['a fan', 200, (i: number) => (i > 0 ? [0] : []), 2],
    ['a grid', 196, (i: number) => [...(i % 14 > 0 ? [i - 1] : []), ...(i >= 14 ? [i - 14] : [])], 27],
  ])(
    'two hundred as %s are deployed, in order',
    async (_, count, needs, depth) => {
      const all = await run(await project(count, 1000, needs));
      expect(all.result.parts.every(({ outcome }) => outcome === 'created')).toBe(true);
      const began = (i: number) =>
        all.fake.state.cloudFormation.stack(`many-s${i}-dev`).events[0]?.Timestamp.getTime() ?? 0;
      const ended = (i: number) =>
        all.fake.state.cloudFormation.stack(`many-s${i}-dev`).events.at(-1)?.Timestamp.getTime() ?? 0;
      for (let i = 0; i < count; i++)
        for (const to of needs(i)) expect(began(i)).toBeGreaterThanOrEqual(ended(to));
      expect(all.seconds).toBeLessThan(depth * 5 + (count * 15) / 30);
    },
    120_000,
  );
});
