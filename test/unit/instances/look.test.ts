import { afterEach, beforeEach, expect, test } from 'vitest';
import { checksAhead, findTargets, statusOf } from '../../../src/lib/instances/index.ts';
import { until } from '../../helpers/until.ts';
import { openWorld, type World } from './setup.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.fake.close());

const asked = () => world.fake.requests.map(({ action }) => action);

async function look(ids: readonly string[]) {
  const deps = checksAhead(world.deps);
  const wish = { ids, tags: {}, hosts: [], resources: [], describedBy: [] };
  return statusOf(deps, await findTargets(deps, wish, 'eu-west-3'), () => undefined);
}

test('the checks of an instance that is known by its id are asked for while it is', async () => {
  const one = world.fake.state.ec2.addInstance({});
  const held = world.fake.faults.hold('ec2:DescribeInstances');
  const rows = look([one.id]);
  await until(() => asked().includes('DescribeInstanceStatus'));
  held.release();
  expect(await rows).toMatchObject([{ id: one.id, state: 'running', checks: 'ok' }]);
  expect(asked().sort()).toEqual(['DescribeInstances', 'DescribeInstanceStatus'].sort());
});

test('checks that could not be asked for ahead are asked for again', async () => {
  const one = world.fake.state.ec2.addInstance({});
  world.fake.faults.add('ec2:DescribeInstanceStatus', {
    kind: 'error',
    code: 'InvalidInstanceID.NotFound',
    message: 'not yet',
    status: 400,
  });
  expect(await look([one.id])).toMatchObject([{ checks: 'ok' }]);
  expect(asked().filter((action) => action === 'DescribeInstanceStatus')).toHaveLength(2);
});
