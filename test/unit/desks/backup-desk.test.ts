import { afterEach, expect, it } from 'vitest';
import { withBackupLock } from '../../../src/lib/backups/index.ts';
import { BackupDesk } from '../../../src/lib/desks/backup-desk.ts';
import { planOf } from '../backups/scene.ts';
import { HOUR } from '../backups/setup.ts';
import { Deploys } from '../deploy/setup.ts';

let deploys: Deploys | undefined;
afterEach(() => deploys?.close());

it('two nights of one project may run at the same time, two of one plan may not', async () => {
  deploys = await Deploys.open({ 'infractl.yaml': 'project: night-shop\nregion: eu-west-3\n' });
  const deps = await deploys.deps();
  const project = await deploys.project();
  const desk = new BackupDesk({ ...deps, session: async () => deps.session, where: '' }, project);
  const { ebs } = deploys.fake.state;
  const [disks, more] = ['disks', 'more'].map((name) =>
    planOf([{ kind: 'volume', id: ebs.addVolume().id }], { name }),
  ) as [ReturnType<typeof planOf>, ReturnType<typeof planOf>];
  const options = { wait: HOUR, dryRun: false };
  await withBackupLock(`backup auto night-shop ${project.environment} disks eu-west-3`, async () => {
    await expect(desk.auto([disks], options)).rejects.toMatchObject({ code: 'BackupBusy', exit: 6 });
    expect(await desk.auto([disks, more], options)).toMatchObject([
      { plan: 'disks', exit: 6, created: 0 },
      { plan: 'more', exit: 0, created: 1 },
    ]);
  });
  expect(await desk.auto([disks], options)).toMatchObject([{ plan: 'disks', exit: 0, created: 1 }]);
});
