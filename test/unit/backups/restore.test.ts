import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restorePort } from '../../../src/lib/aws/ec2-restore.ts';
import { createBackups } from '../../../src/lib/backups/create.ts';
import type { BackupDeps } from '../../../src/lib/backups/deps.ts';
import { findBackup, lookUp, storesOf } from '../../../src/lib/backups/look.ts';
import { carryOutRestore } from '../../../src/lib/backups/restore.ts';
import { planRestore, type RestoreOrder } from '../../../src/lib/backups/restore-plan.ts';
import type { Backup } from '../../../src/lib/backups/types.ts';
import { Interrupted } from '../../../src/lib/base/errors.ts';
import { restoreLines } from '../../../src/lib/cli/views/restore-view.ts';
import { BLOCK, digest } from '../../fake/ebs-state.ts';
import type { FakeInstance } from '../../fake/ec2-state.ts';
import { sessionFor } from '../../fake/session.ts';
import { type BackupScene, backupScene, planOf } from './scene.ts';
import { HOUR } from './setup.ts';

const INSTANCE = 'i-00000000000000aa1';
const ROOT = 'vol-00000000000000a01';
const DATA = 'vol-00000000000000a02';

let scene: BackupScene;
let backup: Backup;
beforeEach(async () => {
  scene = await backupScene();
  await prepare();
});
afterEach(() => scene.fake.close());

/** A machine with bytes on its disks, a database with content, both backed up, and both spoilt since. */
async function prepare(): Promise<void> {
  const { ebs, ec2, rds } = scene.fake.state;
  const volumes = [
    { id: ROOT, device: '/dev/sda1', deleteOnTermination: true },
    { id: DATA, device: '/dev/sdf', deleteOnTermination: false },
  ];
  ec2.addInstance({ id: INSTANCE, tags: { Name: 'web' }, volumes });
  for (const [at, { id, device }] of volumes.entries()) {
    const attached = { instance: INSTANCE, device, state: 'attached', deleteOnTermination: false };
    ebs.addVolume({ id, state: 'in-use', attached, blocks: new Map([[at, Buffer.alloc(BLOCK, at + 1)]]) });
  }
  rds.addDatabase('shop', { content: 'orders' });
  const plan = planOf([
    { kind: 'instance', id: INSTANCE },
    { kind: 'database', id: 'shop' },
  ]);
  await createBackups(scene.deps, plan, { force: false, wait: HOUR, dryRun: false });
  const all = await lookUp(scene.deps, await storesOf(scene.deps, [plan]));
  backup = findBackup(all, 'latest', INSTANCE, 'eu-west-3');
  for (const id of [ROOT, DATA]) volume(id).blocks = new Map([[9, Buffer.alloc(BLOCK, 0xff)]]);
  const shop = rds.databases.get('shop');
  if (shop) shop.content = 'spoilt';
}

function volume(id: string) {
  const found = scene.fake.state.ebs.volumes.get(id);
  if (!found) throw new Error(`no volume ${id}`);
  return found;
}

const bytesOf = (source: string) =>
  digest(
    [...scene.fake.state.ebs.snapshots.values()].find((one) => one.volume === source)?.blocks ?? new Map(),
  );

async function restore(
  more: Partial<RestoreOrder> & Pick<RestoreOrder, 'to'>,
  changed: Partial<BackupDeps> = {},
) {
  const deps = { ...(await scene.again(changed.signal)), ...changed };
  const session = await sessionFor(scene.fake);
  const all = { ...deps, restore: async () => restorePort(session, scene.fake.clock) };
  const plan = await planRestore(all, { backup, timeout: 2 * HOUR, ...more });
  return { plan, restored: plan.already ?? (await carryOutRestore(all, plan)) };
}

describe('a restore', () => {
  it('says what it adds to a month where the price is known, and that it is not where it is not', async () => {
    const { plan } = await restore({ to: 'volume' });
    const gib = plan.adds.kind === 'volume' ? plan.adds.gib : 0;
    const told = (usd: number | undefined) =>
      restoreLines(plan, { usd, note: 'a price of today' }, '123456789012', {
        paint: (_, text) => text,
        columns: 500,
      });
    expect(gib).toBeGreaterThan(0);
    const month = `about $${(gib * 0.08).toFixed(2)} a month for ${gib} GiB of volumes as gp3 (a price of today)`;
    expect(told(0.08)).toContain(month);
    expect(told(undefined)).toContain(`${gib} GiB of volumes cost. a price of today.`);
  });

  it('as volumes beside the old ones brings the bytes back', async () => {
    const { plan, restored } = await restore({ to: 'volume', instance: INSTANCE });
    expect(plan.confirm).toBeUndefined();
    expect(restored.made.map(({ kind }) => kind)).toEqual(['volume', 'volume']);
    const made = restored.made.map(({ id }) => volume(id));
    expect(made.map(({ blocks }) => digest(blocks)).sort()).toEqual([bytesOf(ROOT), bytesOf(DATA)].sort());
    for (const one of made) expect(one.attached).toMatchObject({ instance: INSTANCE, state: 'attached' });
    expect(new Set(made.map((one) => one.attached?.device)).size).toBe(2);
    expect(volume(ROOT).attached?.device).toBe('/dev/sda1');
    expect(restored.wayBack.join('\n')).toContain(
      `aws ec2 delete-volume --volume-id ${restored.made[0]?.id}`,
    );
  });

  it('of one volume alone', async () => {
    const { restored } = await restore({ to: 'volume', source: DATA });
    expect(restored.made).toHaveLength(1);
    expect(digest(volume(restored.made[0]?.id ?? '').blocks)).toBe(bytesOf(DATA));
  });

  it('in place of the root volume wants its name, keeps the old one, prints the way back', async () => {
    const { plan, restored } = await restore({ to: 'root' });
    expect(plan.confirm).toBe('web');
    const [root] = scene.fake.state.ec2.instances.get(INSTANCE)?.volumes ?? [];
    expect(root?.id).toBe(restored.made[0]?.id);
    expect(digest(volume(root?.id ?? '').blocks)).toBe(bytesOf(ROOT));
    expect(volume(ROOT)).toMatchObject({ state: 'available', attached: undefined });
    expect(restored.kept.join()).toContain(ROOT);
    const fresh = restored.made[0]?.id;
    expect(restored.wayBack).toEqual(
      [
        `stop-instances --instance-ids ${INSTANCE}`,
        `wait instance-stopped --instance-ids ${INSTANCE}`,
        `detach-volume --volume-id ${fresh}`,
        `wait volume-available --volume-ids ${fresh}`,
        `attach-volume --instance-id ${INSTANCE} --volume-id ${ROOT} --device /dev/sda1`,
        `wait volume-in-use --volume-ids ${ROOT}`,
        `start-instances --instance-ids ${INSTANCE}`,
      ].map((words) => `aws ec2 ${words}`),
    );
  });

  it('in place of the root volume, once more: what it is made of already is not replaced unless it is said', async () => {
    const { restored } = await restore({ to: 'root' });
    const second = await restore({ to: 'root' });
    expect(second.plan.already).toEqual(restored);
    expect(second.plan.confirm).toBeUndefined();
    const third = await restore({ to: 'root', again: true });
    expect(third.plan.confirm).toBe('web');
    expect(third.restored.made).not.toEqual(restored.made);
    expect(third.restored.kept.join()).toContain(restored.made[0]?.id);
  });

  it('that AWS cannot carry out says how to put the old root back', async () => {
    scene.fake.state.ebs.failingTasks = 1;
    await expect(restore({ to: 'root' })).rejects.toMatchObject({
      code: 'RootNotReplaced',
      suggestions: [expect.stringContaining(ROOT)],
    });
  });

  it('that is interrupted says that AWS goes on, and that the same command does', async () => {
    const stopped = new AbortController();
    const reporter: BackupDeps['reporter'] = {
      emit: ({ type }) => type === 'part.status' && stopped.abort(new Interrupted()),
    };
    await expect(restore({ to: 'root' }, { signal: stopped.signal, reporter })).rejects.toMatchObject({
      message: 'Interrupted. AWS goes on with what was begun.',
      suggestions: [expect.stringContaining('Run the same command again')],
      exit: 130,
    });
  });

  it('as an instance has all disks, leaves no image, and the old one goes on', async () => {
    const { restored } = await restore({ to: 'instance' });
    const made = scene.fake.state.ec2.instances.get(restored.made[0]?.id ?? '');
    expect(made?.tags.get('Name')).toBe('web-restored');
    expect(made?.volumes.map(({ id }) => digest(volume(id).blocks))).toEqual([bytesOf(ROOT), bytesOf(DATA)]);
    // The way back leaves no disk that nobody knows of.
    expect(restored.wayBack.at(-1)).toBe(`aws ec2 delete-volume --volume-id ${made?.volumes[1]?.id}`);
    expect(restored.wayBack.join()).not.toContain(made?.volumes[0]?.id);
    expect([...scene.fake.state.ebs.images.values()].every(({ state }) => state === 'deregistered')).toBe(
      true,
    );
    expect(scene.fake.state.ec2.instances.get(INSTANCE)?.state).toBe('running');
  });

  it('as an instance answers about itself to whom the old one answered', async () => {
    const metadata = {
      httpTokens: 'required',
      httpEndpoint: 'enabled',
      httpPutResponseHopLimit: '2',
      instanceMetadataTags: 'disabled',
    };
    const { instances } = scene.fake.state.ec2;
    (instances.get(INSTANCE) as FakeInstance).metadata = metadata;
    const { restored } = await restore({ to: 'instance' });
    expect(instances.get(restored.made[0]?.id ?? '')?.metadata).toEqual(metadata);
  });

  it('of a database makes a new one with its content', async () => {
    const all = await lookUp(scene.deps, [(await scene.deps.rds()).store()]);
    backup = findBackup(all, 'latest', 'shop', 'eu-west-3');
    const { restored } = await restore({ to: 'database' });
    const { databases } = scene.fake.state.rds;
    expect(databases.get(restored.made[0]?.id ?? '')).toMatchObject({
      content: 'orders',
      state: 'available',
    });
    expect(databases.get('shop')?.content).toBe('spoilt');
    expect((await restore({ to: 'database' })).restored.made).toEqual(restored.made);
    await expect(restore({ to: 'database', name: 'shop' })).rejects.toMatchObject({ code: 'NameTaken' });
  });

  it.each(['volume', 'root', 'instance'] as const)(
    'as %s, killed at any call, is finished by the next run: one of each, nothing doubled',
    async (to) => {
      // A call that was never carried out leaves less behind than one whose answer is lost.
      for (const cut of ['lost'] as const) {
        for (let after = 0; after < 40; after++) {
          await scene.fake.close();
          scene = await backupScene();
          await prepare();
          scene.fake.requests.length = 0;
          scene.fake.faults[cut]('*', { after, times: 1 });
          const order = { to, ...(to === 'volume' ? { instance: INSTANCE } : {}) };
          const first = await restore(order).then(
            () => true,
            () => false,
          );
          scene.fake.faults.clear();
          const { ebs, ec2 } = scene.fake.state;
          if (!first) await restore(order);
          const made = [...ebs.volumes.values()].filter(
            ({ snapshotId, state }) => snapshotId && state !== 'deleted',
          );
          expect(made.length, `${cut} after ${after}`).toBe(to === 'root' ? 1 : 2);
          expect(ec2.instances.size, `${cut} after ${after}`).toBe(to === 'instance' ? 2 : 1);
          if (first) break;
        }
      }
    },
    120_000,
  );

  it('as volumes that somebody has deleted since makes them again', async () => {
    const { restored } = await restore({ to: 'volume' });
    for (const { id } of restored.made) scene.fake.state.ebs.volumes.delete(id);
    for (const { id } of restored.made)
      scene.fake.state.ebs.addVolume({ id, state: 'deleted', token: undefined });
    const again = await restore({ to: 'volume' });
    const ids = again.restored.made.map(({ id }) => id);
    expect(ids).toHaveLength(restored.made.length);
    for (const id of ids) expect(volume(id).state).toBe('available');
  });

  it('as volumes whose original has grown since a run that was cut off goes on with those of that run', async () => {
    const { restored } = await restore({ to: 'volume' });
    for (const id of [ROOT, DATA]) volume(id).sizeGiB += 20;
    const again = await restore({ to: 'volume' });
    expect(again.restored.made).toEqual(restored.made);
    // Where somebody has deleted them others are made, as the original is now.
    for (const { id } of restored.made) volume(id).state = 'deleted';
    const anew = await restore({ to: 'volume' });
    expect(anew.restored.made.map(({ id }) => volume(id).sizeGiB)).toEqual([40, 40]);
  });

  it('as volumes for another instance makes others', async () => {
    const other = scene.fake.state.ec2.addInstance({ tags: { Name: 'drill' } });
    const first = await restore({ to: 'volume', instance: INSTANCE });
    const second = await restore({ to: 'volume', instance: other.id });
    expect([first, second].map(({ restored }) => restored.made.length)).toEqual([2, 2]);
    for (const { id } of first.restored.made) expect(volume(id).attached?.instance).toBe(INSTANCE);
    for (const { id } of second.restored.made) expect(volume(id).attached?.instance).toBe(other.id);
  });

  it('as an instance is not taken for that of another subject of the same night and name', async () => {
    const { restored } = await restore({ to: 'instance' });
    backup = { ...backup, subject: 'i-00000000000000bb2' };
    scene.fake.state.ec2.addInstance({ id: backup.subject, tags: { Name: 'web' } });
    const second = await restore({ to: 'instance' });
    expect(second.restored.made[0]?.id).toMatch(/^i-/);
    expect(second.restored.made[0]?.id).not.toBe(restored.made[0]?.id);
  });

  it('as an instance that AWS ends at once says so, and leaves no image', async () => {
    const reporter: BackupDeps['reporter'] = {
      emit: () => {
        for (const one of scene.fake.state.ec2.instances.values())
          if (one.tags.get('Name') === 'web-restored') one.state = 'terminated';
      },
    };
    const { ec2, ebs } = scene.fake.state;
    const add = ec2.addInstance.bind(ec2);
    ec2.addInstance = (order) => add({ ...order, state: 'pending' });
    await expect(restore({ to: 'instance' }, { reporter })).rejects.toMatchObject({ code: 'RestoreFailed' });
    expect([...ebs.images.values()].map(({ state }) => state)).toEqual(['deregistered']);
  });

  it('of a database that comes to nothing says so at once', async () => {
    const all = await lookUp(scene.deps, [(await scene.deps.rds()).store()]);
    backup = findBackup(all, 'latest', 'shop', 'eu-west-3');
    scene.fake.state.rds.failRestore = 'incompatible-parameters';
    const began = scene.fake.clock.now();
    await expect(restore({ to: 'database' })).rejects.toMatchObject({
      code: 'RestoreFailed',
      message: expect.stringContaining('incompatible-parameters'),
    });
    expect(scene.fake.clock.now() - began).toBeLessThan(HOUR);
  });

  it.each([
    ['--name with --to volume', { to: 'volume', name: 'x' }],
    ['--attach with --to instance', { to: 'instance', instance: INSTANCE }],
    ['--zone with --to database', { to: 'database', zone: 'eu-west-3a' }],
    ['--source with --replace-root', { to: 'root', source: DATA }],
    ['--zone with --attach', { to: 'volume', instance: INSTANCE, zone: 'eu-west-3b' }],
  ] as const)('with %s, which would mean nothing, is refused', async (_, order) => {
    await expect(restore(order)).rejects.toMatchObject({ code: 'FlagsTogether', exit: 2 });
  });

  it.each([
    ['a source that is not in it', { to: 'volume', source: 'vol-none' }, 'NoSuchSource'],
    ['disks as a database', { to: 'database' }, 'WrongKind'],
    ['an instance that is gone', { to: 'root', instance: 'i-0123456789abcdef0' }, 'InstanceNotFound'],
  ] as const)('of %s is refused', async (_, order, code) => {
    await expect(restore(order)).rejects.toMatchObject({ code });
  });

  it('of what lies in the archive tier is refused before anything is made, and says how to bring it back', async () => {
    const [snapshot] = [...scene.fake.state.ebs.snapshots.values()];
    Object.assign(snapshot ?? {}, { tier: 'archive' });
    const archived = snapshot?.id ?? '';
    const all = await lookUp(scene.deps, await storesOf(scene.deps, []));
    const order = { to: 'volume' as const, backup: findBackup(all, 'latest', INSTANCE, 'eu-west-3') };
    await expect(restore(order)).rejects.toMatchObject({
      code: 'SnapshotArchived',
      suggestions: expect.arrayContaining([
        expect.stringContaining(`aws ec2 restore-snapshot-tier --snapshot-id ${archived}`),
      ]),
    });
    expect(scene.fake.requests.map(({ action }) => action)).not.toContain('CreateVolume');
    // The other disk lies where it did.
    const { restored } = await restore({ ...order, source: snapshot?.volume === ROOT ? DATA : ROOT });
    expect(restored.made).toHaveLength(1);
  });

  it('of a database with a long name gets one that RDS takes', async () => {
    const { rds } = scene.fake.state;
    const long = `${'a'.repeat(53)}-bcdefg`;
    rds.addDatabase(long, { content: 'orders' });
    const plan = planOf([{ kind: 'database', id: long }]);
    await createBackups(scene.deps, plan, { force: false, wait: HOUR, dryRun: false });
    const all = await lookUp(scene.deps, await storesOf(scene.deps, [plan]));
    const { restored } = await restore({
      to: 'database',
      backup: findBackup(all, 'latest', long, 'eu-west-3'),
    });
    expect(restored.made[0]?.id).toBe(`${'a'.repeat(53)}-restored`);
  });

  it('of an unfinished backup is refused', async () => {
    backup = { ...backup, state: 'pending' };
    await expect(restore({ to: 'volume' })).rejects.toMatchObject({ code: 'NotGood' });
  });

  it('of an encrypted copy as root is refused: AWS takes only what was taken of it', async () => {
    const snapshots = backup.snapshots.map((one) => ({
      ...one,
      tags: { ...one.tags, 'infractl:copied-from': 'snap-1' },
    }));
    backup = { ...backup, snapshots };
    await expect(restore({ to: 'root' })).rejects.toMatchObject({ code: 'RootNeedsOriginal' });
  });
});
