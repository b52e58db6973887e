import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CAPACITY_TAG } from '../../../src/lib/instances/groups.ts';
import { TIMEOUTS } from '../../../src/lib/instances/index.ts';
import { EC2_LIMITS } from '../../fake/buckets.ts';
import { doIt, openWorld, type World } from './setup.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.fake.close());

const mutations = () => world.fake.mutations().map(({ action }) => action);

describe('started means serving', () => {
  test('pending, running, status checks, port, application: each with its time', async () => {
    const one = world.fake.state.ec2.addInstance({ state: 'stopped' });
    world.doors.set(`${one.privateIp}:22`, 'refused');
    world.doors.set('http://app/health', 502);
    world.fake.clock.after(90_000, () => world.doors.delete(`${one.privateIp}:22`));
    world.fake.clock.after(120_000, () => world.doors.set('http://app/health', 200));
    const serving = { ports: [22], url: 'http://app/health' };
    const [result] = await doIt(world, 'start', { hosts: [{ name: 'web', instance: one.id, serving }] });
    expect(result).toMatchObject({ outcome: 'started', name: 'web', error: null });
    expect(result?.stages.map(({ stage }) => stage)).toEqual(['running', 'checks', 'port', 'health']);
    const [running = 0, checks = 0, port = 0, health = 0] = result?.stages.map(({ ms }) => ms) ?? [];
    expect(running).toBeGreaterThanOrEqual(15_000);
    expect(checks).toBeGreaterThanOrEqual(58_000);
    expect(port).toBeGreaterThan(5_000);
    expect(running + checks + port + health).toBeGreaterThanOrEqual(120_000);
  });

  test.each([
    ['checks', 'status checks: system ok, instance impaired'],
    ['port', 'port 22: no answer'],
    ['health', 'http://app/health answers 503'],
  ] as const)('a %s stage that never ends: exit 7, and how to go on', async (stage, last) => {
    const script = stage === 'checks' ? { checks: { system: 'ok', instance: 'impaired' } } : {};
    const one = world.fake.state.ec2.addInstance({ state: 'stopped', script });
    if (stage === 'port') world.doors.set(`${one.privateIp}:22`, 'no answer');
    world.doors.set('http://app/health', stage === 'health' ? 503 : 200);
    const serving = { ports: [22], url: 'http://app/health' };
    const timeouts = { ...TIMEOUTS, [stage]: 120_000 };
    const [result] = await doIt(
      world,
      'start',
      { hosts: [{ name: 'web', instance: one.id, serving }] },
      { timeouts },
    );
    expect(result?.error).toMatchObject({ code: 'TimedOut', exit: 7, why: last });
    expect(result?.error?.suggestions[0]).toBe(
      `Wait on, nothing is begun anew: infractl manage start --id ${one.id} --timeout ${stage}=4m`,
    );
    expect(mutations()).toEqual(['StartInstances']);
  });

  test('one that runs already is not started again, but is waited for', async () => {
    const one = world.fake.state.ec2.addInstance({});
    const [result] = await doIt(world, 'start', { ids: [one.id] });
    expect(result).toMatchObject({ outcome: 'unchanged', error: null });
    expect(mutations()).toEqual([]);
  });

  test('one that is still stopping is started once it has stopped', async () => {
    const one = world.fake.state.ec2.addInstance({ state: 'stopping' });
    world.fake.clock.after(30_000, () => {
      one.state = 'stopped';
    });
    const [result] = await doIt(world, 'start', { ids: [one.id] });
    expect(result?.outcome).toBe('started');
    expect(one.state).toBe('running');
  });
});

describe('a start that fails', () => {
  test.each([
    ['Client.InternalError', 'Client.InternalError: Client error on launch', /KMS key/, /kms:CreateGrant/],
    [
      'Server.InternalError',
      'Server.InternalError: Internal error on launch',
      /machine below it failed/,
      /another machine/,
    ],
    [
      'Client.VolumeLimitExceeded',
      'Client.VolumeLimitExceeded: Volume limit exceeded',
      /EBS storage/,
      /Service Quotas/,
    ],
    [
      'Client.InstanceInitiatedShutdown',
      'Client.InstanceInitiatedShutdown: Instance initiated shutdown',
      /shut itself down/,
      /console-output/,
    ],
  ])('falls back to stopped with %s', async (code, message, why, next) => {
    const one = world.fake.state.ec2.addInstance({
      state: 'stopped',
      script: { fallBack: { code, message } },
    });
    const [result] = await doIt(world, 'start', { ids: [one.id] });
    expect(result?.error).toMatchObject({ code: 'StartFailed', exit: 1 });
    expect(result?.error?.why).toMatch(why);
    expect(result?.error?.why).toContain(message);
    expect(result?.error?.suggestions.join('\n')).toMatch(next);
  });

  test('no capacity: other types in the zone and other zones are offered, from who offers what', async () => {
    world.fake.state.ec2.offerings.set('t3a.small', ['eu-west-3b']);
    const one = world.fake.state.ec2.addInstance({
      state: 'stopped',
      script: {
        refuseStart: {
          code: 'InsufficientInstanceCapacity',
          message: 'We currently do not have sufficient t3.small capacity',
          status: 500,
        },
      },
    });
    const [result] = await doIt(world, 'start', { ids: [one.id] });
    const said = result?.error?.suggestions.join('\n') ?? '';
    expect(said).toContain('Other types of that size in eu-west-3a: t2.small.');
    expect(said).toContain('t3.small is offered in eu-west-3b, eu-west-3c too');
    expect(one.state).toBe('stopped');
  });

  test('the limit of vCPUs is named as that', async () => {
    const refuseStart = {
      code: 'VcpuLimitExceeded',
      message: 'You have requested more vCPU capacity than your current vCPU limit of 32 allows',
    };
    const one = world.fake.state.ec2.addInstance({ state: 'stopped', script: { refuseStart } });
    const [result] = await doIt(world, 'start', { ids: [one.id] });
    expect(result?.error?.why).toMatch(/limit of running vCPUs/);
  });

  test('one of many fails alone: the batch is halved, all others start', async () => {
    const refuseStart = { code: 'VcpuLimitExceeded', message: 'limit of 32' };
    const all = Array.from({ length: 40 }, (_, at) =>
      world.fake.state.ec2.addInstance({
        state: 'stopped',
        script: at === 17 || at === 18 ? { refuseStart } : {},
      }),
    );
    const results = await doIt(world, 'start', { ids: all.map(({ id }) => id) }, { until: 'running' });
    const failed = results.filter(({ error }) => error).map(({ id }) => id);
    expect(failed.sort()).toEqual([all[17]?.id, all[18]?.id]);
    expect(all.filter(({ state }) => state === 'running')).toHaveLength(38);
    expect(mutations().length).toBeLessThan(20);
  });

  test('a terminated one does not come back', async () => {
    const one = world.fake.state.ec2.addInstance({ state: 'terminated' });
    const [result] = await doIt(world, 'start', { ids: [one.id] });
    expect(result?.error?.code).toBe('Terminated');
    expect(mutations()).toEqual([]);
  });
});

describe('stop', () => {
  test.each([
    ['StopProtection', { stopProtection: true }],
    ['TerminationProtection', { terminationProtection: true }],
    ['InstanceStoreRoot', { rootDeviceType: 'instance-store' as const }],
    ['GroupMember', { tags: { 'aws:autoscaling:groupName': 'web-asg' } }],
  ])('%s is refused before any change: exit 5', async (code, facts) => {
    const one = world.fake.state.ec2.addInstance(facts);
    const [result] = await doIt(world, 'stop', { ids: [one.id] });
    expect(result?.error).toMatchObject({ code, exit: 5 });
    if (code === 'GroupMember')
      expect(result?.error?.suggestions[0]).toContain('infractl manage stop --id web-asg');
    expect(mutations()).toEqual([]);
  });

  test('--force passes termination protection, never stop protection', async () => {
    const soft = world.fake.state.ec2.addInstance({ terminationProtection: true });
    const hard = world.fake.state.ec2.addInstance({ stopProtection: true });
    const results = await doIt(world, 'stop', { ids: [soft.id, hard.id] }, { force: true });
    expect(results.map(({ outcome }) => outcome).sort()).toEqual(['failed', 'stopped']);
    expect([soft.state, hard.state]).toEqual(['stopped', 'running']);
  });

  test('hibernates those that were made for it, stops the others', async () => {
    const able = world.fake.state.ec2.addInstance({ hibernation: true });
    const other = world.fake.state.ec2.addInstance({});
    await doIt(world, 'stop', { ids: [able.id, other.id] }, { hibernate: true });
    expect([able.hibernated, other.hibernated]).toEqual([true, false]);
    expect([able.state, other.state]).toEqual(['stopped', 'stopped']);
  });

  test('one that is still pending is let run first', async () => {
    const one = world.fake.state.ec2.addInstance({ state: 'pending' });
    world.fake.clock.after(20_000, () => {
      one.state = 'running';
    });
    const [result] = await doIt(world, 'stop', { ids: [one.id] });
    expect(result?.outcome).toBe('stopped');
  });
});

describe('groups and databases', () => {
  test('a group remembers its capacity on itself and gets it back', async () => {
    const group = world.fake.state.autoScaling.addGroup({ name: 'web', min: 2, desired: 3, max: 6 });
    await doIt(world, 'stop', { ids: ['web'] });
    expect(group).toMatchObject({ min: 0, desired: 0, max: 0, members: [] });
    expect(group.tags.get(CAPACITY_TAG)).toBe('min=2 desired=3 max=6');
    const [again] = await doIt(world, 'stop', { ids: ['web'] });
    expect(again?.outcome).toBe('unchanged');
    expect(group.tags.get(CAPACITY_TAG)).toBe('min=2 desired=3 max=6');
    const [result] = await doIt(world, 'start', { ids: ['web'] });
    expect(result?.outcome).toBe('started');
    expect(group).toMatchObject({ min: 2, desired: 3, max: 6 });
    expect(group.members.filter(({ lifecycle }) => lifecycle === 'InService')).toHaveLength(3);
    expect(group.tags.has(CAPACITY_TAG)).toBe(false);
  });

  test('a group that something else brought to 0 wants a number', async () => {
    world.fake.state.autoScaling.addGroup({ name: 'web', min: 0, desired: 0, max: 0 });
    const [refused] = await doIt(world, 'start', { ids: ['web'] });
    expect(refused?.error).toMatchObject({ code: 'NoCapacity', exit: 2 });
    const [result] = await doIt(world, 'start', { ids: ['web'] }, { capacity: 2 });
    expect(result?.outcome).toBe('started');
  });

  test('a restart of a group replaces its members; one that fails says why', async () => {
    const group = world.fake.state.autoScaling.addGroup({ name: 'web', desired: 2 });
    expect((await doIt(world, 'restart', { ids: ['web'] }))[0]?.outcome).toBe('restarted');
    group.failRefresh = 'The instances did not become healthy.';
    const [result] = await doIt(world, 'restart', { ids: ['web'] });
    expect(result?.error).toMatchObject({
      code: 'RefreshFailed',
      why: 'The instances did not become healthy.',
    });
  });

  test('a database stops with the date of its return, and starts', async () => {
    const database = world.fake.state.rds.addDatabase('orders');
    const [stopped] = await doIt(world, 'stop', { ids: ['orders'] });
    expect(stopped).toMatchObject({ outcome: 'stopped' });
    expect(stopped?.detail).toMatch(/^RDS starts it again on 2026-01-12$/);
    const [started] = await doIt(world, 'start', { ids: ['orders'] });
    expect(started?.outcome).toBe('started');
    expect(database.state).toBe('available');
  });

  test.each([
    ['DatabaseInCluster', { cluster: 'aurora' }],
    ['ReadReplica', { replicaOf: 'main' }],
    ['HasReplicas', { replicas: ['copy'] }],
  ])('%s is not stopped, before AWS is asked', async (code, facts) => {
    world.fake.state.rds.addDatabase('orders', facts);
    const [result] = await doIt(world, 'stop', { ids: ['orders'] });
    expect(result?.error).toMatchObject({ code, exit: 5 });
    expect(mutations()).toEqual([]);
  });

  test('databases start first and stop last', async () => {
    const one = world.fake.state.ec2.addInstance({});
    world.fake.state.rds.addDatabase('orders');
    const ids = [one.id, 'orders'];
    await doIt(world, 'stop', { ids });
    await doIt(world, 'start', { ids });
    expect(mutations()).toEqual(['StopInstances', 'StopDBInstance', 'StartDBInstance', 'StartInstances']);
  });
});

describe('restart', () => {
  test('reboots; --hard stops and starts; a stopped one is not rebooted', async () => {
    const one = world.fake.state.ec2.addInstance({});
    expect((await doIt(world, 'restart', { ids: [one.id] }))[0]?.outcome).toBe('restarted');
    expect(one.reboots).toBe(1);
    expect((await doIt(world, 'restart', { ids: [one.id] }, { hard: true }))[0]?.outcome).toBe('restarted');
    expect(mutations()).toEqual(['RebootInstances', 'StopInstances', 'StartInstances']);
    one.state = 'stopped';
    expect((await doIt(world, 'restart', { ids: [one.id] }))[0]?.error?.code).toBe('NotRunning');
    expect((await doIt(world, 'restart', { ids: [one.id] }, { hard: true }))[0]?.outcome).toBe('started');
  });
});

describe('a restart that stops and does not come to its end', () => {
  const start = (id: string) => expect.stringContaining(`manage start --id ${id} `);
  const slow = { hard: true, timeouts: { ...TIMEOUTS, stop: 1_000 } };

  test('of an instance is gone on with by a start', async () => {
    const one = world.fake.state.ec2.addInstance({ script: { stopMs: 9_999_999 } });
    const [result] = await doIt(world, 'restart', { ids: [one.id] }, slow);
    expect(result?.error).toMatchObject({
      code: 'TimedOut',
      suggestions: expect.arrayContaining([start(one.id)]),
    });
    const [again] = await doIt(world, 'start', { ids: [one.id] }, slow);
    expect(again?.error).toMatchObject({
      code: 'TimedOut',
      suggestions: expect.arrayContaining([start(one.id)]),
    });
  });

  test('of a database too', async () => {
    const one = world.fake.state.rds.addDatabase('orders', { stopMs: 9_999_999 });
    const [result] = await doIt(world, 'restart', { ids: [one.id] }, slow);
    expect(result?.error).toMatchObject({
      code: 'TimedOut',
      suggestions: expect.arrayContaining([start('orders')]),
    });
  });

  test('a stop is gone on with by a stop', async () => {
    const one = world.fake.state.ec2.addInstance({ script: { stopMs: 9_999_999 } });
    const [result] = await doIt(world, 'stop', { ids: [one.id] }, { timeouts: slow.timeouts });
    expect(result?.error?.suggestions[0]).toContain(`manage stop --id ${one.id} `);
  });
});

describe('trouble', () => {
  test('RequestLimitExceeded on half of all calls: all of it is done', async () => {
    for (const action of ['DescribeInstances', 'DescribeInstanceStatus', 'StartInstances', 'StopInstances'])
      world.fake.faults.throttle(`ec2:${action}`, { every: 2, times: Number.POSITIVE_INFINITY });
    const all = Array.from({ length: 5 }, () => world.fake.state.ec2.addInstance({}));
    const ids = all.map(({ id }) => id);
    expect((await doIt(world, 'stop', { ids })).every(({ outcome }) => outcome === 'stopped')).toBe(true);
    expect((await doIt(world, 'start', { ids })).every(({ outcome }) => outcome === 'started')).toBe(true);
  });

  test('1,000 instances against the published buckets: nothing is refused that could have been paced', async () => {
    const all = Array.from({ length: 1000 }, () => world.fake.state.ec2.addInstance({ state: 'stopped' }));
    world.fake.buckets.limit(EC2_LIMITS);
    const began = world.fake.clock.now();
    const results = await doIt(world, 'start', { ids: all.map(({ id }) => id) }, { until: 'checks' });
    expect(results.filter(({ outcome }) => outcome === 'started')).toHaveLength(1000);
    expect(world.fake.requests.filter(({ status }) => status !== 200)).toEqual([]);
    expect(world.fake.clock.now() - began).toBeLessThan(150_000);
  }, 60_000);

  test('who may not see databases is told so, and the instances are found', async () => {
    world.fake.faults.deny('rds:DescribeDBInstances');
    world.fake.state.ec2.addInstance({ tags: { env: 'dev' } });
    const results = await doIt(world, 'start', { tags: { env: 'dev' } });
    expect(results).toHaveLength(1);
    expect(world.events).toContainEqual(
      expect.objectContaining({ type: 'warning', message: expect.stringContaining('No databases') }),
    );
  });

  test('an id that is not there: named, with what to check; nothing is done', async () => {
    const one = world.fake.state.ec2.addInstance({});
    const asked = doIt(world, 'stop', { ids: [one.id, 'i-0abcdef0123456789'] });
    await expect(asked).rejects.toMatchObject({
      code: 'NoSuchInstance',
      exit: 2,
      message: expect.stringContaining('i-0abcdef0123456789'),
    });
    expect(mutations()).toEqual([]);
  });

  test('of several ids one that is gone is left out where that is wanted, and told', async () => {
    const one = world.fake.state.ec2.addInstance({});
    const ids = [one.id, 'i-0123456789abcdef0'];
    const results = await doIt(world, 'stop', { ids, skipGone: true });
    expect(results).toMatchObject([{ id: one.id, outcome: 'stopped' }]);
    expect(world.events).toContainEqual(
      expect.objectContaining({ type: 'warning', message: expect.stringContaining('i-0123456789abcdef0') }),
    );
    const none = doIt(world, 'stop', { ids: ids.slice(1), skipGone: true });
    await expect(none).rejects.toMatchObject({ code: 'NoSuchInstance' });
  });

  test('a tag that nothing has: the nearest value', async () => {
    world.fake.state.ec2.addInstance({ tags: { Name: 'web' } });
    const asked = doIt(world, 'start', { tags: { Name: 'wbe' } });
    await expect(asked).rejects.toMatchObject({
      suggestions: ['Did you mean: --tag Name=web', 'Values of Name: web'],
    });
  });
});
