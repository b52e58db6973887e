import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RealClock } from '../fake/clock.ts';
import { Hold } from '../fake/hold.ts';
import { expectJsonTrouble, expectTrouble, Scene, TEMPLATE } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** Two people at once: processes of their own, on one fake AWS in real time. */

const STACK = 'shop-app-dev';
const deploy = ['deploy', '--create-stack'];
let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

const cloud = () => scene.fake.state.cloudFormation;
const changed = () => scene.configure({ template: TEMPLATE.replace('size $', 'new size $') });
const statusIs = (status: string) => () => cloud().find(STACK)?.status === status;
const executions = () => scene.fake.requests.filter(({ action }) => action === 'ExecuteChangeSet').length;

function lock(): Record<string, unknown> | undefined {
  const [bucket] = [...scene.fake.state.s3.buckets.values()];
  const object = bucket?.objects.get('locks/dev.json');
  return object && JSON.parse(Buffer.from(object.body).toString());
}

describe('two deploys at once', () => {
  it('one works, the other says who, where, since when, what and how to wait: exit 6', async () => {
    await scene.deployed();
    scene.changeCode('new');
    changed();
    const first = await scene.working();
    // The stack itself is busy, and so is the environment, for what is no stack.
    const second = await scene.run(['deploy']);
    expectTrouble(
      second,
      6,
      'Somebody else is changing shop dev. Nothing was changed.',
      /Held by arn:aws:\S+ on \S+ \(user \S+, process \d+\): "infractl deploy --create-stack", since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+/,
      '--wait',
      'infractl unlock',
    );
    expectJsonTrouble(await scene.run(['deploy', '--json']), 6, 'Locked');
    first.release();
    expect((await first.ended).code).toBe(0);
    expect(lock()).toMatchObject({ released: { how: 'done' } });
  });

  it('the other one waits with --wait, looks again, and does what is left to do', async () => {
    await scene.deployed();
    changed();
    const first = await scene.working();
    scene.changeCode('new');
    const second = scene.start(['deploy', '--wait', '5m']);
    const waits = 'stack app: waiting: the stack is UPDATE_IN_PROGRESS, since';
    await until(() => second.output().includes(waits), second);
    first.release();
    expect((await first.ended).code).toBe(0);
    expect((await second.ended).code).toBe(0);
    // The first one had the new code too, or the second one did: once in all, and never twice.
    expect(scene.fake.state.lambda.functions.get('shop-api-dev')?.versions.length).toBe(2);
  });

  it('on parts that have nothing to do with each other too: the lock is waited for, and named', async () => {
    const parameters = '      JwtSecret: { env: JWT_SECRET }\n  slow:\n    template: slow.yaml\n';
    scene.configure({ parameters });
    scene.put('slow.yaml', 'Resources: { Slow: { Type: "Fake::Slow" } }');
    await scene.deployed();
    scene.put('slow.yaml', 'Resources: { Slow: { Type: "Fake::Slow", Properties: { Size: 2 } } }');
    const hold = new Hold();
    cloud().script.set('Slow', { ms: hold });
    const first = scene.start([...deploy, 'slow']);
    await until(() => hold.holds, first);
    scene.changeCode('newer');
    expectTrouble(await scene.run(['deploy', 'api']), 6, 'Somebody else is changing shop dev');
    const waiting = scene.start(['deploy', 'api', '--wait', '5m']);
    await until(() => waiting.output().includes('Waiting for the lock: arn:aws:'), waiting);
    hold.release();
    expect((await first.ended).code).toBe(0);
    const second = await waiting.ended;
    expect(second.code).toBe(0);
    expect(second.stderr).toMatch(/✓ lock +taken/);
    expect(scene.fake.state.lambda.functions.get('shop-api-dev')?.versions.length).toBe(2);
  });

  it('begun in the same moment on a new environment: each stack operation happens once', async () => {
    const both = await Promise.all([scene.run([...deploy, '--wait']), scene.run([...deploy, '--wait'])]);
    for (const result of both) expect(result.stderr.includes('✗') ? result.stderr : 'well').toBe('well');
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(executions()).toBe(1);
  });
});

describe('an owner that is killed', () => {
  it('with -9 keeps others out for a minute; then the next one takes over and ends it', async () => {
    await scene.deployed();
    changed();
    const first = await scene.working();
    first.child.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    first.release();
    await until(statusIs('UPDATE_COMPLETE'));
    scene.changeCode('newer');
    expectTrouble(await scene.run(['deploy']), 6, 'Somebody else is changing shop dev');
    // AWS's clock goes on by a minute; no clock of this machine is asked.
    (scene.fake.clock as RealClock).ahead += 62_000;
    const next = await scene.run(deploy);
    expect(next.code).toBe(0);
    expect(next.stderr).toMatch(/The lock of a command that died was taken over: arn:aws:\S+ on \S+/);
    expect(lock()).toMatchObject({ released: { how: 'done' } });
  });
});

describe('a clock of this machine that is wrong by an hour', () => {
  it.each([3_600_000, -3_600_000])('(%i ms): deploys, and is locked out and told as ever', async (ahead) => {
    (scene.fake.clock as RealClock).ahead = ahead;
    await scene.deployed();
    changed();
    scene.changeCode('new');
    const first = await scene.working();
    expectTrouble(await scene.run(['deploy']), 6, /Held by arn:aws:\S+ .* \(\d+(\.\d)? m?s ago\)/);
    first.release();
    expect((await first.ended).code).toBe(0);
    expect(statusIs('UPDATE_COMPLETE')()).toBe(true);
  });
});

describe('unlock', () => {
  it('breaks it after the name was typed; its owner begins nothing more, and says so: exit 6', async () => {
    await scene.deployed();
    changed();
    scene.changeCode('new');
    const first = await scene.working();
    const looks = () => scene.fake.requests.filter(({ action }) => action === 'GetObject').length;
    const before = looks();
    expectTrouble(await scene.run(['unlock', '--confirm', 'shop-prod']), 5, 'nothing was done');
    expect(looks()).toBe(before);
    expectTrouble(await scene.run(['unlock']), 2, '--confirm shop-dev', '"infractl deploy --create-stack"');
    expect(lock()).not.toHaveProperty('released');
    const broken = await scene.run(['unlock', '--confirm', 'shop-dev']);
    expect(broken).toMatchObject({ code: 0, stdout: 'Broken: the lock of shop-dev is free.\n' });
    // Whoever takes it now is alone.
    expectTrouble(await scene.run(['deploy', '--no-lock']), 6, 'is busy');
    first.release();
    const result = await first.ended;
    expect(statusIs('UPDATE_COMPLETE')()).toBe(true);
    // The owner looks at its lock again before its next change, within its time between two signs of life.
    expect([0, 6]).toContain(result.code);
  });

  it('has nothing to do where nobody holds it, and where there is no bucket', async () => {
    const none = await scene.run(['unlock', '--json']);
    expect(JSON.parse(none.stdout)).toEqual({ environment: 'shop-dev', outcome: 'free', owner: null });
    await scene.deployed();
    const free = await scene.run(['unlock']);
    expect(free).toMatchObject({ code: 0, stdout: 'Nothing to do: nobody holds the lock of shop-dev.\n' });
  });

  it('of a protected environment wants --env', async () => {
    scene.configure({ head: 'environments:\n  dev: { protected: true }\n' });
    expectTrouble(await scene.run(['unlock', '--confirm', 'shop-dev']), 2, '--env dev');
  });
});

describe('credentials that may not use the bucket', () => {
  it('are told so, and --no-lock does without', async () => {
    await scene.deployed();
    changed();
    scene.fake.faults.deny('s3:*');
    expectTrouble(await scene.run(deploy), 5, 'cannot be used', '--no-lock');
    expect(executions()).toBe(1);
    const without = await scene.run([...deploy, '--no-lock']);
    expect(without.code).toBe(0);
    expect(without.stderr).toContain('The journal could not be written');
  });
});

describe('--wait', () => {
  it('of something that is no duration is wrong usage', async () => {
    expectTrouble(await scene.run(['deploy', '--wait=soon']), 2, '--wait soon is no duration', '1h30m');
  });

  it('alone before a part is not taken for its value', async () => {
    const result = await scene.run(['deploy', '--create-stack', '--wait', 'app']);
    expect(result.code).toBe(0);
  });
});
