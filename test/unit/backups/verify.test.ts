import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { costsOf } from '../../../src/lib/backups/costs.ts';
import { createBackups } from '../../../src/lib/backups/create.ts';
import { DRILL_SCRIPT, readDrill } from '../../../src/lib/backups/drill-script.ts';
import { fileSystemIn } from '../../../src/lib/backups/file-system.ts';
import { lookUp, storesOf } from '../../../src/lib/backups/look.ts';
import { sweep } from '../../../src/lib/backups/sweep.ts';
import { type Backup, TAG } from '../../../src/lib/backups/types.ts';
import { drillHost, verifyBackup } from '../../../src/lib/backups/verify.ts';
import { Interrupted } from '../../../src/lib/base/errors.ts';
import { costsView } from '../../../src/lib/cli/views/verify-view.ts';
import { BLOCK, digest } from '../../fake/ebs-state.ts';
import { type BackupScene, backupScene, planOf } from './scene.ts';
import { DAY, HOUR } from './setup.ts';

const INSTANCE = 'i-00000000000000aa1';
const ROOT = 'vol-00000000000000a01';

let scene: BackupScene;
beforeEach(async () => {
  scene = await backupScene();
});
afterEach(() => scene.fake.close());

const all = (signal?: AbortSignal) => scene.drills(signal);

/** An ext4 disk by its superblock, with some blocks of its own. */
function disk(): Map<number, Buffer> {
  const first = Buffer.alloc(BLOCK, 3);
  first.writeUInt16LE(0xef53, 1080);
  return new Map([0, 5, 7, 100].map((at) => [at, at === 0 ? first : Buffer.alloc(BLOCK, at)]));
}

const plan = (host?: object) =>
  planOf([{ kind: 'instance', id: INSTANCE, ...(host ? { host: async () => host as never } : {}) }]);

async function backedUp(): Promise<Backup> {
  const { ebs, ec2 } = scene.fake.state;
  ec2.addInstance({ id: INSTANCE, volumes: [{ id: ROOT, device: '/dev/sda1', deleteOnTermination: true }] });
  const attached = { instance: INSTANCE, device: '/dev/sda1', state: 'attached', deleteOnTermination: true };
  ebs.addVolume({ id: ROOT, state: 'in-use', attached, blocks: disk() });
  await createBackups(scene.deps, plan(), { force: false, wait: HOUR, dryRun: false });
  return (await lookUp(scene.deps, await storesOf(scene.deps, [plan()])))[0] as Backup;
}

const drills = () =>
  [...scene.fake.state.ebs.volumes.values()].filter(
    ({ tags, state }) => tags.get(TAG.purpose) === 'drill' && state !== 'deleted',
  );

describe('the drill by blocks', () => {
  it('reads them, compares their checksums, names the file system, tags the snapshot', async () => {
    const backup = await backedUp();
    const [result] = await verifyBackup(await all(), { backup, sample: 64 });
    expect(result).toMatchObject({
      ok: true,
      how: 'blocks',
      detail: expect.stringMatching(/4 blocks of 4 read.*an ext file system/),
    });
    const [again] = await verifyBackup(await all(), { backup, sample: 64 });
    expect(again?.digest).toBe(result?.digest);
    const [tags] = [...scene.fake.state.ebs.snapshots.values()].map((one) => one.tags);
    expect(tags?.get(TAG.verifiedHow)).toBe('blocks');
    expect(Date.parse(tags?.get(TAG.verified) ?? '')).toBeGreaterThan(0);
  });

  it('of what is not whole is refused: nothing read is no proof', async () => {
    const backup = { ...(await backedUp()), state: 'pending' } as const;
    await expect(verifyBackup(await all(), { backup, sample: 64 })).rejects.toMatchObject({
      code: 'NotGood',
    });
  });

  it('of what is archived is refused before anything is asked of it, with words on how to bring it back', async () => {
    const [snapshot] = (await backedUp()).snapshots;
    const id = snapshot?.id ?? '';
    Object.assign(scene.fake.state.ebs.snapshots.get(id) ?? {}, { tier: 'archive' });
    const [backup] = await lookUp(scene.deps, await storesOf(scene.deps, [plan()]));
    await expect(verifyBackup(await all(), { backup: backup as Backup, sample: 64 })).rejects.toMatchObject({
      code: 'SnapshotArchived',
      suggestions: expect.arrayContaining([
        expect.stringContaining(`aws ec2 restore-snapshot-tier --snapshot-id ${id}`),
      ]),
    });
    expect(scene.fake.requests.map(({ action }) => action)).not.toContain('ListSnapshotBlocks');
  });

  it('finds what is not what its checksum says, and tags nothing', async () => {
    const backup = await backedUp();
    scene.fake.state.ebs.spoilt.add(backup.snapshots[0]?.id ?? '');
    const [result] = await verifyBackup(await all(), { backup, sample: 64 });
    expect(result).toMatchObject({ ok: false, detail: expect.stringContaining('checksum') });
    expect([...scene.fake.state.ebs.snapshots.values()][0]?.tags.has(TAG.verified)).toBe(false);
  });

  it('knows what begins a disk', () => {
    const at = (place: number, text: string) => {
      const bytes = new Uint8Array(BLOCK);
      bytes.set(Buffer.from(text, 'latin1'), place);
      return bytes;
    };
    expect(fileSystemIn(at(512, 'EFI PART'))).toContain('GPT');
    expect(fileSystemIn(at(0, 'XFSB'))).toContain('XFS');
    expect(fileSystemIn(at(1080, '\u0053\u00ef'))).toContain('ext');
    expect(fileSystemIn(at(510, '\u0055\u00aa'))).toContain('MBR');
    expect(fileSystemIn(new Uint8Array(BLOCK))).toBeUndefined();
  });
});

describe('the drill on a host', () => {
  /** A host that hashes what is really attached to it, as the script would. */
  const host = (end: { exitCode: number; stderr?: string } = { exitCode: 0 }) => ({
    name: 'web',
    where: 'web',
    run: async ({ argv, input, sudo }: { argv: readonly string[]; input: string; sudo: boolean }) => {
      expect(sudo).toBe(true);
      expect(input).toBe(DRILL_SCRIPT);
      const id = (argv[2] ?? '').replace(/^vol/, 'vol-');
      const volume = scene.fake.state.ebs.volumes.get(id);
      expect(volume?.attached).toMatchObject({
        instance: INSTANCE,
        state: 'attached',
        device: `/dev/sd${argv[3]}`,
      });
      const stdout = `fs ext4 clean 3 3\ndigest ${digest(volume?.blocks ?? new Map())}\n`;
      return { exitCode: end.exitCode, stdout: end.exitCode === 0 ? stdout : '', stderr: end.stderr ?? '' };
    },
    close: async () => {},
  });

  const order = async (one: object, backup: Backup) => {
    const found = await drillHost(scene.deps, [plan(one)], backup);
    return { backup, sample: 64, ...(found ? { host: found } : {}) };
  };

  it('brings the bytes back that were backed up, and leaves nothing', async () => {
    const backup = await backedUp();
    const [result] = await verifyBackup(await all(), await order(host(), backup));
    expect(result).toMatchObject({
      ok: true,
      how: 'host',
      detail: 'ext4 clean, 3 of 3 files hashed',
      digest: digest(disk()),
    });
    expect(drills()).toEqual([]);
  });

  it('that finds errors says which, and leaves nothing', async () => {
    const backup = await backedUp();
    const bad = host({ exitCode: 4, stderr: 'e2fsck finds errors on /dev/nvme1n1p1' });
    const [result] = await verifyBackup(await all(), await order(bad, backup));
    expect(result).toMatchObject({ ok: false, detail: 'e2fsck finds errors on /dev/nvme1n1p1' });
    expect(drills()).toEqual([]);
  });

  it('ended by Ctrl-C in the middle of the check leaves nothing', async () => {
    const backup = await backedUp();
    const ctrlC = new AbortController();
    const one = {
      ...host(),
      run: async () => {
        ctrlC.abort();
        throw new Interrupted();
      },
    };
    const wanted = await order(one, backup);
    await expect(verifyBackup(await all(ctrlC.signal), wanted)).rejects.toThrow(Interrupted);
    expect(drills()).toEqual([]);
    expect(scene.fake.state.ebs.volumes.get(ROOT)?.attached?.device).toBe('/dev/sda1');
  });

  it('killed at any call is swept by the next one; the old disk is never touched', async () => {
    for (let after = 0; after < 40; after++) {
      await scene.fake.close();
      scene = await backupScene();
      const backup = await backedUp();
      const wanted = await order(host(), backup);
      const deps = await all();
      // From this call on nothing is answered any more: the process is as good as dead.
      scene.fake.faults.lost('*', { after, times: 1 }).reset('*', { after: after + 1, times: 999 });
      const whole = await verifyBackup(deps, wanted).then(
        () => true,
        () => false,
      );
      scene.fake.faults.clear();
      await sweep(await all());
      expect(drills(), `after ${after}`).toEqual([]);
      expect(scene.fake.state.ebs.volumes.get(ROOT)?.attached?.device).toBe('/dev/sda1');
      if (whole) break;
    }
  }, 120_000);

  it('sweeps of other machines only what must be over', async () => {
    const { ebs } = scene.fake.state;
    const tags = {
      [TAG.project]: 'mbot',
      [TAG.environment]: 'prod',
      [TAG.purpose]: 'drill',
      'infractl:machine': 'other',
    };
    const young = ebs.addVolume({ tags, createdAt: scene.fake.clock.now() - HOUR });
    const old = ebs.addVolume({ tags, createdAt: scene.fake.clock.now() - DAY });
    const foreign = ebs.addVolume({ tags: { ...tags, [TAG.project]: 'another' }, createdAt: 0 });
    expect(await sweep(await all())).toEqual([old.id]);
    expect(young.state).toBe('available');
    expect(foreign.state).toBe('available');
  });

  it('has a script that sh takes, and whose answer is read', () => {
    execFileSync('sh', ['-n'], { input: DRILL_SCRIPT });
    expect(readDrill(`fs xfs unchecked 2 9\nfs ext4 clean 1 1\ndigest ${'a'.repeat(64)}\n`)).toEqual({
      words:
        'xfs mounted, its checker is not installed, 2 of 9 files hashed; ext4 clean, 1 of 1 files hashed',
      digest: 'a'.repeat(64),
    });
  });
});

describe('costs', () => {
  it('are what each snapshot holds beyond the one before, with bounded calls', async () => {
    const { ebs } = scene.fake.state;
    await backedUp();
    const root = ebs.volumes.get(ROOT);
    for (let night = 1; night < 4; night++) {
      await scene.fake.clock.sleep(DAY);
      root?.blocks.set(7, Buffer.alloc(BLOCK, 100 + night));
      root?.blocks.set(200 + night, Buffer.alloc(BLOCK, night));
      await createBackups(await scene.again(), plan(), { force: false, wait: HOUR, dryRun: false });
    }
    const backups = await lookUp(scene.deps, await storesOf(scene.deps, [plan()]));
    const costs = await costsOf(await all(), backups, async () => 0.05, 100);
    expect(costs.snapshots.map(({ uniqueBytes }) => (uniqueBytes ?? 0) / BLOCK)).toEqual([2, 2, 2, 4]);
    expect(costs.snapshots.map(({ freesBytes }) => (freesBytes ?? 0) / BLOCK)).toEqual([2, 2, 2, 2]);
    expect(costs).toMatchObject({ totalBytes: 10 * BLOCK, notCounted: 0, calls: 4 });
    const few = await costsOf(await all(), backups, async () => 0.05, 2);
    expect(few.notCounted).toBeGreaterThan(0);
    expect(few.calls).toBeLessThanOrEqual(2);
  });

  it('are not known, instead of nothing, where the prices are not', async () => {
    await backedUp();
    const backups = await lookUp(scene.deps, await storesOf(scene.deps, [plan()]));
    const deps = await all();
    const unknown = await costsOf(deps, backups, async () => undefined, 100);
    expect(unknown).toMatchObject({ perMonth: null, notPriced: 1, notCounted: 0 });
    const ui = { paint: (_: string, text: string) => text, columns: 80 };
    const text = (costs: typeof unknown) =>
      costsView(costs, { note: 'Prices of a test', sources: [] }).text(ui);
    expect(text(unknown)).toMatch(/what they cost a month is not known\.\nPrices of a test\.$/);
    expect(text(unknown)).not.toContain('$');
    // 4 blocks of half a MiB at $512 per GiB.
    const known = await costsOf(deps, backups, async () => 512, 100);
    expect(known).toMatchObject({ perMonth: 1, notPriced: 0 });
    expect(text({ ...known, notPriced: 1 })).toContain('Without 1 snapshot whose price is not known here.');
    expect(await costsOf(deps, [], async () => undefined, 100)).toMatchObject({ perMonth: 0, notPriced: 0 });
  });
});
