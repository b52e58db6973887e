import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { autoRun } from '../../../src/lib/backups/auto.ts';
import { createBackups } from '../../../src/lib/backups/create.ts';
import type { BackupDeps, Plan } from '../../../src/lib/backups/deps.ts';
import { lookUp, storesOf } from '../../../src/lib/backups/look.ts';
import type { Backup } from '../../../src/lib/backups/types.ts';
import { backupJson, backupListView } from '../../../src/lib/cli/views/backup-view.ts';
import { type BackupScene, backupScene, planOf } from './scene.ts';
import { DAY, HOUR } from './setup.ts';

let scene: BackupScene;
let published: string[];
beforeEach(async () => {
  scene = await backupScene();
  published = [];
});
afterEach(() => scene.fake.close());

const WHY = 'Given key ID is not accessible';
const WAIT = { force: false, wait: HOUR, dryRun: false };
const night = {
  wait: 3 * HOUR,
  dryRun: false,
  notify: async () => ({
    publish: async (_topic: string, subject: string, message: string) =>
      void published.push(`${subject}\n${message}`),
  }),
};

/** The next copies end in error; the originals, which are taken before them, do not. */
async function withFailingCopies(count: number): Promise<BackupDeps> {
  const deps = await scene.again();
  const { ebs, rds } = scene.fake.state;
  const emit: BackupDeps['reporter']['emit'] = (event) => {
    if (event.type === 'part.done' && event.outcome === 'created') ebs.failing = rds.failing = count;
  };
  return { ...deps, reporter: { emit } };
}

const all = async (plan: Plan): Promise<Backup[]> => lookUp(scene.deps, await storesOf(scene.deps, [plan]));
const states = async (plan: Plan) => (await all(plan)).map(({ region, state }) => [region, state]);
const shown = async (plan: Plan) => {
  const listed = (await all(plan)).map((backup) => ({ backup, verdict: undefined }));
  const ui = { paint: (_: string, text: string) => text, columns: 200, where: '' };
  return backupListView(listed, scene.fake.clock.now()).text(ui as never);
};

describe('an encrypted copy that fails twice', () => {
  const plain = (more: Partial<Plan> = {}) => {
    const volume = scene.fake.state.ebs.addVolume({ encrypted: false });
    return planOf([{ kind: 'volume', id: volume.id }], { policy: { last: 1 }, topic: 'arn:topic', ...more });
  };

  it('is a failed backup, with the reason of AWS, in the result, the list and the message', async () => {
    const plan = plain();
    const result = await autoRun(await withFailingCopies(2), plan, night);
    expect(result).toMatchObject({ failed: 1, deleted: 0, newestGood: null, exit: 1 });
    expect(result.problems[0]).toContain(`AWS could not finish its snapshots. AWS says: ${WHY}`);
    expect(published).toEqual([expect.stringMatching(/^FAILED: .*\n.*Given key ID is not accessible/)]);
    expect(await all(plan)).toMatchObject([{ state: 'failed', troubles: [WHY] }]);
    expect(await shown(plan)).toMatch(
      /✗ nightly-\S+ of vol-\S+ in eu-west-3: Given key ID is not accessible/,
    );
  });

  it('is made anew by the next night, and goes a day after, never before one is good', async () => {
    const plan = plain();
    await autoRun(await withFailingCopies(2), plan, night);
    scene.fake.state.ebs.failing = 0;
    await scene.fake.clock.sleep(DAY + HOUR);
    await autoRun(await withFailingCopies(2), plan, night);
    expect(await states(plan)).toEqual([
      ['eu-west-3', 'failed'],
      ['eu-west-3', 'failed'],
    ]);
    const again = await autoRun(await scene.again(), plan, night);
    expect(again).toMatchObject({ created: 1, failed: 0, exit: 0 });
    await scene.fake.clock.sleep(DAY + HOUR);
    await autoRun(await scene.again(), plan, night);
    expect(await states(plan)).toEqual([['eu-west-3', 'good']]);
  });

  it('of a database takes a free name the second time', async () => {
    scene.fake.state.rds.addDatabase('shop', { encrypted: false });
    const plan = planOf([{ kind: 'database', id: 'shop' }]);
    const [once] = await createBackups(await withFailingCopies(1), plan, WAIT);
    expect(once).toMatchObject({ outcome: 'created', state: 'good' });
    expect((await all(plan)).map(backupJson)).toMatchObject([
      { state: 'good', sizeGiB: 20, snapshots: [{ state: 'error' }, { state: 'completed' }] },
    ]);
    const [twice] = await createBackups(await withFailingCopies(2), plan, { ...WAIT, force: true });
    expect(twice).toMatchObject({ outcome: 'failed', state: 'failed' });
    expect(twice?.suggestions[0]).toMatch(/describe-events --source-type db-snapshot .*-encrypted/);
  });
});

describe('a copy in another region that fails', () => {
  const copied = () => {
    const volume = scene.fake.state.ebs.addVolume();
    const copies = [{ region: 'eu-west-1' }];
    return planOf([{ kind: 'volume', id: volume.id }], { copies, topic: 'arn:topic' });
  };

  it('is told as a failed backup is, and tried again by the next night, without a further backup', async () => {
    const plan = copied();
    const failed = await autoRun(await withFailingCopies(2), plan, night);
    expect(failed).toMatchObject({ failed: 1, exit: 1, deleted: 0 });
    expect(failed.problems).toEqual([
      expect.stringMatching(/: nightly-\S+ is good, but has no good copy in eu-west-1\. AWS says: Given key/),
    ]);
    expect(published).toEqual([expect.stringMatching(/^FAILED: .*\n.*has no good copy in eu-west-1/)]);
    expect(await states(plan)).toEqual(
      expect.arrayContaining([
        ['eu-west-1', 'failed'],
        ['eu-west-3', 'good'],
      ]),
    );
    const next = await autoRun(await scene.again(), plan, night);
    expect(next).toMatchObject({ created: 0, recent: 1, failed: 0, exit: 0 });
    expect((await states(plan)).sort()).toEqual([
      ['eu-west-1', 'good'],
      ['eu-west-3', 'good'],
    ]);
  });

  it('again and again is tried twice a run, not for ever', async () => {
    const plan = copied();
    const [result] = await createBackups(await withFailingCopies(99), plan, WAIT);
    expect(result).toMatchObject({ outcome: 'failed', state: 'good' });
    expect(result?.suggestions).toEqual([
      expect.stringContaining('kms:CreateGrant'),
      expect.stringContaining('infractl backup create nightly --wait'),
    ]);
    expect(scene.fake.actions().filter((one) => one === 'ec2:CopySnapshot')).toHaveLength(2);
  });
});
