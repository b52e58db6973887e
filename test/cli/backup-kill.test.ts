import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { TAG } from '../../src/lib/backups/types.ts';
import { realClock } from '../fake/clock.ts';
import { BLOCK } from '../fake/ebs-state.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { type CliResult, Home, type RunningCli } from '../helpers/cli.ts';
import { until } from '../helpers/until.ts';

/**
 * infractl killed with kill -9 while a request of it is on its way, which AWS carries out after its death. The
 * same command again: nothing is lost, nothing is there twice, nothing is left over.
 */

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const ROOT = 'vol-0a1b2c3d4e5f60718';
const DAY = 86_400_000;
const configuration = (project: string) => `project: ${project}
region: eu-west-3
backups:
  nightly:
    targets: [{ tags: { Name: web } }, { database: shop }]
    keep: { daily: 3 }
    copies: [{ region: eu-central-1 }]
`;

let places = 0;

/** A home and an AWS of its own: the cases run side by side. */
class Place {
  readonly fake: Fake;
  /** Each has its own: the lock of a machine goes by it. */
  readonly project = `mbot${++places}`;
  readonly #home = new Home();

  private constructor(fake: Fake) {
    this.fake = fake;
    writeFileSync(path.join(this.#home.work, 'infractl.yaml'), configuration(this.project));
  }

  static async with(work: (place: Place) => Promise<void>): Promise<void> {
    const fake = await startFake({ clock: realClock() });
    const { ebs, ec2, rds } = fake.state;
    Object.assign(ebs, { snapshotMs: 50, volumeMs: 20, attachMs: 20, rootTaskMs: 50 });
    Object.assign(rds, { snapshotMs: 50, restoreMs: 50 });
    ec2.launched = { startMs: 50 };
    const root = { id: ROOT, device: '/dev/sda1', deleteOnTermination: true };
    ec2.addInstance({ id: INSTANCE, tags: { Name: 'web' }, volumes: [root] });
    rds.addDatabase('shop');
    const place = new Place(fake);
    try {
      await work(place);
    } finally {
      await fake.close();
      place.#home.remove();
    }
  }

  start(line: string): RunningCli {
    return this.#home.start(line.split(' '), { env: this.fake.env });
  }

  async succeeds(line: string): Promise<CliResult> {
    const result = await this.start(line).ended;
    expect(result.code, `${line}: ${result.stderr}`).toBe(0);
    return result;
  }

  /** Runs a command until its request arrives, kills it, and lets AWS carry the request out. */
  async killedAt(line: string, action: string, after = 0): Promise<void> {
    const held = this.fake.faults.hold(action, { after });
    const running = this.start(line);
    await until(() => held.holds, running);
    running.child.kill('SIGKILL');
    expect((await running.ended).signal).toBe('SIGKILL');
    held.release();
    await until(() => this.fake.requests.every(({ status }) => status !== 0));
  }

  /** A good backup of the instance and of the database. */
  backedUp(): void {
    const { ebs, rds } = this.fake.state;
    const tags = (subject: string) => ({
      [TAG.project]: this.project,
      [TAG.environment]: 'dev',
      [TAG.plan]: 'nightly',
      [TAG.subject]: subject,
      [TAG.backup]: 'nightly-1',
    });
    ebs.addSnapshot({
      volume: ROOT,
      startedAt: Date.now() - DAY,
      blocks: new Map([[0, Buffer.alloc(BLOCK, 7)]]),
      tags: { ...tags(INSTANCE), [TAG.devices]: `${ROOT}=/dev/sda1` },
    });
    rds.addSnapshot('shop-1', { database: 'shop', tags: tags('shop') });
  }

  /** Backups of the nights before, here and as copies, as infractl made them. */
  old(nights: number): void {
    for (let n = 1; n <= nights; n++) {
      const tags = {
        [TAG.project]: this.project,
        [TAG.environment]: 'dev',
        [TAG.plan]: 'nightly',
        [TAG.subject]: INSTANCE,
        [TAG.backup]: `old-${n}`,
      };
      const startedAt = Date.now() - n * DAY;
      const { id, volume } = this.fake.state.ebs.addSnapshot({ region: 'eu-west-3', startedAt, tags });
      const copied = {
        [TAG.copiedFrom]: id,
        [TAG.source]: volume,
        [TAG.taken]: new Date(startedAt).toISOString(),
      };
      this.fake.state.ebs.addSnapshot({ region: 'eu-central-1', startedAt, tags: { ...tags, ...copied } });
    }
  }

  /** The backups of a region: the old ones by name, each one of tonight as `new`. */
  backups(region: string): string[] {
    return [...this.fake.state.ebs.snapshots.values()]
      .filter((one) => one.region === region)
      .map(({ tags }) => tags.get(TAG.backup) ?? '')
      .map((id) => (id.startsWith('old-') ? id : 'new'))
      .sort();
  }

  /** What a command has made and not taken away. */
  made(purpose: 'restore' | 'drill') {
    const { ebs, rds } = this.fake.state;
    const volumes = [...ebs.volumes.values()].filter(({ state }) => state !== 'deleted');
    const all = [...volumes, ...rds.databases.values()];
    return all.filter(({ tags }) => tags.get(TAG.purpose) === purpose);
  }
}

const killed = (name: string, work: (place: Place) => Promise<void>) =>
  it.concurrent(name, () => Place.with(work));

describe('backup auto', () => {
  for (const action of [
    'ec2:CreateSnapshots',
    'rds:CreateDBSnapshot',
    'ec2:CopySnapshot',
    'rds:CopyDBSnapshot',
    'ec2:DescribeImages',
    'ec2:DeleteSnapshot',
  ])
    killed(`killed at ${action}: one backup of tonight, and the right ones of before`, async (place) => {
      place.old(5);
      await place.killedAt('backup auto', action);
      await place.succeeds('backup auto');
      for (const region of ['eu-west-3', 'eu-central-1'])
        expect(place.backups(region), region).toEqual(['new', 'old-1', 'old-2']);
      const databases = [...place.fake.state.rds.snapshots.values()].map(({ region }) => region).sort();
      expect(databases).toEqual(['eu-central-1', 'eu-west-3']);
      const known = place.fake.mutations().length;
      await place.succeeds('backup auto');
      expect(place.fake.mutations()).toHaveLength(known);
    });
});

describe('backup cleanup', () => {
  for (const after of [0, 1])
    killed(`killed at its deletion ${after + 1}: the rest goes in the next run`, async (place) => {
      place.old(6);
      const line = `backup cleanup --apply --confirm ${place.project}-dev`;
      await place.killedAt(line, 'ec2:DeleteSnapshot', after);
      await place.succeeds(line);
      for (const region of ['eu-west-3', 'eu-central-1'])
        expect(place.backups(region), region).toEqual(['old-1', 'old-2', 'old-3']);
    });
});

describe('backup restore', () => {
  const restore = `backup restore latest --of ${INSTANCE}`;

  for (const action of ['ec2:CreateVolume', 'ec2:AttachVolume'])
    killed(`to a volume, killed at ${action}: one volume, attached`, async (place) => {
      place.backedUp();
      const line = `${restore} --attach ${INSTANCE} --yes`;
      await place.killedAt(line, action);
      await place.succeeds(line);
      expect(place.made('restore')).toMatchObject([{ attached: { instance: INSTANCE, state: 'attached' } }]);
    });

  for (const action of ['ec2:RegisterImage', 'ec2:RunInstances', 'ec2:DeregisterImage'])
    killed(`to an instance, killed at ${action}: one instance, no image`, async (place) => {
      place.backedUp();
      const line = `${restore} --to instance --yes`;
      await place.killedAt(line, action);
      await place.succeeds(line);
      const { ec2, ebs } = place.fake.state;
      expect(ec2.instances.size).toBe(2);
      expect([...ebs.images.values()].filter(({ state }) => state === 'available')).toEqual([]);
    });

  for (const action of ['ec2:CreateReplaceRootVolumeTask', 'ec2:DescribeReplaceRootVolumeTasks'])
    killed(`of the root, killed at ${action}: it is replaced once, what was there is kept`, async (place) => {
      place.backedUp();
      const { ec2, ebs } = place.fake.state;
      const line = `${restore} --replace-root --confirm web`;
      await place.killedAt(line, action);
      await until(() => [...ebs.tasks.values()].some(({ carriedOut }) => carriedOut));
      const { stdout } = await place.succeeds(line);
      expect(stdout).toContain('Nothing to do. The root volume of');
      expect(stdout).toContain(`Kept: ${ROOT}, the root volume that was replaced.`);
      expect(stdout).toContain(`--volume-id ${ROOT} --device /dev/sda1`);
      expect(ebs.tasks.size).toBe(1);
      expect(ebs.volumes.get(ROOT)?.state).not.toBe('deleted');
      expect(ec2.instances.get(INSTANCE)?.volumes).toHaveLength(1);
    });

  // What is before it, the restore, and the first look at what it made.
  for (const [action, after] of [
    ['rds:DescribeDBSnapshots', 0],
    ['rds:DescribeDBInstances', 0],
    ['rds:RestoreDBInstanceFromDBSnapshot', 0],
    ['rds:DescribeDBInstances', 2],
  ] as const)
    killed(`to a database, killed at ${action}, ${after} before it: one database`, async (place) => {
      place.backedUp();
      const line = 'backup restore latest --of shop --to database --yes';
      await place.killedAt(line, action, after);
      await place.succeeds(line);
      const { databases } = place.fake.state.rds;
      expect([...databases.keys()].sort()).toEqual(['shop', 'shop-restored']);
      expect([...databases.values()].map(({ state }) => state)).toEqual(['available', 'available']);
      const restores = place.fake.requests.filter(
        ({ action }) => action === 'RestoreDBInstanceFromDBSnapshot',
      );
      expect(restores.filter(({ status }) => status === 200)).toHaveLength(1);
    });
});

describe('backup verify', () => {
  for (const action of ['ebs:ListSnapshotBlocks', 'ebs:GetSnapshotBlock', 'ec2:CreateTags'])
    killed(`by blocks, killed at ${action}: the next one is good`, async (place) => {
      place.backedUp();
      const line = `backup verify latest --of ${INSTANCE} --how blocks`;
      await place.killedAt(line, action);
      expect((await place.succeeds(line)).stdout).toContain('1 block of 1 read');
      expect(place.made('drill')).toEqual([]);
    });

  for (const action of [
    'rds:RestoreDBInstanceFromDBSnapshot',
    'rds:DescribeDBInstances',
    'rds:AddTagsToResource',
  ])
    killed(`of a database, killed at ${action}: the next one takes away what it left`, async (place) => {
      place.backedUp();
      const line = 'backup verify latest --of shop --check true --yes';
      await place.killedAt(line, action, action === 'rds:DescribeDBInstances' ? 3 : 0);
      expect((await place.succeeds(line)).stdout).toContain('the check is good');
      const running = place.made('drill').filter(({ state }) => state !== 'deleting');
      expect(running).toEqual([]);
      expect(place.fake.state.rds.databases.get('shop')?.state).toBe('available');
    });
});
