import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollPort } from '../../../src/lib/aws/group-rolls.ts';
import { Exit, InfractlError, Interrupted } from '../../../src/lib/base/errors.ts';
import { silentReporter } from '../../../src/lib/base/report.ts';
import { type RollOrder, recoverGroup, rollGroup } from '../../../src/lib/releases/roll.ts';
import { batchSize, MOST_OUT, markText, readMark } from '../../../src/lib/releases/roll-mark.ts';
import type { FakeGroup } from '../../fake/autoscaling.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';
import type { FakeTargetGroup } from '../../fake/targets.ts';

const ARN = 'arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/api/1';
const MARK = 'infractl:release';

describe('releasing to an auto scaling group', () => {
  let fake: Fake;
  let group: FakeGroup;
  let target: FakeTargetGroup;
  let released: string[];
  /** What each member runs. */
  let runs: Map<string, string>;
  beforeEach(async () => {
    fake = await startFake();
    released = [];
    runs = new Map();
  });
  afterEach(() => fake.close());

  function members(count: number, facts: Partial<FakeGroup> = {}): string[] {
    target = fake.state.targets.addTargetGroup({ arn: ARN });
    const ids = Array.from({ length: count }, (_, at) => `i-${String(at + 1).padStart(17, '0')}`);
    group = fake.state.autoScaling.addGroup({
      name: 'api',
      min: count,
      desired: count,
      max: count + 2,
      members: ids.map((id) => ({ id, lifecycle: 'InService', healthy: true })),
      targetGroups: [ARN],
      ...facts,
    } as FakeGroup & { tags: never });
    for (const id of ids) {
      target.targets.set(id, 'checked');
      runs.set(id, 'old');
    }
    return ids;
  }

  async function roll(order: Partial<RollOrder<string>> = {}, signal = new AbortController().signal) {
    const port = rollPort(await sessionFor(fake), fake.clock);
    const deps = { port, clock: fake.clock, reporter: silentReporter, signal };
    return rollGroup(deps, {
      group: 'api',
      by: 'ada@desk',
      batch: { count: 1 },
      timeout: 600_000,
      told: () => {},
      ended: () => {},
      look: async (id) => (runs.get(id) === 'new' ? 'unchanged' : undefined),
      release: async (id) => {
        const member = group.members.find((one) => one.id === id);
        released.push(`${id.slice(-1)} ${member?.lifecycle} ${target.targets.get(id) ?? 'away'}`);
        runs.set(id, 'new');
        return 'released';
      },
      undo: async (id) => void runs.set(id, 'old'),
      ...order,
    });
  }
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => {
        throw new Error('it succeeded');
      },
      (error: { code: string; message: string; why?: string; suggestions: string[]; exit: number }) => error,
    );
  const asBefore = (count: number) => {
    expect(group.members.map(({ lifecycle }) => lifecycle)).toEqual(Array(count).fill('InService'));
    expect(group).toMatchObject({ min: count, desired: count });
    expect(group.tags.has(MARK)).toBe(false);
  };

  it('takes one after the other out of the load balancer, drained, and waits until it is healthy in it again', async () => {
    members(3);
    await roll();
    expect(released).toEqual(['1 Standby away', '2 Standby away', '3 Standby away']);
    expect([...runs.values()]).toEqual(['new', 'new', 'new']);
    asBefore(3);
    expect([...target.targets.values()]).toEqual(['checked', 'checked', 'checked']);
  });

  it('never leaves fewer in service than the batch allows, and nothing is launched in their place', async () => {
    members(4);
    let least = 4;
    const release = async (id: string) => {
      least = Math.min(least, group.members.filter(({ lifecycle }) => lifecycle === 'InService').length);
      runs.set(id, 'new');
      return 'released';
    };
    await roll({ batch: { percent: 50 }, release });
    expect(least).toBe(2);
    expect(group.members).toHaveLength(4);
    asBefore(4);
  });

  it('leaves alone those that run it already', async () => {
    const [first, second] = members(3);
    runs.set(first ?? '', 'new').set(second ?? '', 'new');
    const done = await roll();
    expect(released).toEqual(['3 Standby away']);
    expect([...done.values()]).toEqual(['unchanged', 'unchanged', 'released']);
    expect(fake.actions().filter((action) => action === 'autoscaling:EnterStandby')).toHaveLength(1);
  });

  it('releases in place to the only member: somebody must serve', async () => {
    members(1);
    await roll();
    expect(released).toEqual(['1 InService checked']);
    asBefore(1);
  });

  it('stops at the first failure: that one is back with what it ran, the rest is untouched', async () => {
    members(4);
    const release = async (id: string) => {
      released.push(id.slice(-1));
      if (id.endsWith('2'))
        throw new InfractlError({ code: 'Unhealthy', message: 'It died.', exit: Exit.unhealthy });
      runs.set(id, 'new');
      return 'released';
    };
    const error = await failure(roll({ release }));
    expect(error).toMatchObject({ code: 'Unhealthy', exit: 8 });
    expect(error.why).toMatch(/1 has it\.\nNot begun, and as before: \S+3 and \S+4\./);
    expect(error.suggestions.join()).toContain('infractl redeploy rollback');
    expect(released).toEqual(['1', '2']);
    await fake.clock.sleep(60_000);
    asBefore(4);
    // Mended, it goes on with the rest.
    released = [];
    await roll();
    expect(released).toHaveLength(3);
  });

  it('takes a member back that the load balancer does not find healthy, and stops', async () => {
    members(3);
    target.healthy = (id) => runs.get(id) === 'old';
    const error = await failure(roll());
    expect(error).toMatchObject({ code: 'MemberUnhealthy', exit: 8 });
    expect([...runs.values()]).toEqual(['old', 'old', 'old']);
    await fake.clock.sleep(60_000);
    asBefore(3);
  });

  it('brings it to members that come meanwhile, and does not miss those that go', async () => {
    const [, second] = members(3, { min: 1 });
    fake.clock.after(20_000, () => {
      group.members = group.members.filter(({ id }) => id !== second);
      group.desired -= 1;
      const fresh = { id: `i-${'9'.repeat(17)}`, lifecycle: 'Pending', healthy: true };
      runs.set(fresh.id, 'old');
      group.members.push(fresh);
      group.desired += 1;
      fake.clock.after(90_000, () => {
        fresh.lifecycle = 'InService';
        target.targets.set(fresh.id, 'checked');
      });
    });
    const done = await roll();
    expect([...done.keys()].map((id) => id.slice(-1)).sort()).toEqual(['1', '3', '9']);
    expect(group.tags.has(MARK)).toBe(false);
  });

  it('is for one at a time, and says who is at work', async () => {
    members(3);
    const first = roll();
    await fake.clock.sleep(10_000);
    expect(await failure(roll())).toMatchObject({ code: 'GroupBusy', exit: 6 });
    expect((await failure(roll())).why).toMatch(/^ada@desk, heard of/);
    await first;
    asBefore(3);
  });

  it('lets one of two go on who begin in the same moment', async () => {
    members(2);
    const results = await Promise.allSettled([roll(), roll()]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    asBefore(2);
  });

  it('puts back what a dead run left: who was out, and the least size of the group', async () => {
    const [first] = members(3);
    Object.assign(group, { min: 2, desired: 2 });
    const [left] = group.members;
    if (left) left.lifecycle = 'Standby';
    target.targets.delete(first ?? '');
    const mark = {
      by: 'bob@ci',
      run: 'abc123',
      beat: fake.clock.now() - 600_000,
      min: 3,
      out: [first ?? ''],
    };
    group.tags.set(MARK, markText(mark));
    await roll();
    expect([...runs.values()]).toEqual(['new', 'new', 'new']);
    asBefore(3);
  });

  it('is unlocked by hand in the same way', async () => {
    const [first] = members(2);
    Object.assign(group, { min: 1, desired: 1 });
    const [left] = group.members;
    if (left) left.lifecycle = 'Standby';
    const mark = { by: 'bob@ci', run: 'abc123', beat: fake.clock.now(), min: 2, out: [first ?? ''] };
    group.tags.set(MARK, markText(mark));
    const port = rollPort(await sessionFor(fake), fake.clock);
    expect(await recoverGroup({ port, clock: fake.clock }, 'api')).toMatchObject({ by: 'bob@ci' });
    await fake.clock.sleep(60_000);
    asBefore(2);
  });

  it('puts everything back when it is interrupted', async () => {
    members(3);
    const controller = new AbortController();
    const release = async () => {
      controller.abort(new Interrupted());
      throw new Interrupted();
    };
    expect(await failure(roll({ release }, controller.signal))).toMatchObject({ code: 'Interrupted' });
    await fake.clock.sleep(60_000);
    asBefore(3);
  });

  it('puts a member in once, also where the answer to that was lost', async () => {
    members(2);
    fake.faults.lost('autoscaling:ExitStandby', { times: 2, after: 1 });
    await roll();
    expect([...runs.values()]).toEqual(['new', 'new']);
    asBefore(2);
  });

  it('goes on through throttling, lost answers and cut connections', async () => {
    members(2);
    fake.faults.throttle('autoscaling:*', { times: 5, every: 3 });
    fake.faults.reset('elasticloadbalancing:DescribeTargetHealth', { times: 3, every: 2 });
    await roll();
    asBefore(2);
  });
});

describe('the mark of a release to a group', () => {
  const id = fc.stringMatching(/^i-[0-9a-f]{17}$/);
  it('is read as it was written, and fits into a tag', () => {
    fc.assert(
      fc.property(
        fc.record({
          by: fc.stringMatching(/^[a-z]{1,60}@[a-z0-9.-]{1,60}$/),
          run: fc.stringMatching(/^[0-9a-f]{6}$/),
          beat: fc.nat(4_000_000_000).map((seconds) => seconds * 1000),
          min: fc.nat(1000),
          out: fc.array(id, { maxLength: MOST_OUT }),
        }),
        (mark) => {
          const text = markText(mark);
          expect(text.length).toBeLessThanOrEqual(256);
          expect(text).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u);
          expect(readMark(text)).toEqual({ ...mark, by: mark.by.slice(0, 32) });
        },
      ),
    );
  });

  it('leaves one in service wherever there are two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 500 }), fc.integer({ min: 1, max: 100 }), (count, wanted) => {
        for (const batch of [{ count: wanted }, { percent: wanted }]) {
          const size = batchSize(batch, count);
          expect(size).toBeGreaterThanOrEqual(1);
          expect(size).toBeLessThan(count);
        }
      }),
    );
  });
});
