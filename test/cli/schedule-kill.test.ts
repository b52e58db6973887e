import { afterEach, beforeEach, expect, it } from 'vitest';
import { Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** A real SIGKILL in the middle of what makes or takes away a stack beside the deploy; the next command ends it. */

let scene: Scene;

beforeEach(async () => {
  scene = await Scene.open();
  scene.put(
    'infractl.yaml',
    `project: shop
region: eu-west-3
environments: { dev: {} }
backups:
  nightly: { targets: [{ tags: { Role: web } }], keep: { daily: 3 } }
`,
  );
  scene.fake.state.ec2.addInstance({ tags: { Role: 'web' } });
});
afterEach(() => scene.close());

/** The command is killed at a request, which AWS carries out, with all that follows from it. */
async function killedAt(line: string, action: string): Promise<void> {
  await scene.killedAt(line.split(' '), `cloudformation:${action}`);
  await until(() => scene.fake.requests.every(({ status }) => status !== 0));
  await until(() => stacks().every((one) => /REVIEW_IN_PROGRESS$|_COMPLETE$/.test(one)));
}

async function succeeds(line: string): Promise<string> {
  const { code, stdout, stderr } = await scene.run(line.split(' '));
  expect(code, `${line}: ${stderr}`).toBe(0);
  return stdout;
}

const stacks = () =>
  scene.fake.state.cloudFormation.stacks
    .filter(({ status }) => status !== 'DELETE_COMPLETE')
    .map(({ name, status }) => `${name} ${status}`);

const SET = 'manage schedule set --stop 20:00 --timezone Europe/Paris --tag Role=web';
const REMOVE = 'manage schedule remove --yes';
const INSTALL = 'backup schedule install --engine dlm';
const UNINSTALL = 'backup schedule uninstall --dlm';

it.each([
  ['manage schedule set', SET, REMOVE, 'shop-schedules-dev'],
  ['backup schedule install --engine dlm', INSTALL, UNINSTALL, 'shop-backup-nightly-dev'],
])('%s: killed as it creates, it is taken away or made whole', async (_, make, take, name) => {
  await killedAt(make, 'CreateChangeSet');
  expect(stacks()).toEqual([`${name} REVIEW_IN_PROGRESS`]);
  await succeeds(take);
  expect(stacks()).toEqual([]);
  await killedAt(make, 'ExecuteChangeSet');
  expect(await succeeds(make)).toContain('Nothing to do');
  expect(stacks()).toEqual([`${name} CREATE_COMPLETE`]);
  await killedAt(take, 'DeleteStack');
  expect(stacks()).toEqual([]);
  await succeeds(make);
  expect(stacks()).toEqual([`${name} CREATE_COMPLETE`]);
});
