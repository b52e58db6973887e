import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeGroup } from '../fake/autoscaling.ts';
import { realClock } from '../fake/clock.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { byAgent } from '../helpers/host-ssm.ts';
import { appText, Released } from '../helpers/released.ts';

const FIRST = 'i-00000000000000001';
const SECOND = 'i-00000000000000002';
const ARN = 'arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/app/1';

/** Two real machines as the members of a group: AWS's stand-in moves them, infractl releases to them. */
describe.skipIf(noHost)('releasing to an auto scaling group', { timeout: 300_000 }, () => {
  const one = useHost();
  const two = useHost();
  let fake: Fake;
  let app: Released;
  let second: Released;
  let group: FakeGroup;
  beforeAll(async () => {
    fake = await startFake({ clock: realClock() });
    const hosts = new Map([
      [FIRST, one.host],
      [SECOND, two.host],
    ]);
    for (const [id, host] of hosts) {
      fake.state.ec2.addInstance({ id });
      fake.state.ssm.addNode({ id, execute: byAgent(host) });
    }
    const target = fake.state.targets.addTargetGroup({
      arn: ARN,
      drainMs: 500,
      healthyMs: 200,
      healthy: (id) =>
        hosts.get(id)?.attempt('curl', '-sf', '-m', '5', 'http://127.0.0.1:8501/health').status === 0,
    });
    group = fake.state.autoScaling.addGroup({ name: 'shop-app', min: 2, desired: 2, targetGroups: [ARN] });
    for (const id of hosts.keys()) {
      group.members.push({ id, lifecycle: 'InService', healthy: true });
      target.targets.set(id, 'checked');
    }
    app = new Released(one.host).prepare();
    second = new Released(two.host).prepare();
    configure();
  });
  beforeEach(() => fake.actions());
  afterAll(async () => {
    app?.remove();
    second?.remove();
    await fake?.close();
  });

  /** @param timeout how long a release has until it is healthy */
  function configure(timeout = '2m'): void {
    app.configure({
      host: undefined,
      group: { name: 'shop-app' },
      source: { folder: 'app' },
      user: 'ubuntu',
      health: { path: '/health', timeout, settle: 0.2 },
    });
  }
  const infractl = (...args: string[]) => app.run(args, { env: fake.env });
  const answers = () => [app.answer(), second.answer()].map((text) => text.split(' ')[0]);
  const asBefore = () => {
    expect(group).toMatchObject({ min: 2, desired: 2 });
    expect(group.members.map(({ lifecycle }) => lifecycle)).toEqual(['InService', 'InService']);
    expect(group.tags.size).toBe(0);
  };

  it('shows what it would do, and does nothing', async () => {
    app.put('app/app.py', appText('one'));
    const plan = await infractl('redeploy', 'deploy', '--dry-run');
    expect(plan).toMatchObject({ code: 0 });
    expect(plan.stdout).toContain(`on ${FIRST}, the first release there.`);
    expect(plan.stdout).toContain('· 1 member at a time: out of the load balancer');
    expect(fake.actions().filter((action) => /Standby|Tags|Update/.test(action))).toEqual([]);
    expect(app.releases).toEqual([]);
  });

  it('brings a release to all members, one after the other out of the load balancer', async () => {
    const result = await infractl('deploy');
    expect(result).toMatchObject({ code: 0 });
    expect(result.stderr).toMatch(/release app +created/);
    expect(answers()).toEqual(['one', 'one']);
    const moves = fake.actions().filter((action) => /Standby/.test(action));
    const turn = ['autoscaling:EnterStandby', 'autoscaling:ExitStandby'];
    expect(moves).toEqual([...turn, ...turn]);
    asBefore();
    const again = await infractl('redeploy');
    expect(again.stdout).toContain(`Nothing to do: ${SECOND} runs`);
    expect(fake.actions().filter((action) => /Standby/.test(action))).toEqual([]);
  });

  it('stops at the first member that is not healthy, and goes back where it went', async () => {
    app.put('app/app.py', appText('bad', 500));
    configure('5s');
    const bad = await infractl('redeploy');
    configure();
    expect(bad.code).toBe(8);
    expect(bad.stderr).toContain(`Not begun, and as before: ${SECOND}.`);
    expect(answers()).toEqual(['one', 'one']);
    asBefore();
    app.put('app/app.py', appText('two'));
    const named = await infractl('redeploy', '--host', FIRST);
    expect(named).toMatchObject({ code: 0 });
    expect(answers()).toEqual(['two', 'one']);
    // The one that was not released to has nothing to go back from.
    const back = await infractl('redeploy', 'rollback');
    expect(back).toMatchObject({ code: 0 });
    expect(answers()).toEqual(['one', 'one']);
    asBefore();
    const status = await infractl('redeploy', 'status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject([
      { host: FIRST, healthy: true },
      { host: SECOND, healthy: true },
    ]);
  });

  it('is one command of Systems Manager where there is no load balancer, and its engine stops', async () => {
    group.targetGroups.splice(0);
    const releases = (after: number) =>
      [...fake.state.ssm.commands.values()]
        .slice(after)
        .filter(({ script }) => script.includes('"infractl","exec"') && script.includes('d/wrapped'));
    let before = fake.state.ssm.commands.size;
    app.put('app/app.py', appText('three'));
    expect(await infractl('redeploy')).toMatchObject({ code: 0 });
    expect(answers()).toEqual(['three', 'three']);
    // What they have, and the release itself.
    const [, walk, ...more] = releases(before);
    expect(more).toEqual([]);
    expect(walk?.parameters).toMatchObject({ MaxConcurrency: '1', MaxErrors: '0' });
    expect([...(walk?.invocations.values() ?? [])].map(({ status }) => status)).toEqual([
      'Success',
      'Success',
    ]);
    expect(fake.actions().filter((action) => /Standby/.test(action))).toEqual([]);
    asBefore();

    before = fake.state.ssm.commands.size;
    app.put('app/app.py', appText('bad', 200, 'sys.exit(3)'));
    const bad = await infractl('redeploy', '--batch', '1');
    expect(bad.code).toBe(8);
    expect(bad.stderr).toContain(`Not begun, and as before: ${SECOND}.`);
    const [, stopped] = releases(before);
    expect([...(stopped?.invocations.values() ?? [])].map(({ detail }) => detail)).toEqual([
      'Failed',
      'Terminated',
    ]);
    expect(answers()).toEqual(['three', 'three']);
    group.targetGroups.push(ARN);
  });

  it('is unlocked after a run that died, and puts back who was out', async () => {
    group.tags.set(
      'infractl:release',
      `by=bob@ci run=abc123 beat=${Math.floor(Date.now() / 1000)} min=2 out=${FIRST.slice(2)}`,
    );
    Object.assign(group, { min: 1, desired: 1 });
    for (const member of group.members) if (member.id === FIRST) member.lifecycle = 'Standby';
    const busy = await infractl('redeploy', 'deploy', '--force');
    expect(busy.code).toBe(6);
    expect(busy.stderr).toContain('bob@ci');
    const unlocked = await infractl('redeploy', 'unlock', '--yes');
    expect(unlocked).toMatchObject({ code: 0 });
    expect(unlocked.stdout).toContain('Unlocked the group');
    expect(group).toMatchObject({ min: 2, desired: 2 });
  });
});
