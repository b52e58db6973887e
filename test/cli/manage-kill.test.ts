import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** A real SIGKILL in the middle of a start or a stop; the same command again ends the work, and does nothing twice. */

const SLOW = { startMs: 1_500, checksMs: 500, stopMs: 1_500 };
const TAG = ['--tag', 'kill=me'];
let scene: Scene;

beforeEach(async () => {
  scene = await Scene.open();
  scene.put('infractl.yaml', 'project: shop\nregion: eu-west-3\nenvironments: { dev: {} }\n');
});
afterEach(() => scene.close());

/** Runs a command and kills it as soon as the fake has seen an action. */
async function killedAt(action: string, args: readonly string[]): Promise<void> {
  const running = scene.start(args);
  await until(() => count(action) > 0, running);
  running.child.kill('SIGKILL');
  expect((await running.ended).signal).toBe('SIGKILL');
}

const count = (action: string) => scene.fake.requests.filter((one) => one.action === action).length;
const manage = (...words: string[]) => scene.run(['manage', ...words, ...TAG]);

describe('killed with SIGKILL and run again', () => {
  it('an instance', async () => {
    const one = scene.fake.state.ec2.addInstance({ tags: { kill: 'me' }, script: SLOW });
    await killedAt('StopInstances', ['manage', 'stop', '--yes', ...TAG]);
    expect((await manage('stop', '--yes')).code).toBe(0);
    expect(one.state).toBe('stopped');
    expect(count('StopInstances')).toBe(1);
    await killedAt('StartInstances', ['manage', 'start', ...TAG]);
    expect((await manage('start')).code).toBe(0);
    expect(one.state).toBe('running');
    expect(count('StartInstances')).toBe(1);
  });

  it('restart --hard, killed between its stop and its start, starts', async () => {
    const one = scene.fake.state.ec2.addInstance({ tags: { kill: 'me' }, script: SLOW });
    await killedAt('StopInstances', ['manage', 'restart', '--hard', '--yes', ...TAG]);
    expect((await manage('restart', '--hard', '--yes')).code).toBe(0);
    expect(one.state).toBe('running');
    expect([count('StopInstances'), count('StartInstances')]).toEqual([1, 1]);
  });

  it('a group: it gets back what it had, whenever the stop was killed', async () => {
    const group = scene.fake.state.autoScaling.addGroup({
      name: 'workers',
      tags: { kill: 'me' },
      min: 2,
      max: 6,
      desired: 3,
      memberMs: 1_500,
    });
    await killedAt('CreateOrUpdateTags', ['manage', 'stop', '--yes', ...TAG]);
    await killedAt('UpdateAutoScalingGroup', ['manage', 'stop', '--yes', ...TAG]);
    expect((await manage('stop', '--yes')).code).toBe(0);
    expect([group.min, group.desired]).toEqual([0, 0]);
    scene.fake.requests.length = 0;
    await killedAt('UpdateAutoScalingGroup', ['manage', 'start', ...TAG]);
    expect((await manage('start')).code).toBe(0);
    expect([group.min, group.max, group.desired]).toEqual([2, 6, 3]);
  });

  it('a database', async () => {
    const orders = scene.fake.state.rds.addDatabase('orders', {
      tags: { kill: 'me' },
      startMs: 1_500,
      stopMs: 1_500,
    });
    await killedAt('StopDBInstance', ['manage', 'stop', '--yes', ...TAG]);
    expect((await manage('stop', '--yes')).code).toBe(0);
    expect(orders.state).toBe('stopped');
    expect(count('StopDBInstance')).toBe(1);
    await killedAt('StartDBInstance', ['manage', 'start', ...TAG]);
    expect((await manage('start')).code).toBe(0);
    expect(orders.state).toBe('available');
    expect(count('StartDBInstance')).toBe(1);
  });
});

it('a stop that loses an instance store wants the name, and says so; so does --hard', async () => {
  scene.fake.state.ec2.withInstanceStore.add('i3.large');
  const one = scene.fake.state.ec2.addInstance({ tags: { kill: 'me' }, type: 'i3.large', script: SLOW });
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
