import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { alarmsPort } from '../../../src/lib/aws/alarms.ts';
import { cloudFormation } from '../../../src/lib/aws/cloudformation.ts';
import { Redactor } from '../../../src/lib/base/redact.ts';
import { AlarmDesk } from '../../../src/lib/desks/alarm-desk.ts';
import { type BackupDesk, type HostDesk, projectHealth } from '../../../src/lib/desks/index.ts';
import { loadProject } from '../../../src/lib/project/index.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';
import { physicalId, putShop, shopOnAws } from '../../helpers/watched.ts';

let fake: Fake;
let folder: string;
beforeEach(async () => {
  fake = await startFake();
  await shopOnAws(fake);
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-health-'));
  putShop(folder);
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

/** @param says what a host answers when it is asked how it is */
async function look(says: string) {
  const { project } = await loadProject({ cwd: folder, env: {} });
  const session = await sessionFor(fake);
  const run = async () => ({ exitCode: 0, stdout: says, stderr: '' });
  const deps = {
    session: async () => session,
    clock: fake.clock,
    signal: new AbortController().signal,
    redactor: new Redactor(),
    variable: () => undefined,
    alarms: async () =>
      new AlarmDesk(
        {
          clock: fake.clock,
          stacks: async () => cloudFormation(session),
          alarms: async () => alarmsPort(session),
        },
        project,
      ),
    hosts: async () => ({ open: async () => ({ run }) }) as unknown as HostDesk,
    backups: async () => ({ plans: async () => [], list: async () => [] }) as unknown as BackupDesk,
    patience: 1000,
  };
  const found = await projectHealth(deps, project, { disk: 90, certificateDays: 14, backupAge: 1 });
  return (kind: string, name: RegExp) => found.find((one) => one.kind === kind && name.test(one.name));
}

it('an alarm that was deleted by hand is bad: nobody is told any more', async () => {
  fake.state.cloudWatch.alarms.delete('shop-disk');
  const found = await look('');
  expect(found('alarm', /^shop-disk$/)).toMatchObject({ verdict: 'bad', mend: 'infractl drift' });
  expect(found('alarm', /^shop-throttles$/)).toMatchObject({ verdict: 'good' });
});

it('an instance that was terminated is bad, also while AWS still tells of it', async () => {
  const id = physicalId(fake, 'Web');
  const instance = fake.state.ec2.instances.get(id);
  expect((await look(''))('instance', /^Web/)).toMatchObject({ verdict: 'good' });
  Object.assign(instance as object, { state: 'terminated' });
  expect((await look(''))('instance', /^Web/)).toMatchObject({ verdict: 'bad' });
  fake.state.ec2.instances.delete(id);
  expect((await look(''))('instance', /^Web/)).toMatchObject({ verdict: 'bad' });
});

it('a host that does not tell how it is, is not called well', async () => {
  expect((await look('sh: grep: not found'))('disk', /^web$/)).toMatchObject({ verdict: 'unknown' });
});
