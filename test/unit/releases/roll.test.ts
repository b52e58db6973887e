import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rollPort } from '../../../src/lib/aws/group-rolls.ts';
import { Exit, InfractlError, Interrupted } from '../../../src/lib/base/errors.ts';
import { silentReporter } from '../../../src/lib/base/report.ts';
import { rollGroup } from '../../../src/lib/releases/roll.ts';
import { recoverGroup } from '../../../src/lib/releases/roll-group.ts';
import {
  batchSize,
  MOST_OUT,
  markText,
  mostFailures,
  readMark,
} from '../../../src/lib/releases/roll-mark.ts';
import type { RollOrder } from '../../../src/lib/releases/roll-order.ts';
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
  /** Commands of dead runs that were stopped. */
  let cancelled: string[];
  /** What each member runs. */
  let runs: Map<string, string>;
  beforeEach(async () => {
    fake = await startFake();
    released = [];
    cancelled = [];
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

  /** On one member after the other at the same time, as `ssh` does it. */
  const each = (work: (id: string) => Promise<string>) => (ids: readonly string[]) =>
    Promise.allSettled(ids.map(work));

  async function roll(order: Partial<RollOrder<string>> = {}, signal = new AbortController().signal) {
    const port = rollPort(await sessionFor(fake), fake.clock);
    const cancel = async (command: string) => void cancelled.push(command);
    const deps = { port, clock: fake.clock, reporter: silentReporter, signal, cancel };
    return rollGroup(deps, {
      group: 'api',
      by: 'ada@desk',
      batch: { count: 1 },
      errors: { count: 0 },
      walks: false,
      timeout: 600_000,
      told: () => {},
      ended: () => {},
      look: (ids) =>
        Promise.allSettled(ids.map(async (id) => (runs.get(id) === 'new' ? 'unchanged' : undefined))),
      release: each(async (id) => {
        const member = group.members.find((one) => one.id === id);
        released.push(`${id.slice(-1)} ${member?.lifecycle} ${target.targets.get(id) ?? 'away'}`);
        runs.set(id, 'new');
        return 'released';
      }),
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
    await roll({ batch: { percent: 50 }, release: each(release) });
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
    const error = await failure(roll({ release: each(release) }));
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
    const cancel = async () => {};
    expect(await recoverGroup({ port, clock: fake.clock, cancel }, 'api')).toMatchObject({ by: 'bob@ci' });
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
    expect(await failure(roll({ release: each(release) }, controller.signal))).toMatchObject({
      code: 'Interrupted',
    });
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

  it('goes on until more have failed than may, and says which', async () => {
    const [, second] = members(4);
    const release = async (id: string) => {
      released.push(id.slice(-1));
      if (id === second) throw new InfractlError({ code: 'Unhealthy', message: 'It died.', exit: 8 });
      runs.set(id, 'new');
      return 'released';
    };
    const error = await failure(roll({ release: each(release), errors: { percent: 25 } }));
    expect(error).toMatchObject({ code: 'Unhealthy', exit: 8 });
    expect(error.why).toMatch(/1, \S+3 and \S+4 have it\.$/);
    expect(released).toEqual(['1', '2', '3', '4']);
    await fake.clock.sleep(60_000);
    asBefore(4);
  });

  describe('where the way in walks by itself and no load balancer is there', () => {
    /** One after the other until too many have failed, as the engine of Systems Manager does it. */
    const walk =
      (work: (id: string) => Promise<string>): RollOrder<string>['release'] =>
      async (ids, { errors, concurrency, sent }) => {
        sent('00000000-0000-4000-8000-000000000001');
        walks.push(`${ids.length} by ${concurrency}, ${errors} may fail`);
        const results: PromiseSettledResult<string>[] = [];
        const unbegun = new InfractlError({ code: 'HostNotBegun', message: 'Not begun.' });
        for (const id of ids) {
          const failures = results.filter(({ status }) => status === 'rejected').length;
          const [result] = failures > errors ? [] : await Promise.allSettled([work(id)]);
          results.push(result ?? { status: 'rejected', reason: unbegun });
        }
        return results;
      };
    let walks: string[];
    beforeEach(() => {
      walks = [];
    });
    const take = async (id: string) => {
      await fake.clock.sleep(20_000);
      runs.set(id, 'new');
      return 'released';
    };

    it('is one batch in place: nobody is put into standby', async () => {
      members(12, { targetGroups: [] });
      const marks: (string | undefined)[] = [];
      fake.clock.after(30_000, () => marks.push(group.tags.get(MARK)));
      await roll({ walks: true, batch: { percent: 25 }, release: walk(take) });
      expect(walks).toEqual(['12 by 3, 0 may fail']);
      expect([...runs.values()]).toEqual(Array(12).fill('new'));
      expect(fake.actions()).not.toContain('autoscaling:EnterStandby');
      expect(marks[0]).toContain('command=00000000-0000-4000-8000-000000000001');
      asBefore(12);
    });

    it('is taken out of a load balancer all the same where there is one', async () => {
      members(4);
      await roll({ walks: true, batch: { count: 2 }, release: walk(take) });
      expect(walks).toEqual(['2 by 2, 0 may fail', '2 by 2, 0 may fail']);
      expect(fake.actions().filter((action) => action === 'autoscaling:EnterStandby')).toHaveLength(2);
      asBefore(4);
    });

    it('stops where too many have failed: the rest was not begun', async () => {
      const ids = members(6, { targetGroups: [] });
      const release = walk(async (id) => {
        if (id === ids[2]) throw new InfractlError({ code: 'Unhealthy', message: 'It died.', exit: 8 });
        return take(id);
      });
      const error = await failure(roll({ walks: true, release }));
      expect(error).toMatchObject({ code: 'Unhealthy', exit: 8 });
      expect(error.why).toMatch(/1 and \S+2 have it\.\nNot begun, and as before: \S+4, \S+5 and \S+6\./);
      expect(error.suggestions.join()).toContain('Mended, the same command goes on with the rest.');
      asBefore(6);
    });

    it('goes on past one that the group has ended meanwhile', async () => {
      const ids = members(4, { targetGroups: [], min: 1 });
      const release = walk(async (id) => {
        if (id !== ids[1]) return take(id);
        group.members = group.members.filter((one) => one.id !== id);
        group.desired -= 1;
        throw new InfractlError({ code: 'HostUnreachable', message: 'It is gone.' });
      });
      const done = await roll({ walks: true, release });
      expect([...done.keys()]).toEqual([ids[0], ids[2], ids[3]]);
      // The engine stopped at it; what it had not begun was begun anew.
      expect(walks).toEqual(['4 by 1, 0 may fail', '2 by 1, 0 may fail']);
    });

    it('stops the walk of a run that died before it begins its own', async () => {
      members(3, { targetGroups: [] });
      const command = '00000000-0000-4000-8000-00000000000a';
      const mark = {
        by: 'bob@ci',
        run: 'abc123',
        beat: fake.clock.now() - 600_000,
        min: 3,
        out: [],
        command,
      };
      group.tags.set(MARK, markText(mark));
      await roll({ walks: true, release: walk(take) });
      expect(cancelled).toEqual([command]);
      expect([...runs.values()]).toEqual(['new', 'new', 'new']);
    });

    it('begins nothing where a member does not answer', async () => {
      const ids = members(3, { targetGroups: [] });
      const silent = new InfractlError({ code: 'HostUnreachable', message: 'It does not answer.' });
      const look: RollOrder<string>['look'] = async (some) =>
        some.map((id) =>
          id === ids[1] ? { status: 'rejected', reason: silent } : { status: 'fulfilled', value: undefined },
        );
      const error = await failure(roll({ walks: true, look, release: walk(take) }));
      expect(error).toMatchObject({ code: 'HostUnreachable' });
      expect(error.why).toMatch(/^Not begun, and as before: \S+1 and \S+3\.$/);
      expect(walks).toEqual([]);
      // One may: then the others get it, and it is said all the same.
      const again = await failure(roll({ walks: true, look, release: walk(take), errors: { count: 1 } }));
      expect(again.why).toMatch(/1 and \S+3 have it\./);
      expect(walks).toEqual(['2 by 1, 0 may fail']);
    });
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
          command: fc.option(fc.uuid(), { nil: undefined }),
        }),
        (mark) => {
          const text = markText(mark);
          expect(text.length).toBeLessThanOrEqual(256);
          expect(text).toMatch(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u);
          // Where members are out there is no walk.
          const command = mark.out.length > 0 ? undefined : mark.command;
          expect(readMark(text)).toEqual({ ...mark, by: mark.by.slice(0, 32), command });
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

  it('lets as many fail as AWS would', () => {
    expect(mostFailures({ percent: 10 }, 50)).toBe(5);
    expect(mostFailures({ percent: 10 }, 9)).toBe(0);
    expect(mostFailures({ count: 3 }, 50)).toBe(3);
  });
});
