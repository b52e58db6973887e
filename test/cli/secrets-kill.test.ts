import { afterEach, beforeEach, expect, it } from 'vitest';
import { Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** A real SIGKILL while a secret is on its way, which AWS stores all the same; the same command again. */

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

async function killedAt(line: string, action: string): Promise<void> {
  await scene.killedAt(line.split(' '), action);
  await until(() => scene.fake.requests.every(({ status }) => status !== 0));
}
const run = (line: string, input?: string) =>
  scene.run(line.split(' '), input === undefined ? {} : { input });
const current = () => scene.fake.state.secrets.secrets.get('shop/jwt');

it('rotate: whoever does it once more is told what undo no longer reaches', async () => {
  await run('secrets set shop/jwt', 'the value in use');
  await killedAt('secrets rotate shop/jwt --yes', 'secretsmanager:PutSecretValue');
  const lost = current();
  expect(lost).not.toBe('the value in use');
  const again = await run('secrets rotate shop/jwt --yes');
  expect(again.code).toBe(0);
  expect(again.stderr).toContain('secrets undo no longer reaches the value before that');
  expect((await run('secrets undo shop/jwt --yes')).code).toBe(0);
  expect(current()).toBe(lost);
});

it('import into parameters: the next run stores the rest, and nothing twice', async () => {
  scene.put('.env.import', 'ONE=first value\nTWO=second value\nTHREE=third value\n');
  const line = 'secrets import .env.import --store ssm';
  await killedAt(line, 'ssm:PutParameter');
  const again = await run(`${line} --json`);
  expect(JSON.parse(again.stdout).changes.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    'unchanged',
    'created',
    'created',
  ]);
  const { parameterHistory } = scene.fake.state.secrets;
  expect([...parameterHistory.values()].map((values) => values.length)).toEqual([1, 1, 1]);
});
