import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBackups } from '../../../src/lib/backups/create.ts';
import {
  type DatabaseDrill,
  type Endpoint,
  planDatabaseDrill,
} from '../../../src/lib/backups/database-drill.ts';
import type { VerifyDeps } from '../../../src/lib/backups/drill.ts';
import { lookUp } from '../../../src/lib/backups/look.ts';
import { sweep } from '../../../src/lib/backups/sweep.ts';
import { type Backup, TAG } from '../../../src/lib/backups/types.ts';
import { verifyBackup } from '../../../src/lib/backups/verify.ts';
import { Interrupted } from '../../../src/lib/base/errors.ts';
import { type BackupScene, backupScene, planOf } from './scene.ts';
import { HOUR } from './setup.ts';

/** A database is proved by restoring it to an instance that is gone afterwards, whatever happens. */

let scene: BackupScene;
let backup: Backup;
beforeEach(() => begin());
afterEach(() => scene.fake.close());

async function begin(): Promise<void> {
  scene = await backupScene();
  scene.fake.state.rds.addDatabase('shop', { content: 'orders', className: 'db.m6g.large', multiZone: true });
  const plan = planOf([{ kind: 'database', id: 'shop' }]);
  await createBackups(scene.deps, plan, { force: false, wait: HOUR, dryRun: false });
  [backup] = (await lookUp(scene.deps, [(await scene.deps.rds()).store()])) as [Backup];
}

const knocked: Endpoint[] = [];
const reach: DatabaseDrill['reach'] = {
  from: 'here',
  knock: async (endpoint) => {
    knocked.push(endpoint);
    return undefined;
  },
};

async function drill(more: Partial<DatabaseDrill> & { deps?: VerifyDeps } = {}) {
  const { deps = await scene.drills(), ...wanted } = more;
  const plan = await planDatabaseDrill(deps, backup, undefined);
  const database = { ...plan, reach, timeout: 2 * HOUR, ...wanted };
  const [result] = await verifyBackup(deps, { backup, sample: 1, database });
  return result;
}

/** What costs money and is nobody's. */
const left = () =>
  [...scene.fake.state.rds.databases.values()].filter(
    ({ id, state }) => id !== 'shop' && state !== 'deleting',
  );
const tags = () => [...scene.fake.state.rds.snapshots.values()][0]?.tags;

describe('the drill of a database', () => {
  it('restores it small and private, knocks, takes it away, tags the snapshot', async () => {
    knocked.length = 0;
    const result = await drill();
    expect(result).toMatchObject({
      ok: true,
      how: 'restore',
      detail: expect.stringMatching(
        /^restored to db\.t3\.micro, available after 10 min \d\d s; port 5432 answers from here$/,
      ),
    });
    const restore = scene.fake.requests.find(({ action }) => action === 'RestoreDBInstanceFromDBSnapshot');
    expect(restore?.parameters).toMatchObject({
      DBInstanceClass: 'db.t3.micro',
      PubliclyAccessible: 'false',
      MultiAZ: 'false',
      DeletionProtection: 'false',
    });
    expect(knocked).toMatchObject([{ port: 5432, engine: 'postgres' }]);
    expect(left()).toEqual([]);
    expect(tags()?.get(TAG.verifiedHow)).toBe('restore');
    expect(scene.fake.state.rds.databases.get('shop')?.state).toBe('available');
  });

  it('is good only if the check is', async () => {
    const check = (exitCode: number) => async () => ({ exitCode, stdout: '42\n', stderr: 'no such table\n' });
    const good = await drill({ reach: { ...reach, check: check(0) } });
    expect(good).toMatchObject({ ok: true, detail: expect.stringContaining('the check is good: 42') });
    expect(good?.digest).toMatch(/^[0-9a-f]{64}$/);
    const bad = await drill({ reach: { ...reach, check: check(1) } });
    expect(bad).toMatchObject({ ok: false, detail: 'the check failed from here: no such table' });
    expect(left()).toEqual([]);
  });

  it('that cannot be reached says so, and is good as far as RDS goes', async () => {
    const result = await drill({ reach: { ...reach, knock: async () => 'no answer' } });
    expect(result).toMatchObject({
      ok: true,
      detail: expect.stringContaining('not reached from here (no answer)'),
    });
  });

  it('that RDS cannot restore is bad, tags nothing, leaves nothing', async () => {
    scene.fake.state.rds.failRestore = 'incompatible-restore';
    expect(await drill()).toMatchObject({
      ok: false,
      detail: expect.stringContaining('incompatible-restore'),
    });
    expect(tags()?.has(TAG.verified)).toBe(false);
    expect(left()).toEqual([]);
  });

  it('on a class that RDS refuses says which flag, and made nothing', async () => {
    scene.fake.state.rds.refusedClasses.add('db.t3.micro');
    await expect(drill()).rejects.toMatchObject({
      code: 'ClassRefused',
      suggestions: ['Give the class of the drill: --class db.m6g.large'],
    });
    expect(left()).toEqual([]);
    expect(await drill({ className: 'db.m6g.large' })).toMatchObject({ ok: true });
  });

  it('that takes too long ends with exit 7, and leaves nothing', async () => {
    scene.fake.state.rds.restoreMs = 1.5 * HOUR;
    await expect(drill({ timeout: HOUR })).rejects.toMatchObject({ code: 'DrillTimeout', exit: 7 });
    expect(left()).toEqual([]);
  });

  it('ended by Ctrl-C while it waits leaves nothing', async () => {
    const ctrlC = new AbortController();
    const deps = await scene.drills(ctrlC.signal);
    const stopping = scene.fake.clock.sleep(2 * 60_000).then(() => ctrlC.abort());
    await expect(drill({ deps })).rejects.toThrow(Interrupted);
    await stopping;
    expect(left()).toEqual([]);
  });

  it('that may not delete says what is left, and how it goes', async () => {
    scene.fake.faults.deny('rds:DeleteDBInstance');
    await expect(drill()).rejects.toMatchObject({
      code: 'DrillLeftover',
      suggestions: [
        expect.stringMatching(/^aws rds delete-db-instance .*infractl-drill-/),
        expect.anything(),
      ],
    });
    scene.fake.faults.clear();
    expect(await sweep(await scene.drills(), { databases: true })).toHaveLength(1);
    expect(left()).toEqual([]);
  });

  it('killed at any call is swept by the next one', async () => {
    for (let after = 0; after < 60; after++) {
      await scene.fake.close();
      await begin();
      scene.fake.state.rds.restoreMs = 40_000;
      const deps = await scene.drills();
      // From this call on nothing is answered any more: the process is as good as dead.
      scene.fake.faults.lost('*', { after, times: 1 }).reset('*', { after: after + 1, times: 999 });
      const whole = await drill({ deps }).then(
        () => true,
        () => false,
      );
      scene.fake.faults.clear();
      await sweep(await scene.drills(), { databases: true });
      expect(left(), `after ${after}`).toEqual([]);
      expect(scene.fake.state.rds.databases.get('shop')?.state).toBe('available');
      if (whole) break;
    }
  }, 120_000);
});
