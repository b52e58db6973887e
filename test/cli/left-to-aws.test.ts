import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Hold } from '../fake/hold.ts';
import { CTRL_C, DOWN, ENTER, Pty } from '../helpers/pty.ts';
import { skip } from '../helpers/stuck.ts';
import { expectTrouble, Scene, TEMPLATE } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** What is left to AWS, taken back, or asked about: --detach, Ctrl-C on a terminal, stacks that are stuck. */

const STACK = 'shop-app-dev';
const deploy = ['deploy', '--create-stack'];
let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

const cloud = () => scene.fake.state.cloudFormation;
const changed = () => scene.configure({ template: TEMPLATE.replace('size $', 'new size $') });
const status = () => cloud().find(STACK)?.status;

async function inHistory(): Promise<unknown> {
  const all = JSON.parse((await scene.run(['history', '--json'])).stdout);
  return JSON.parse((await scene.run(['history', all[0].id, '--json'])).stdout);
}

function lock(): unknown {
  const [bucket] = [...scene.fake.state.s3.buckets.values()];
  return JSON.parse(Buffer.from(bucket?.objects.get('locks/dev.json')?.body ?? []).toString());
}

describe('--detach', () => {
  it('begins what stacks need and leaves: exit 0, how to join, and what waits; --wait goes on with that', async () => {
    await scene.deployed();
    changed();
    scene.changeCode('new');
    const hold = scene.holdTopic();
    const result = await scene.run([...deploy, '--detach']);
    expect(status()).toBe('UPDATE_IN_PROGRESS');
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('Started shop dev: stack app. AWS goes on with it alone.');
    expect(result.stdout).toContain('To join it: infractl attach app');
    expect(result.stdout).toContain('Not done, because it needs what is not there yet: function api.');
    expect(result.stdout).toContain('infractl deploy --create-stack --wait');
    expect(lock()).toMatchObject({ released: { how: 'left', stacks: [STACK] } });
    // The lock is free, the stack is not.
    expectTrouble(await scene.run(['deploy']), 6, 'is busy');
    const waiting = scene.start([...deploy, '--wait']);
    await until(() => waiting.output().includes('waiting: the stack is'), waiting);
    hold.release();
    const rest = await waiting.ended;
    expect(rest.code).toBe(0);
    expect(status()).toBe('UPDATE_COMPLETE');
    expect(rest.stderr).toMatch(/function api +updated/);
  });

  it('is "left" in the history until it is known how it ended; the next run writes that down', async () => {
    const result = async () => JSON.parse((await scene.run(['history', '--json'])).stdout)[0];
    const written = () =>
      [...(scene.fake.state.s3.buckets.values().next().value?.objects ?? [])]
        .filter(([key]) => key.startsWith('journal/'))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, { body }]) => JSON.parse(Buffer.from(body).toString()).result);
    const creation = scene.holdTopic();
    await scene.run([...deploy, 'app', '--detach']);
    expect(await result()).toMatchObject({ result: 'left', parts: [{ outcome: 'started' }] });
    expect((await scene.run(['history'])).stdout).toMatch(/left +deploy --create-stack app --detach/);
    creation.release();
    await until(() => status() === 'CREATE_COMPLETE');
    expect(await result()).toMatchObject({ result: 'succeeded', parts: [{ outcome: 'created' }] });
    expect(written()).toEqual(['left']);
    // Of one that failed too, and that is nowhere to be gone back to.
    changed();
    const update = scene.holdTopic({ fail: 'no', on: ['update'] });
    await scene.run([...deploy, 'app', '--detach']);
    update.release();
    await until(() => status() === 'UPDATE_ROLLBACK_COMPLETE');
    expect(await result()).toMatchObject({
      result: 'failed',
      error: { message: `The stack ${STACK} ended in UPDATE_ROLLBACK_COMPLETE.` },
    });
    expect(written()).toEqual(['succeeded', 'left']);
    cloud().script.delete('Topic');
    expect((await scene.run(deploy)).code).toBe(0);
    expect(written()).toEqual(['succeeded', 'failed', 'succeeded']);
  });

  it('wants --create-stack', async () => {
    expectTrouble(await scene.run(['deploy', '--detach']), 2, 'create-stack');
  });

  it('with nothing to begin is a deploy like any other', async () => {
    await scene.deployed();
    const result = await scene.run([...deploy, '--detach']);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain('Nothing to do');
  });
});

describe('Ctrl-C on a terminal while AWS is at work', () => {
  let hold: Hold;
  async function working(first = false): Promise<Pty> {
    if (!first) {
      await scene.deployed();
      changed();
    }
    hold = scene.holdTopic();
    const pty = new Pty(scene.home, deploy, { env: scene.fake.env, columns: 120 });
    await until(() => hold.holds, pty);
    await pty.until('Topic');
    pty.type(CTRL_C);
    await pty.until(`AWS works on ${STACK}. What becomes of it?`);
    // The way back is not held.
    cloud().script.delete('Topic');
    return pty;
  }

  it('offers to leave it running, and says how to join it', async () => {
    const pty = await working();
    pty.type(ENTER);
    expect((await pty.exited).exitCode).toBe(130);
    expect(pty.text).toContain('The deploy was interrupted.');
    expect(pty.text).toContain('infractl attach app');
    expect(status()).toBe('UPDATE_IN_PROGRESS');
    expect(lock()).toMatchObject({ released: { how: 'left', stacks: [STACK] } });
  });

  it('offers to take an update back, and follows that to its end', async () => {
    const pty = await working();
    pty.type(DOWN);
    await pty.until(/❯ Take it back/);
    pty.type(ENTER);
    expect((await pty.exited).exitCode).toBe(130);
    expect(pty.text).toContain('The deploy was cancelled.');
    expect(pty.text).toContain(`The stack ${STACK} is what it was before (UPDATE_ROLLBACK_COMPLETE).`);
    expect(status()).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(lock()).toMatchObject({ released: { how: 'done' } });
    expect(await inHistory()).toMatchObject({
      result: 'interrupted',
      parts: expect.arrayContaining([
        expect.objectContaining({
          part: 'stack app',
          outcome: 'reverted',
          detail: 'UPDATE_ROLLBACK_COMPLETE',
        }),
      ]),
    });
  });

  it('offers to delete what a first creation made', async () => {
    const pty = await working(true);
    pty.type(DOWN);
    await pty.until(/❯ Cancel: shop-app-dev was never whole before/);
    pty.type(ENTER);
    expect((await pty.exited).exitCode).toBe(130);
    expect(pty.text).toContain('which was never whole, is deleted');
    expect(status()).toBeUndefined();
    expect(await inHistory()).toMatchObject({
      parts: expect.arrayContaining([expect.objectContaining({ part: 'stack app', outcome: 'deleted' })]),
    });
  });

  it('goes on watching when that is chosen, and ends as the deploy does', async () => {
    const pty = await working();
    pty.type(DOWN);
    await pty.until(/❯ Take it back/);
    pty.type(DOWN);
    await pty.until(/❯ Go on watching/);
    pty.type(ENTER);
    hold.release();
    expect((await pty.exited).exitCode).toBe(0);
    expect(pty.text).toContain('Deployed');
  });

  it('a second one at the question leaves at once', async () => {
    const pty = await working();
    pty.type(CTRL_C);
    expect((await pty.exited).exitCode).toBe(130);
    expect(pty.text).toContain('Left at once');
    expect(status()).toBe('UPDATE_IN_PROGRESS');
  });
});

describe('a stack that is stuck', () => {
  async function stuck(times: number): Promise<void> {
    await scene.deployed();
    changed();
    cloud().script.set('Topic', { fail: 'the topic is stuck', on: ['update', 'rollback'], times: 1 + times });
    expect((await scene.run(deploy)).code).toBe(1);
    expect(status()).toBe('UPDATE_ROLLBACK_FAILED');
    cloud().script.delete('Topic');
  }

  it('is refused in a script with both ways, and gets on with --continue-rollback', async () => {
    await stuck(1);
    const refused = await scene.run(deploy);
    expectTrouble(
      refused,
      5,
      'Topic (AWS::SNS::Topic): the topic is stuck',
      'infractl deploy --create-stack --continue-rollback --skip-resource Topic',
    );
    const result = await scene.run([...deploy, '--continue-rollback', '--skip-resource', 'Topic']);
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('its rollback is continued, without Topic, then it is updated');
    expect(status()).toBe('UPDATE_COMPLETE');
  });

  it('is asked about on a terminal: what to skip is typed by name', async () => {
    await stuck(1);
    const pty = new Pty(scene.home, deploy, { env: scene.fake.env, columns: 120 });
    await pty.until('How does it go on?');
    expect(pty.text).toContain('Topic (AWS::SNS::Topic): the topic is stuck');
    expect(pty.text).toContain('CloudFormation believes that it is as the old template says');
    await skip(pty, 'Topic');
    // The run that left it stuck gave its lock back a moment ago, so the deploy looks anew, and asks no second time.
    expect((await pty.exited).exitCode).toBe(0);
    expect(pty.text.match(/What stands in the way/g)).toHaveLength(1);
    expect(status()).toBe('UPDATE_COMPLETE');
  });

  it('--skip-resource without --continue-rollback is wrong usage, before any call', async () => {
    expectTrouble(await scene.run([...deploy, '--skip-resource', 'Topic']), 2, 'Add --continue-rollback');
    expect(scene.fake.requests).toEqual([]);
  });
});
