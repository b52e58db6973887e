import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RealClock } from '../fake/clock.ts';
import { expectJsonTrouble, expectTrouble, Scene, TEMPLATE } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** Stacks in every trouble that they get into, on the fake AWS in real time. */

const STACK = 'shop-app-dev';
const deploy = ['deploy', '--create-stack'];
let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

const cloud = () => scene.fake.state.cloudFormation;

describe('a stack', () => {
  it('whose creation fails: the first cause, and the next run makes it anew after saying so', async () => {
    cloud().script.set('Topic', {
      fail: 'The topic name is taken (Service: Sns, Status Code: 400)',
      times: 1,
    });
    const result = await scene.run(deploy);
    expectTrouble(result, 1, `The stack ${STACK} could not be created`, 'Topic', 'The topic name is taken');
    expect(cloud().stack(STACK).status).toBe('ROLLBACK_COMPLETE');
    const again = await scene.run(deploy);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain(`The stack ${STACK} is in ROLLBACK_COMPLETE`);
    expect(again.stderr).toContain('It is deleted first, then created.');
    expect(cloud().stack(STACK).status).toBe('CREATE_COMPLETE');
  });

  it('whose update fails: taken back by AWS, told with its cause, as JSON too', async () => {
    await scene.deployed();
    cloud().script.set('Topic', { fail: 'Display name too long', on: ['update'] });
    const small = TEMPLATE.replace('size $', 'new size $');
    scene.configure({ template: small });
    expectTrouble(
      await scene.run(deploy),
      1,
      `The stack ${STACK} could not be updated`,
      'Display name too long',
    );
    expectJsonTrouble(await scene.run([...deploy, '--json']), 1, 'StackFailed');
    expect(cloud().stack(STACK).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  it('that is busy: exit 6, and nothing is changed', async () => {
    await scene.deployed();
    cloud().stack(STACK).status = 'UPDATE_IN_PROGRESS';
    scene.fake.requests.length = 0;
    for (const command of [deploy, ['deploy']]) {
      expectTrouble(
        await scene.run(command),
        6,
        `The stack ${STACK} is`,
        /busy|being updated/,
        'Wait until it is done',
        'infractl attach app',
      );
      expectJsonTrouble(await scene.run([...command, '--json']), 6, 'StackBusy');
    }
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('whose rollback failed needs a person: exit 5, with the command', async () => {
    await scene.deployed();
    cloud().stack(STACK).status = 'UPDATE_ROLLBACK_FAILED';
    scene.fake.requests.length = 0;
    expectTrouble(
      await scene.run(deploy),
      5,
      'UPDATE_ROLLBACK_FAILED',
      'infractl explain app',
      'infractl deploy --create-stack --continue-rollback',
    );
    expectJsonTrouble(await scene.run([...deploy, '--json']), 5, 'StackBlocked');
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('that takes longer than its timeout: exit 7, says that AWS goes on; the next run is told', async () => {
    scene.configure({ stack: '    timeout: 1s\n' });
    scene.holdTopic();
    expectTrouble(
      await scene.run(deploy),
      7,
      `The stack ${STACK} was not done after 1.0 s.`,
      `AWS goes on creating the stack ${STACK}`,
      'It waits for Topic',
      'infractl attach app',
      'infractl cancel app',
      '`timeout` in infractl.yaml',
    );
    expectJsonTrouble(await scene.run([...deploy, '--json']), 6, 'StackBusy');
  });
});

describe('a template', () => {
  it('of more than 51,200 bytes goes through the bucket of the project', async () => {
    const padding = Array.from({ length: 700 }, (_, n) => `  # ${n} ${'-'.repeat(80)}`).join('\n');
    scene.configure({ template: TEMPLATE.replace('Resources:\n', `Resources:\n${padding}\n`) });
    await scene.deployed();
    const made = scene.fake.requests.find(({ action }) => action === 'CreateChangeSet');
    expect(made?.parameters.TemplateBody).toBeUndefined();
    expect(String(made?.parameters.TemplateURL)).toContain('infractl');
  });

  it('that AWS refuses is told in AWS’s words', async () => {
    scene.fake.faults.add(
      'cloudformation:CreateChangeSet',
      {
        kind: 'error',
        code: 'ValidationError',
        message: 'Template error: resource Topic has a bad Condition',
        status: 400,
      },
      { times: 10 },
    );
    expectTrouble(
      await scene.run(deploy),
      1,
      STACK,
      'Nothing was changed',
      'resource Topic has a bad Condition',
    );
    expectJsonTrouble(await scene.run([...deploy, '--json']), 1, 'ChangeSetRefused');
  });
});

describe('two deploys at once', () => {
  /** By the lock, or by the stack where the other one began a moment earlier. */
  const TOLD = new RegExp(`Somebody else is changing shop dev|${STACK}`);

  it('of a new stack: one wins, the other is told or succeeds; the stack is whole', async () => {
    cloud().script.set('Topic', { ms: 800 });
    const results = await Promise.all([scene.run(deploy), scene.run(deploy)]);
    const codes = results.map(({ code }) => code).sort();
    expect([
      [0, 0],
      [0, 6],
    ]).toContainEqual(codes);
    const loser = results.find(({ code }) => code === 6);
    if (loser) expectTrouble(loser, 6, TOLD);
    expect(cloud().stack(STACK).status).toBe('CREATE_COMPLETE');
    const executions = scene.fake.requests.filter(
      ({ action, status }) => action === 'ExecuteChangeSet' && status === 200,
    );
    expect(executions).toHaveLength(1);
  });

  it('of a changed template: one operation, the other is told or finds it done', async () => {
    await scene.deployed();
    cloud().script.set('Topic', { ms: 500 });
    scene.configure({ template: TEMPLATE.replace('size $', 'new size $') });
    const before = scene.fake.requests.length;
    const results = await Promise.all([scene.run(deploy), scene.run(deploy)]);
    for (const { code } of results) expect([0, 6]).toContain(code);
    expect(results.some(({ code }) => code === 0)).toBe(true);
    for (const loser of results.filter(({ code }) => code === 6))
      expectTrouble(loser, 6, TOLD, /Wait (?:until|for it)/);
    const executions = scene.fake.requests
      .slice(before)
      .filter(({ action, status }) => action === 'ExecuteChangeSet' && status === 200);
    expect(executions).toHaveLength(1);
    expect(cloud().stack(STACK).status).toBe('UPDATE_COMPLETE');
    expect((await scene.run(deploy)).stdout).toContain('Nothing to do');
  });

  it('of new code: both end well or one says that somebody else changed it', async () => {
    await scene.deployed();
    scene.fake.state.lambda.script.set('shop-api-dev', { ms: 500 });
    scene.changeCode('2');
    const results = await Promise.all([scene.run(['deploy']), scene.run(['deploy'])]);
    for (const { code } of results) expect([0, 6]).toContain(code);
    expect(results.some(({ code }) => code === 0)).toBe(true);
    const fn = scene.fake.state.lambda.functions.get('shop-api-dev');
    expect(fn?.aliases.get('live')?.version).toBe('2');
    expect(fn?.versions).toHaveLength(2);
  });
});

describe('kill -9 in the middle', () => {
  async function killedAt(args: readonly string[], action: string): Promise<void> {
    await scene.killedAt(args, action);
    // The minute after which the lock of a dead owner is free, by AWS's clock.
    (scene.fake.clock as RealClock).ahead += 62_000;
  }

  it.each(['CreateChangeSet', 'ExecuteChangeSet'])('of a new stack, at %s', async (action) => {
    await killedAt(deploy, `cloudformation:${action}`);
    await until(() => cloud().find(STACK)?.status !== 'CREATE_IN_PROGRESS');
    const result = await scene.run(deploy);
    expect(result.code).toBe(0);
    expect(cloud().stack(STACK).status).toBe('CREATE_COMPLETE');
    expect((await scene.run(deploy)).stdout).toContain('Nothing to do');
  });

  it.each(['UpdateFunctionCode', 'PublishVersion'])('of a function, at %s', async (action) => {
    await scene.deployed();
    scene.fake.state.lambda.script.set('shop-api-dev', { ms: 300, publishMs: 200 });
    scene.changeCode('2');
    await killedAt(['deploy'], `lambda:${action}`);
    const result = await scene.run(['deploy']);
    expect(result.code).toBe(0);
    const fn = scene.fake.state.lambda.functions.get('shop-api-dev');
    expect(fn?.aliases.get('live')?.version).toBe('2');
    const history = JSON.parse((await scene.run(['history', '--json'])).stdout) as { result: string }[];
    expect(history.map((entry) => entry.result)).toEqual(['succeeded', 'abandoned', 'succeeded']);
  });
});
