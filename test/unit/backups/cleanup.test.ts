import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { carryOut, planCleanup } from '../../../src/lib/backups/cleanup.ts';
import { TAG } from '../../../src/lib/backups/types.ts';
import type { FakeSnapshot } from '../../fake/ebs-state.ts';
import { until } from '../../helpers/until.ts';
import { type BackupScene, backupScene, planOf } from './scene.ts';
import { DAY, OWNER } from './setup.ts';

let scene: BackupScene;
beforeEach(async () => {
  scene = await backupScene();
});
afterEach(() => scene.fake.close());

const SUBJECT = 'i-00000000000000001';
const plan = planOf([{ kind: 'instance', id: SUBJECT }], { policy: { daily: 3 } });
const ids = () => [...scene.fake.state.ebs.snapshots.keys()];

/** Nightly sets of two volumes, the newest last night. */
function nights(count: number, tags: Record<string, string> = {}): FakeSnapshot[] {
  const { ebs } = scene.fake.state;
  return Array.from({ length: count }, (_, n) =>
    ['vol-0000000000000000a', 'vol-0000000000000000b'].map((volume) =>
      ebs.addSnapshot({
        volume,
        startedAt: scene.fake.clock.now() - (n + 1) * DAY,
        tags: {
          [TAG.project]: OWNER.project,
          [TAG.environment]: OWNER.environment,
          [TAG.plan]: 'nightly',
          [TAG.subject]: SUBJECT,
          [TAG.backup]: `nightly-${n}`,
          [TAG.volumes]: '2',
          ...tags,
        },
      }),
    ),
  ).flat();
}

async function clean(): Promise<string[]> {
  const deps = await scene.again();
  const { going } = await planCleanup(deps, [plan]);
  return [...(await carryOut(deps, going)).snapshots].sort();
}

describe('cleaning up', () => {
  it('deletes what no rule keeps and nothing else, whatever else is in the account', async () => {
    const all = nights(6);
    const { ebs } = scene.fake.state;
    const foreign = [
      ebs.addSnapshot({ startedAt: 1 }),
      ebs.addSnapshot({ startedAt: 1, tags: { Name: 'mbot-backup' } }),
      nights(9, { [TAG.project]: 'another' }),
      nights(9, { [TAG.environment]: 'dev' }),
    ].flat();
    expect(await clean()).toEqual(
      all
        .slice(6)
        .map(({ id }) => id)
        .sort(),
    );
    for (const { id } of foreign) expect(ids()).toContain(id);
    expect(await clean()).toEqual([]);
  });

  it('goes on where somebody else has deleted one since it was listed', async () => {
    const all = nights(6);
    const deps = await scene.again();
    const asking = scene.fake.faults.hold('ec2:DescribeImages');
    const planned = planCleanup(deps, [plan]);
    await until(() => asking.holds);
    const [gone] = all.slice(-1);
    scene.fake.state.ebs.snapshots.delete(gone?.id ?? '');
    asking.release();
    const { going } = await planned;
    // The other half of that backup stays for the next run, which sees it as it is.
    expect(going.flatMap(({ snapshots }) => snapshots.map(({ id }) => id)).sort()).toEqual(
      all
        .slice(6, -2)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('looks once more just before: a hold of this moment counts, for the whole backup', async () => {
    const all = nights(6);
    const deps = await scene.again();
    const { going } = await planCleanup(deps, [plan]);
    expect(going).toHaveLength(3);
    all.at(-1)?.tags.set('legal-hold', 'case 17');
    all.at(-3)?.tags.delete(TAG.plan);
    const { snapshots } = await carryOut(deps, going);
    expect([...snapshots].sort()).toEqual(
      all
        .slice(6, 8)
        .map(({ id }) => id)
        .sort(),
    );
    expect(ids()).toEqual(expect.arrayContaining(all.slice(8).map(({ id }) => id)));
  });

  it('is not kept from its work by old backups of which one half must stay', async () => {
    const all = nights(16);
    // Of each of the oldest ten one half is locked.
    for (const one of all.slice(12).filter((_, at) => at % 2 === 0)) one.locked = 'governance';
    const deps = await scene.again();
    const { going } = await planCleanup(deps, [plan], 4);
    expect(going.map(({ id }) => id)).toEqual(['nightly-5', 'nightly-4']);
  });

  it.each([
    [
      'an image is made of it',
      (one: FakeSnapshot): void => {
        const id = scene.fake.state.ebs.id('ami');
        const devices = [{ device: '/dev/sda1', snapshot: one.id }];
        scene.fake.state.ebs.images.set(id, {
          id,
          region: 'eu-west-3',
          name: 'x',
          rootDevice: '/dev/sda1',
          devices,
          tags: new Map(),
          state: 'available',
        });
      },
    ],
    [
      'it is locked',
      (one: FakeSnapshot): void => {
        one.locked = 'governance';
      },
    ],
    [
      'it is shared',
      (one: FakeSnapshot): void => {
        one.sharedWith.add('999999999999');
      },
    ],
  ] as const)('keeps a whole set where %s', async (_, guard) => {
    const all = nights(5);
    guard(all.at(-1) as FakeSnapshot);
    expect(await clean()).toEqual(
      all
        .slice(6, 8)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('that AWS refuses in the last moment is named, the others go', async () => {
    nights(6);
    scene.fake.faults.add(
      'ec2:DeleteSnapshot',
      { kind: 'error', code: 'InvalidSnapshot.InUse', message: 'in use by ami-1', status: 400 },
      { after: 1 },
    );
    const deps = await scene.again();
    const { snapshots, failures } = await carryOut(deps, (await planCleanup(deps, [plan])).going);
    expect(snapshots).toHaveLength(5);
    expect(failures).toMatchObject([{ why: 'in use by ami-1' }]);
  });

  it('with a clock an hour off makes no changing call', async () => {
    nights(6);
    const deps = await scene.again();
    const off = {
      ...deps.ebs,
      clocks: async () => ({ aws: deps.clock.now(), here: deps.clock.now() + 3_600_000 }),
    };
    await expect(planCleanup({ ...deps, ebs: off }, [plan])).rejects.toMatchObject({ code: 'ClockJumped' });
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('compares with the Date that AWS answers with', async () => {
    nights(6);
    const deps = await scene.again();
    expect(await deps.ebs.clocks()).toEqual({ aws: scene.fake.clock.now(), here: scene.fake.clock.now() });
  });

  it('killed at any call, before or after it is carried out, ends the same when it is run again', async () => {
    for (const cut of ['reset', 'lost'] as const) {
      for (let after = 0; ; after++) {
        await scene.fake.close();
        scene = await backupScene();
        const all = nights(6);
        scene.fake.faults[cut]('*', { after, times: 1 });
        await clean().catch(() => {});
        const calls = scene.fake.requests.length;
        scene.fake.faults.clear();
        for (const { id } of all.slice(0, 6)) expect(ids()).toContain(id);
        await clean();
        expect(ids(), `${cut} after ${after}`).toEqual(all.slice(0, 6).map(({ id }) => id));
        if (after >= calls) break;
      }
    }
  });

  it('of 2,000 sets in pages judges and deletes within the cap', async () => {
    scene.fake.state.ebs.pageSize = 1000;
    const all = nights(2000);
    const gone = await clean();
    expect(gone).toEqual(
      all
        .slice(-50)
        .map(({ id }) => id)
        .sort(),
    );
    expect(scene.fake.requests.filter(({ action }) => action === 'DescribeSnapshots').length).toBeLessThan(
      10,
    );
  });

  it('finds its own among 100,000 of others, page by page, and touches nothing else', async () => {
    const { ebs } = scene.fake.state;
    const others = () => {
      for (let n = 0; n < 50_000; n++) ebs.addSnapshot({ startedAt: 1 });
    };
    others();
    const mine = nights(8);
    others();
    const before = ebs.snapshots.size;
    const gone = await clean();
    const keep = mine.slice(0, 2 * 3).map(({ id }) => id);
    expect(gone).toEqual(
      mine
        .map(({ id }) => id)
        .filter((id) => !keep.includes(id))
        .sort(),
    );
    expect(ebs.snapshots.size).toBe(before - gone.length);
    const listed = scene.fake.requests.filter(({ action }) => action === 'DescribeSnapshots');
    expect(listed.length).toBeLessThan(110);
  });
});
