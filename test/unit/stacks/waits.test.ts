import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployStack } from '../../../src/lib/stacks/index.ts';
import { needsOf, waitedFor } from '../../../src/lib/stacks/watch/waits.ts';
import { things, type World, world } from './setup.ts';

const TEMPLATE = `
Resources:
  Subnets: { Type: A }
  Database: { Type: B, Properties: { In: !Ref Subnets } }
  Bucket: { Type: C }
  Api: { Type: D, DependsOn: Bucket, Properties: { Url: !Sub "\${Database.Address}/x", Who: !Ref AWS::AccountId } }
  Alarm: { Type: E, Condition: Prod, Properties: { Of: !GetAtt Bucket.Arn } }
`;
const needs = needsOf(TEMPLATE);
const work = (running: string[], over: string[], more: object = {}) => ({
  running,
  over: new Set(over),
  backwards: false,
  whole: true,
  ...more,
});

describe('what everything waits for', () => {
  it('knows the order from references and DependsOn', () => {
    expect(Object.fromEntries([...needs.of].map(([id, of]) => [id, [...of].sort()]))).toEqual({
      Subnets: [],
      Database: ['Subnets'],
      Bucket: [],
      Api: ['Bucket', 'Database'],
      Alarm: ['Bucket'],
    });
    expect([...needs.optional]).toEqual(['Alarm']);
  });

  it.each([
    ['a resource that runs alone', work(['Api'], ['Database']), ['Api']],
    ['the one that all of the rest needs', work(['Subnets', 'Bucket'], []), ['Subnets']],
    ['both that the rest needs', work(['Database', 'Bucket'], ['Subnets']), ['Database', 'Bucket']],
    ['nothing where several run and none waits', work(['Api', 'Alarm'], ['Database', 'Bucket']), []],
    [
      'nothing of an update, where what does not begin may be as it should',
      work(['A', 'B'], [], { whole: false }),
      [],
    ],
    ['against the order in a deletion', work(['Api', 'Alarm'], [], { backwards: true }), ['Api']],
  ])('is %s', (_, now, expected) => expect(waitedFor(needs, now)).toEqual(expected));

  it('is never one that some of the rest does not need', () => {
    const ids = ['A', 'B', 'C', 'D', 'E'];
    const edges = fc.uniqueArray(
      fc.tuple(fc.nat(4), fc.nat(4)).filter(([a, b]) => a > b),
      { selector: ([a, b]) => a * 5 + b },
    );
    fc.assert(
      fc.property(edges, fc.subarray(ids), (pairs, running) => {
        const of = new Map(ids.map((id) => [id, new Set<string>()]));
        for (const [a, b] of pairs) of.get(ids[a] ?? '')?.add(ids[b] ?? '');
        const found = waitedFor({ of, optional: new Set() }, work(running, []));
        for (const one of found) expect(running).toContain(one);
        if (running.length > 1 && found.length > 0) {
          // Without what was found, nothing of the rest could begin.
          const rest = ids.filter((id) => !running.includes(id));
          for (const id of rest) expect(reach(of, id)).toEqual(expect.arrayContaining(found));
        }
      }),
    );
  });
});

function reach(of: ReadonlyMap<string, ReadonlySet<string>>, id: string): string[] {
  return [...(of.get(id) ?? [])].flatMap((next) => [next, ...reach(of, next)]);
}

describe('a deploy that waits long', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());
  const waiting = () =>
    w.reported.flatMap((event) => (event.type === 'stack.waiting' ? [event.on?.path.join('/') ?? null] : []));

  const template = {
    Resources: {
      Slow: { Type: 'Fake::Thing', Properties: { Milliseconds: 90_000 } },
      Other: { Type: 'Fake::Thing', Properties: { Milliseconds: 40_000 } },
      Api: { Type: 'Fake::Thing', DependsOn: 'Slow' },
    },
  };

  it('says what all waits for, once, and when it does no more', async () => {
    await deployStack(w.deps, await w.spec(template));
    expect(waiting()).toEqual(['Slow', null]);
    const on = w.reported.find((event) => event.type === 'stack.waiting')?.on;
    expect(on).toMatchObject({ path: ['Slow'], resourceType: 'Fake::Thing' });
    // One to compare before, one for the order.
    expect(w.actions().filter((action) => action === 'GetTemplate')).toHaveLength(2);
  });

  it('names the resource inside the nested stack', async () => {
    const store = await w.deps.artifacts();
    await store.put('inner.yaml', JSON.stringify(things({ Deep: { Milliseconds: 60_000 }, Quick: {} })));
    const Properties = { TemplateURL: store.url('inner.yaml') };
    await deployStack(
      w.deps,
      await w.spec({ Resources: { Child: { Type: 'AWS::CloudFormation::Stack', Properties } } }),
    );
    expect(waiting()).toEqual(['Child/Deep', null]);
  });

  it('goes on where the template may not be read: only what runs alone is named then', async () => {
    w.fake.faults.deny('cloudformation:GetTemplate', { after: 1 });
    w.fake.state.cloudFormation.script.set('Api', { ms: 20_000 });
    await deployStack(w.deps, await w.spec(template));
    expect(waiting()).toEqual(['Slow', null, 'Api', null]);
  });

  it('asks each stack no more than once a second when it is quiet', async () => {
    w.fake.state.cloudFormation.script.set('Slow', { ms: 600_000 });
    await deployStack(w.deps, await w.spec(template));
    const times = w.fake.requests
      .filter(({ action }) => action === 'DescribeStackEvents')
      .map(({ at }) => at - (w.fake.requests[0]?.at ?? 0));
    // Half way AWS tells the resource's id, which is an event.
    const quiet = times.filter((at) => (at > 70_000 && at < 290_000) || (at > 340_000 && at < 590_000));
    expect(quiet.length).toBeGreaterThan(400);
    // Counted, not gap by gap: on a busy machine virtual time runs on while a request is on its way.
    expect(quiet.length).toBeLessThanOrEqual(220 + 250 + 2);
  });
});
