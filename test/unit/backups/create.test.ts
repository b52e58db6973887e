import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { devicesOf } from '../../../src/lib/backups/catalogue.ts';
import { createAll, createBackups } from '../../../src/lib/backups/create.ts';
import type { BackupDeps } from '../../../src/lib/backups/deps.ts';
import { lookUp, storesOf } from '../../../src/lib/backups/look.ts';
import { type Backup, TAG } from '../../../src/lib/backups/types.ts';
import { Interrupted } from '../../../src/lib/base/errors.ts';
import { createView } from '../../../src/lib/cli/views/backup-view.ts';
import { BLOCK } from '../../fake/ebs-state.ts';
import { type BackupScene, backupScene, planOf } from './scene.ts';
import { HOUR } from './setup.ts';

let scene: BackupScene;
beforeEach(async () => {
  scene = await backupScene();
});
afterEach(() => scene.fake.close());

const WAIT = { force: false, wait: HOUR, dryRun: false };
const held = () => [...scene.fake.state.ebs.snapshots.values()];
const machine = (more: object = {}) =>
  scene.fake.state.ec2.addInstance({
    volumes: [
      { id: 'vol-00000000000000a01', device: '/dev/sda1', deleteOnTermination: true },
      { id: 'vol-00000000000000a02', device: '/dev/sdf', deleteOnTermination: false },
    ],
    ...more,
  });

describe('a backup of an instance', () => {
  it('is one set of all volumes, tagged with all that is needed to judge and restore it', async () => {
    const { id } = machine();
    const [result] = await createBackups(scene.deps, planOf([{ kind: 'instance', id }]), WAIT);
    expect(result).toMatchObject({ outcome: 'created', state: 'good', subject: id });
    expect(scene.fake.actions().filter((one) => one.includes('Create'))).toEqual(['ec2:CreateSnapshots']);
    expect(held()).toHaveLength(2);
    for (const { tags } of held()) {
      expect(Object.fromEntries(tags)).toMatchObject({
        [TAG.project]: 'mbot',
        [TAG.environment]: 'prod',
        [TAG.plan]: 'nightly',
        [TAG.subject]: id,
        [TAG.backup]: result?.backup,
        [TAG.volumes]: '2',
        [TAG.policy]: 'within 7d',
        [TAG.taken]: '2026-01-05T09:00:00.000Z',
        [TAG.devices]: 'vol-00000000000000a01=/dev/sda1 vol-00000000000000a02=/dev/sdf',
      });
    }
  });

  it('of more disks than one tag can name says of each which device it was', async () => {
    const volumes = [...'abcdefghijklmnopqrst'].map((letter, n) => ({
      id: `vol-${String(n).padStart(17, '0')}`,
      device: letter === 'a' ? '/dev/sda1' : `/dev/sd${letter}`,
      deleteOnTermination: true,
    }));
    const { id } = machine({ volumes });
    await createBackups(scene.deps, planOf([{ kind: 'instance', id }]), WAIT);
    const [backup] = await lookUp(scene.deps, [scene.deps.ebs.store()]);
    expect([...devicesOf(backup as Backup)]).toEqual(volumes.map(({ id, device }) => [id, device]));
  });

  it('leaves out the boot volume where the plan says so, and is still whole', async () => {
    const { id } = machine();
    const plan = planOf([{ kind: 'instance', id }], { excludeBoot: true });
    const [result] = await createBackups(scene.deps, plan, WAIT);
    expect(held().map(({ volume }) => volume)).toEqual(['vol-00000000000000a02']);
    expect(result?.state).toBe('good');
  });

  it('of a machine with a boot volume alone, without that, is refused in words', async () => {
    const { id } = scene.fake.state.ec2.addInstance();
    const plan = planOf([{ kind: 'instance', id }], { excludeBoot: true });
    const [result] = await createBackups(scene.deps, plan, WAIT);
    expect(result).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('no volume') });
  });

  it('without waiting ends at once and says that AWS goes on', async () => {
    const { id } = machine();
    const before = scene.fake.clock.now();
    const [result] = await createBackups(scene.deps, planOf([{ kind: 'instance', id }]), {
      force: false,
      dryRun: false,
    });
    expect(result?.state).toBe('pending');
    expect(scene.fake.clock.now()).toBe(before);
  });

  it('that AWS does not finish in time ends with exit 7', async () => {
    const { id } = machine();
    scene.fake.state.ebs.snapshotMs = 9 * HOUR;
    await expect(createBackups(scene.deps, planOf([{ kind: 'instance', id }]), WAIT)).rejects.toMatchObject({
      code: 'BackupTimeout',
      exit: 7,
    });
  });

  it('interrupted while AWS works says that AWS goes on, and how to go on waiting', async () => {
    const { id } = machine();
    const stopped = new AbortController();
    const deps = await scene.again(stopped.signal);
    const reporter: BackupDeps['reporter'] = {
      emit: ({ type }) => type === 'part.status' && stopped.abort(new Interrupted()),
    };
    const run = createBackups({ ...deps, reporter }, planOf([{ kind: 'instance', id }]), WAIT);
    await expect(run).rejects.toMatchObject({
      message: expect.stringContaining('AWS goes on with the snapshots'),
      suggestions: [
        expect.stringContaining('infractl backup list'),
        expect.stringContaining('Go on waiting'),
      ],
      exit: 130,
    });
  });

  it('that ends in error is a failure', async () => {
    const { id } = machine();
    scene.fake.state.ebs.failing = 1;
    const [result] = await createBackups(scene.deps, planOf([{ kind: 'instance', id }]), WAIT);
    expect(result).toMatchObject({ outcome: 'failed', state: 'failed' });
  });
});

describe('a second run', () => {
  it('within the window makes none; after it, or with --force, one more', async () => {
    const { id } = machine();
    const plan = planOf([{ kind: 'instance', id }]);
    const [first] = await createBackups(scene.deps, plan, WAIT);
    const [second] = await createBackups(await scene.again(), plan, WAIT);
    expect(second).toMatchObject({ outcome: 'unchanged', backup: first?.backup });
    expect(held()).toHaveLength(2);
    await createBackups(await scene.again(), plan, { ...WAIT, force: true });
    expect(held()).toHaveLength(4);
    await scene.fake.clock.sleep(7 * HOUR);
    await createBackups(await scene.again(), plan, WAIT);
    expect(held()).toHaveLength(6);
  });

  it('at the same moment: one of the two stays, whole', async () => {
    const { id } = machine();
    const database = scene.fake.state.rds.addDatabase('shop');
    const plan = planOf([
      { kind: 'instance', id },
      { kind: 'database', id: database.id },
    ]);
    const runs = await Promise.all([1, 2, 3].map(async () => createBackups(await scene.again(), plan, WAIT)));
    expect(held()).toHaveLength(2);
    expect(new Set(held().map(({ tags }) => tags.get(TAG.backup))).size).toBe(1);
    expect(scene.fake.state.rds.snapshots.size).toBe(1);
    for (const subject of [id, 'shop']) {
      const ends = runs.map((run) => run.find((one) => one.subject === subject));
      expect(ends.every((one) => one?.outcome !== 'failed')).toBe(true);
    }
  });

  it('after one that failed makes a new one', async () => {
    const { id } = machine();
    scene.fake.state.ebs.failing = 2;
    const plan = planOf([{ kind: 'instance', id }]);
    await createBackups(scene.deps, plan, WAIT);
    const [second] = await createBackups(await scene.again(), plan, WAIT);
    expect(second).toMatchObject({ outcome: 'created', state: 'good' });
  });
});

describe('an unencrypted volume', () => {
  const plain = () => {
    const volume = scene.fake.state.ebs.addVolume({ encrypted: false });
    volume.blocks.set(3, Buffer.alloc(BLOCK, 7));
    return { volume, plan: planOf([{ kind: 'volume', id: volume.id }]) };
  };

  it('ends as one encrypted copy; the original is gone', async () => {
    const { plan, volume } = plain();
    const [result] = await createBackups(scene.deps, plan, WAIT);
    expect(held()).toHaveLength(1);
    expect(held()[0]).toMatchObject({ encrypted: true });
    expect(
      held()[0]
        ?.blocks.get(3)
        ?.equals(volume.blocks.get(3) as Buffer),
    ).toBe(true);
    expect(result).toMatchObject({ state: 'good', snapshots: [held()[0]?.id] });
  });

  it('stays as it is where the plan says so', async () => {
    const { plan } = plain();
    await createBackups(scene.deps, { ...plan, encrypt: false }, WAIT);
    expect(held()).toMatchObject([{ encrypted: false }]);
  });

  it('whose run ends at any call is finished by the next one', async () => {
    // Every call is cut once, before and after it was carried out.
    for (const cut of ['reset', 'lost'] as const) {
      for (let after = 0; ; after++) {
        await scene.fake.close();
        scene = await backupScene();
        const { plan } = plain();
        scene.fake.faults[cut]('*', { after, times: 1 });
        await createBackups(scene.deps, plan, WAIT).catch(() => {});
        const calls = scene.fake.requests.length;
        scene.fake.faults.clear();
        await createBackups(await scene.again(), plan, WAIT);
        const good = (await lookUp(scene.deps, await storesOf(scene.deps, [plan]))).filter(
          ({ state }) => state === 'good',
        );
        expect(good.length, `${cut} after ${after}`).toBe(1);
        expect(
          held().every(({ encrypted }) => encrypted),
          `${cut} after ${after}`,
        ).toBe(true);
        if (after >= calls) break;
      }
    }
  });
});

describe('second copies', () => {
  it('go to another region and account, once, with what is needed to judge them there', async () => {
    const volume = scene.fake.state.ebs.addVolume({ kmsKeyId: 'alias/ours' });
    const copies = [{ region: 'eu-west-1' }, { account: '999999999999' }];
    const plan = planOf([{ kind: 'volume', id: volume.id }], { copies });
    await createBackups(scene.deps, plan, WAIT);
    await createBackups(await scene.again(), plan, WAIT);
    expect(held()).toHaveLength(2);
    const there = held().find(({ region }) => region === 'eu-west-1');
    const here = held().find(({ region }) => region === 'eu-west-3');
    expect(there?.tags.get(TAG.copiedFrom)).toBe(here?.id);
    expect(there?.tags.get(TAG.source)).toBe(volume.id);
    expect([...(here?.sharedWith ?? [])]).toEqual(['999999999999']);
    const all = await lookUp(scene.deps, await storesOf(scene.deps, [plan]));
    expect(all.map(({ state, region }) => [region, state]).sort()).toEqual([
      ['eu-west-1', 'good'],
      ['eu-west-3', 'good'],
    ]);
  });
});

describe('copies of a plan that had none', () => {
  it('begin with the new backup: the one of before is not sent after it', async () => {
    const volume = scene.fake.state.ebs.addVolume({ kmsKeyId: 'alias/ours' });
    const wanted = [{ kind: 'volume', id: volume.id }] as const;
    await createBackups(scene.deps, planOf(wanted), WAIT);
    await scene.fake.clock.sleep(24 * HOUR);
    const [second] = await createBackups(
      await scene.again(),
      planOf(wanted, { copies: [{ region: 'eu-west-1' }] }),
      WAIT,
    );
    const there = held().filter(({ region }) => region === 'eu-west-1');
    expect(there.map(({ tags }) => tags.get(TAG.backup))).toEqual([second?.backup]);
  });
});

describe('several plans', () => {
  const volumes = () => [{ kind: 'volume', id: scene.fake.state.ebs.addVolume().id }] as const;

  it('one that fails keeps no other from being done', async () => {
    scene.fake.faults.deny('rds:*');
    const plans = [planOf([{ kind: 'database', id: 'shop' }], { name: 'databases' }), planOf(volumes())];
    const results = await createAll(scene.deps, plans, WAIT);
    expect(results).toMatchObject([
      { plan: 'databases', outcome: 'failed', detail: expect.stringContaining('rds:') },
      { plan: 'nightly', outcome: 'created', state: 'good' },
    ]);
    expect(createView(results, false).exit).toBe(3);
  });

  it('that all fail end with the first failure', async () => {
    scene.fake.faults.expired();
    const plans = [planOf(volumes()), planOf(volumes(), { name: 'weekly' })];
    await expect(createAll(scene.deps, plans, WAIT)).rejects.toMatchObject({ exit: 4 });
  });
});

describe('trouble', () => {
  it.each([
    ['an id that is not there', { kind: 'instance', id: 'i-0123456789abcdef0' }],
    ['tags that nothing has', { kind: 'volume', tags: { Role: 'none' } }],
    ['a database that is not there', { kind: 'database', id: 'none' }],
  ] as const)('%s: no match, nothing is made', async (_, wanted) => {
    const run = createBackups(scene.deps, planOf([wanted]), WAIT);
    await expect(run).rejects.toMatchObject({ code: 'NoMatch' });
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('one target that is gone keeps no other from being backed up, and is a failure', async () => {
    const { id } = machine();
    const plan = planOf([
      { kind: 'instance', id },
      { kind: 'instance', id: 'i-0123456789abcdef0' },
      { kind: 'volume', tags: { Role: 'none', Tier: 'db' } },
    ]);
    const results = await createBackups(scene.deps, plan, WAIT);
    expect(results).toMatchObject([
      { subject: id, outcome: 'created', state: 'good' },
      { subject: 'i-0123456789abcdef0', outcome: 'failed', detail: expect.stringContaining('not there') },
      { subject: 'Role=none Tier=db', outcome: 'failed', backup: null },
    ]);
    expect(createView(results, false).exit).toBe(3);
  });

  it('more copies than AWS makes at once wait for their turn', async () => {
    const wanted = ['a', 'b', 'c'].map(() => ({
      kind: 'volume' as const,
      id: scene.fake.state.ebs.addVolume({ encrypted: false }).id,
    }));
    const message = 'Too many snapshot copies in progress. The limit is 20 for this destination region.';
    const full = { kind: 'error', code: 'ResourceLimitExceeded', message, status: 400 } as const;
    scene.fake.faults.add('ec2:CopySnapshot', full, { times: 7 });
    const results = await createBackups(scene.deps, planOf(wanted), WAIT);
    expect(results.map(({ state }) => state)).toEqual(['good', 'good', 'good']);
    expect(held().map(({ encrypted }) => encrypted)).toEqual([true, true, true]);
  });

  it('snapshots that somebody deletes while they are waited for are no backup', async () => {
    const { id } = scene.fake.state.ebs.addVolume();
    const { deps } = scene;
    const reporter: BackupDeps['reporter'] = {
      emit: ({ type }) => type === 'part.status' && scene.fake.state.ebs.snapshots.clear(),
    };
    const run = createBackups({ ...deps, reporter }, planOf([{ kind: 'volume', id }]), WAIT);
    expect(await run).toMatchObject([{ outcome: 'failed', detail: expect.stringContaining('gone') }]);
  });

  it('a terminated instance is no match', async () => {
    const { id } = machine({ state: 'terminated' });
    const run = createBackups(scene.deps, planOf([{ kind: 'instance', id }]), WAIT);
    await expect(run).rejects.toMatchObject({
      code: 'NoMatch',
      message: expect.stringContaining('terminated'),
    });
  });

  it('a host whose tags find two', async () => {
    machine({ tags: { Name: 'web' } });
    scene.fake.state.ec2.addInstance({ tags: { Name: 'web' } });
    const wanted = { kind: 'instance', tags: { Name: 'web' }, one: 'web' } as const;
    const run = createBackups(scene.deps, planOf([wanted]), WAIT);
    await expect(run).rejects.toMatchObject({ code: 'TooManyMatches' });
  });

  it('a volume with five unfinished snapshots: in words, the others are backed up', async () => {
    const full = scene.fake.state.ebs.addVolume({ tags: { Role: 'db' } });
    const other = scene.fake.state.ebs.addVolume({ tags: { Role: 'db' } });
    for (let i = 0; i < 5; i++) scene.fake.state.ebs.take(full, scene.fake.clock.now(), new Map());
    const results = await createBackups(scene.deps, planOf([{ kind: 'volume', tags: { Role: 'db' } }]), WAIT);
    expect(results.find(({ subject }) => subject === full.id)).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('5 a volume'),
      suggestions: [expect.stringContaining('Wait until they are done'), expect.any(String)],
    });
    const told = createView(results, false).text({ paint: (_, text) => text, columns: 80 });
    expect(told).toContain('\n→ Wait until they are done: infractl backup list\n→ Then run');
    expect(results.find(({ subject }) => subject === other.id)?.state).toBe('good');
  });

  it('a dry run makes no changing call', async () => {
    const { id } = machine();
    const [result] = await createBackups(scene.deps, planOf([{ kind: 'instance', id }]), {
      force: false,
      dryRun: true,
    });
    expect(result).toMatchObject({ outcome: 'would-create', detail: '2 volumes, 40 GiB' });
    expect(scene.fake.mutations()).toEqual([]);
  });
});

describe('commands on the host', () => {
  const host = (log: string[], fail?: string) => async () => ({
    name: 'web',
    where: 'web',
    run: async ({ argv }: { argv: readonly string[] }) => {
      log.push(argv.at(-1) ?? '');
      return { exitCode: argv.at(-1) === fail ? 1 : 0, stdout: '', stderr: 'no' };
    },
    upload: async () => {},
    download: async () => {},
    close: async () => void log.push('close'),
  });
  const hooks = { before: ['freeze'], after: ['thaw'] };

  it('run before and after; those after it also when the snapshots fail', async () => {
    const log: string[] = [];
    const { id } = machine();
    const plan = planOf([{ kind: 'instance', id, host: host(log) as never }], hooks);
    await createBackups(scene.deps, plan, WAIT);
    expect(log).toEqual(['freeze', 'thaw', 'close']);
    scene.fake.faults.deny('ec2:CreateSnapshots');
    const [denied] = await createBackups(await scene.again(), plan, { ...WAIT, force: true });
    expect(denied?.outcome).toBe('failed');
    expect(log.slice(3)).toEqual(['freeze', 'thaw', 'close']);
  });

  it('run all of those after it, and the first failure is the one that is told', async () => {
    const log: string[] = [];
    const { id } = machine();
    const all = { before: ['stop app', 'freeze'], after: ['thaw', 'start app'] };
    const broken = async () => {
      const made = await host(log)();
      const run = async (order: { readonly argv: readonly string[] }) => ({
        ...(await made.run(order)),
        exitCode: /freeze|thaw/.test(order.argv.at(-1) ?? '') ? 1 : 0,
      });
      return { ...made, run };
    };
    const plan = planOf([{ kind: 'instance', id, host: broken as never }], all);
    const [result] = await createBackups(scene.deps, plan, WAIT);
    expect(log).toEqual(['stop app', 'freeze', 'thaw', 'start app', 'close']);
    expect(result?.detail).toContain('"freeze" failed');
  });

  it('are not run on an instance that is stopped: its disks are at rest, and are backed up', async () => {
    const log: string[] = [];
    const { id } = machine({ state: 'stopped' });
    const plan = planOf([{ kind: 'instance', id, host: host(log) as never }], hooks);
    const [result] = await createBackups(scene.deps, plan, WAIT);
    expect(result).toMatchObject({ outcome: 'created', state: 'good' });
    expect(log).toEqual([]);
  });

  it('that cannot be run, on what flags have named, are missed aloud', async () => {
    const { id } = machine();
    const [result] = await createBackups(scene.deps, planOf([{ kind: 'instance', id }], hooks), WAIT);
    expect(result?.state).toBe('good');
    expect(scene.events).toContainEqual(
      expect.objectContaining({ type: 'warning', message: expect.stringContaining('are not run on it') }),
    );
  });

  it('that fail before keep the snapshots from being made', async () => {
    const log: string[] = [];
    const { id } = machine();
    const plan = planOf([{ kind: 'instance', id, host: host(log, 'freeze') as never }], hooks);
    const [result] = await createBackups(scene.deps, plan, WAIT);
    expect(result).toMatchObject({ outcome: 'failed', detail: expect.stringContaining('freeze') });
    expect(held()).toEqual([]);
    expect(log).toEqual(['freeze', 'thaw', 'close']);
  });
});

describe('an AWS that does not do what it says', () => {
  it('leaves a copy unencrypted: it is tried twice, never for ever', async () => {
    const volume = scene.fake.state.ebs.addVolume({ encrypted: false });
    const store = scene.deps.ebs.store();
    let copies = 0;
    const plain = {
      ...store,
      copy: async () => {
        copies++;
        return scene.fake.state.ebs.addSnapshot({ encrypted: false }).id;
      },
    };
    const deps = { ...scene.deps, ebs: { ...scene.deps.ebs, store: () => plain } };
    const [result] = await createBackups(deps, planOf([{ kind: 'volume', id: volume.id }]), WAIT);
    expect(copies).toBe(2);
    expect(result).toMatchObject({ outcome: 'failed', state: 'pending' });
  });
});
