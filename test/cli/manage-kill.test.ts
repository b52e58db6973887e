import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** A real SIGKILL in the middle of a start or a stop; the same command again ends the work, and does nothing twice. */

const SCRIPT = { startMs: 50, checksMs: 50, stopMs: 50 };
const TAG = ['--tag', 'kill=me'];
let scene: Scene;

beforeEach(async () => {
  scene = await Scene.open();
  scene.put('infractl.yaml', 'project: shop\nregion: eu-west-3\nenvironments: { dev: {} }\n');
});
afterEach(() => scene.close());

const count = (action: string) => scene.fake.requests.filter((one) => one.action === action).length;
const manage = (...words: string[]) => scene.run(['manage', ...words, ...TAG]);

describe('killed with SIGKILL and run again', () => {
  it('an instance', async () => {
    const one = scene.fake.state.ec2.addInstance({ tags: { kill: 'me' }, script: SCRIPT });
    await scene.killedAt(['manage', 'stop', '--yes', ...TAG], 'ec2:StopInstances');
    expect((await manage('stop', '--yes')).code).toBe(0);
    expect(one.state).toBe('stopped');
    expect(count('StopInstances')).toBe(1);
    await scene.killedAt(['manage', 'start', ...TAG], 'ec2:StartInstances');
    expect((await manage('start')).code).toBe(0);
    expect(one.state).toBe('running');
    expect(count('StartInstances')).toBe(1);
  });

  it('restart --hard, killed between its stop and its start, starts', async () => {
    const one = scene.fake.state.ec2.addInstance({ tags: { kill: 'me' }, script: SCRIPT });
    await scene.killedAt(['manage', 'restart', '--hard', '--yes', ...TAG], 'ec2:StopInstances');
    expect((await manage('restart', '--hard', '--yes')).code).toBe(0);
    expect(one.state).toBe('running');
    expect([count('StopInstances'), count('StartInstances')]).toEqual([1, 1]);
  });

  it('restart: each kind is restarted, and a group that replaces its members is not told to again', async () => {
    const { ec2, rds, autoScaling } = scene.fake.state;
    const one = ec2.addInstance({ tags: { kill: 'me' }, script: SCRIPT });
    const orders = rds.addDatabase('orders', { tags: { kill: 'me' }, rebootMs: 50 });
    const many = { min: 1, desired: 2, max: 3, memberMs: 3_600_000 };
    const group = autoScaling.addGroup({ name: 'workers', tags: { kill: 'me' }, ...many });
    const words = ['restart', '--yes', '--no-wait'];
    for (const action of ['rds:RebootDBInstance', 'ec2:RebootInstances', 'autoscaling:StartInstanceRefresh'])
      await scene.killedAt(['manage', ...words, ...TAG], action);
    const again = await manage(...words);
    expect(again.code, again.stderr).toBe(0);
    expect(one).toMatchObject({ state: 'running' });
    expect(one.reboots).toBeGreaterThan(0);
    await until(() => orders.state === 'available');
    expect(count('RebootDBInstance')).toBeGreaterThan(0);
    expect(group.refreshes).toHaveLength(1);
  });

  it('a group: it gets back what it had, whenever the stop was killed', async () => {
    const group = scene.fake.state.autoScaling.addGroup({
      name: 'workers',
      tags: { kill: 'me' },
      min: 2,
      max: 6,
      desired: 3,
      memberMs: 50,
    });
    await scene.killedAt(['manage', 'stop', '--yes', ...TAG], 'autoscaling:CreateOrUpdateTags');
    await scene.killedAt(['manage', 'stop', '--yes', ...TAG], 'autoscaling:UpdateAutoScalingGroup');
    expect((await manage('stop', '--yes')).code).toBe(0);
    expect([group.min, group.desired]).toEqual([0, 0]);
    scene.fake.requests.length = 0;
    await scene.killedAt(['manage', 'start', ...TAG], 'autoscaling:UpdateAutoScalingGroup');
    expect((await manage('start')).code).toBe(0);
    expect([group.min, group.max, group.desired]).toEqual([2, 6, 3]);
  });

  it('a database', async () => {
    const orders = scene.fake.state.rds.addDatabase('orders', {
      tags: { kill: 'me' },
      startMs: 50,
      stopMs: 50,
    });
    await scene.killedAt(['manage', 'stop', '--yes', ...TAG], 'rds:StopDBInstance');
    expect((await manage('stop', '--yes')).code).toBe(0);
    expect(orders.state).toBe('stopped');
    expect(count('StopDBInstance')).toBe(1);
    await scene.killedAt(['manage', 'start', ...TAG], 'rds:StartDBInstance');
    expect((await manage('start')).code).toBe(0);
    expect(orders.state).toBe('available');
    expect(count('StartDBInstance')).toBe(1);
  });
});

it('a stop that loses an instance store wants the name, and says so; so does --hard', async () => {
  scene.fake.state.ec2.withInstanceStore.add('i3.large');
  const one = scene.fake.state.ec2.addInstance({ tags: { kill: 'me' }, type: 'i3.large', script: SCRIPT });
  for (const words of [['stop'], ['restart', '--hard']]) {
    scene.fake.requests.length = 0;
    const refused = await manage(...words, '--yes');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('all data on them is lost');
    expect(refused.stderr).toContain('Give --confirm shop-dev');
    expect(scene.fake.mutations()).toEqual([]);
  }
  expect((await manage('stop', '--confirm', 'shop-dev')).code).toBe(0);
  expect(one.state).toBe('stopped');
});
