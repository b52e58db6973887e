import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refreshPort } from '../../../src/lib/aws/group-refreshes.ts';
import { Interrupted } from '../../../src/lib/base/errors.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { minHealthy, refreshBack, refreshToNewest } from '../../../src/lib/releases/refresh.ts';
import type { FakeGroup } from '../../fake/autoscaling.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

const TEMPLATE = 'lt-0123456789abcdef0';

describe('releasing an image to an auto scaling group', () => {
  let fake: Fake;
  let group: FakeGroup;
  let said: ReportEvent[];
  beforeEach(async () => {
    fake = await startFake();
    said = [];
    fake.state.ec2.launchTemplates.set(TEMPLATE, 7);
    group = fake.state.autoScaling.addGroup({ name: 'api', min: 3, desired: 3 });
    group.template = { id: TEMPLATE, name: 'api', version: '6' };
    for (const at of [1, 2, 3])
      group.members.push({
        id: `i-0000000000000000${at}`,
        lifecycle: 'InService',
        healthy: true,
        version: 6,
      });
  });
  afterEach(() => fake.close());

  async function parts(signal = new AbortController().signal) {
    const port = refreshPort(await sessionFor(fake), fake.clock);
    const reporter = { emit: (event: ReportEvent) => void said.push(event) };
    const order = { group: 'api', part: 'release api on api', batch: { count: 1 }, timeout: 600_000 };
    return [{ port, clock: fake.clock, reporter, signal }, order] as const;
  }
  const deploy = async (signal?: AbortSignal) => refreshToNewest(...(await parts(signal)));
  const back = async (version?: number) => refreshBack(...(await parts()), version);
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => {
        throw new Error('it succeeded');
      },
      (error: { code: string; message: string; why?: string; suggestions: string[]; exit: number }) => error,
    );
  const versions = () => group.members.map(({ version }) => version);
  const started = () => fake.requests.filter(({ action }) => action === 'StartInstanceRefresh');

  it('replaces the members a few at a time, tells how far it is, and can go back by itself', async () => {
    expect(await deploy()).toEqual({ changed: true, version: 7, previous: 6 });
    expect(versions()).toEqual([7, 7, 7]);
    expect(started()[0]?.parameters.Preferences).toEqual({
      MinHealthyPercentage: '66',
      SkipMatching: 'true',
      AutoRollback: 'true',
    });
    const words = said.flatMap((event) => (event.type === 'part.status' ? [event.status] : []));
    expect(words).toEqual(expect.arrayContaining(['replacing members: 33 %', 'replacing members: 66 %']));
  });

  it('does nothing where all have the newest version', async () => {
    await deploy();
    expect(await deploy()).toEqual({ changed: false, version: 7, previous: null });
    expect(started()).toHaveLength(1);
  });

  it('says that AWS went back, and why', async () => {
    group.failRefresh = 'Instance i-1 failed its health checks';
    const error = await failure(deploy());
    expect(error).toMatchObject({ code: 'RefreshRolledBack', exit: 8 });
    expect(error.why).toContain('failed its health checks');
    expect(versions()).toEqual([6, 6, 6]);
  });

  it('says where AWS cannot go back, and how it is done', async () => {
    if (group.template) group.template.version = '$Latest';
    group.failRefresh = 'Instance i-1 failed its health checks';
    expect(await failure(deploy())).toMatchObject({ code: 'RefreshFailed', exit: 1 });
    expect(started()[0]?.parameters.Preferences).toMatchObject({ AutoRollback: 'false' });
  });

  it('goes back to the version of before, and forth again', async () => {
    await deploy();
    expect(await back(6)).toMatchObject({ changed: true, version: 6 });
    expect(versions()).toEqual([6, 6, 6]);
    expect(await back()).toMatchObject({ changed: true, version: 7 });
    expect(versions()).toEqual([7, 7, 7]);
  });

  it('asks for a version where AWS remembers none, and knows those that there are', async () => {
    expect(await failure(back())).toMatchObject({ code: 'NothingToGoBackTo' });
    expect((await failure(back())).suggestions[0]).toContain('redeploy rollback 5');
    expect(await failure(back(9))).toMatchObject({ code: 'NoSuchRelease', exit: 2 });
  });

  it('leaves AWS at work on Ctrl-C; the next run follows it, and a rollback takes it back', async () => {
    const controller = new AbortController();
    fake.clock.after(50_000, () => controller.abort(new Interrupted()));
    const error = await failure(deploy(controller.signal));
    expect(error).toMatchObject({ code: 'Interrupted', exit: 130 });
    expect(error.message).toContain('AWS goes on');
    expect(await back()).toMatchObject({ changed: true, version: 6 });
    expect(versions()).toEqual([6, 6, 6]);
    const second = new AbortController();
    fake.clock.after(20_000, () => second.abort(new Interrupted()));
    await failure(deploy(second.signal));
    expect(await deploy()).toMatchObject({ changed: true, version: 7 });
    expect(started()).toHaveLength(2);
  });

  it('cancels what AWS cannot take back, and then brings the version of before', async () => {
    if (group.template) group.template.version = '$Default';
    const controller = new AbortController();
    fake.clock.after(50_000, () => controller.abort(new Interrupted()));
    await failure(deploy(controller.signal));
    expect(versions()).toContain(7);
    expect(await back()).toMatchObject({ version: 6 });
    expect(versions()).toEqual([6, 6, 6]);
  });

  it('does not get in the way of another one', async () => {
    group.refreshes.unshift({ id: 'theirs', status: 'InProgress', percent: 10, version: '5' });
    expect(await failure(deploy())).toMatchObject({ code: 'GroupBusy', exit: 6 });
    expect(started()).toHaveLength(0);
  });

  it('begins one, also where the answer was lost', async () => {
    fake.faults.lost('autoscaling:StartInstanceRefresh');
    expect(await deploy()).toMatchObject({ changed: true, version: 7 });
    expect(group.refreshes).toHaveLength(1);
  });
});

describe('the share that stays in service', () => {
  it('lets as many be replaced as the batch says, and never none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 8 }), (members, count) => {
        const kept = minHealthy({ count }, members);
        expect(kept).toBeGreaterThanOrEqual(0);
        expect(kept).toBeLessThan(100);
      }),
    );
    expect(minHealthy({ percent: 25 }, 8)).toBe(75);
    expect(minHealthy({ count: 1 }, 1)).toBe(0);
  });
});
