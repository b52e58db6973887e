import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Hold } from '../fake/hold.ts';
import { freePort } from '../helpers/ports.ts';
import { expectJsonTrouble, expectTrouble, Scene } from '../helpers/trouble.ts';

/** Functions that do not take their code, and deploys that are done but do not answer. */

const NAME = 'shop-api-dev';
let status = 200;
let server: Server;
let scene: Scene;

beforeAll(async () => {
  server = createServer((_request, answer) => {
    answer.writeHead(status, { 'content-type': 'text/plain' });
    answer.end(status === 200 ? 'well' : 'database unreachable');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(async () => {
  status = 200;
  scene = await Scene.open(facts());
});
afterEach(() => scene.close());

const facts = () => ({
  health: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
});
/** What fails is waited for no longer than it needs; what succeeds in the same run keeps its time. */
const hastyFunction = () => scene.configure({ ...facts(), functionTimeout: '2s' });
const hastyCheck = () => scene.configure({ ...facts(), healthTimeout: '1s' });
const live = () => scene.fake.state.lambda.functions.get(NAME)?.aliases.get('live')?.version;
const script = (behaviour: Parameters<typeof scene.fake.state.lambda.script.set>[1]) =>
  scene.fake.state.lambda.script.set(NAME, behaviour);

describe('a function', () => {
  it('that never takes its code: exit 7, the alias stays, the next run goes on', async () => {
    await scene.deployed();
    script({ ms: new Hold() });
    hastyFunction();
    scene.changeCode('2');
    const result = await scene.run(['deploy']);
    expectTrouble(
      result,
      7,
      /The function shop-api-dev was not active after \d+\.\d s; AWS goes on with it\./,
      'LastUpdateStatus InProgress',
      'Run the same command again: it goes on where this one stopped.',
      '`timeout` of the function in infractl.yaml',
    );
    expect(live()).toBe('1');
    expectJsonTrouble(await scene.run(['deploy', '--json']), 7, 'FunctionNotReady');
    const fn = scene.fake.state.lambda.functions.get(NAME);
    if (fn) fn.updateStatus = 'Successful';
    script({});
    scene.configure(facts());
    expect((await scene.run(['deploy'])).code).toBe(0);
    expect(live()).toBe('2');
  });

  it('whose new version never becomes active: exit 7, the alias stays', async () => {
    await scene.deployed();
    script({ publishMs: new Hold() });
    hastyFunction();
    scene.changeCode('2');
    expectTrouble(await scene.run(['deploy']), 7, 'was not active after', 'State Pending');
    expect(live()).toBe('1');
  });

  it('whose update fails: the reason, what to do, and where the alias is', async () => {
    await scene.deployed();
    script({ fail: { code: 'KMSKeyAccessDenied', reason: 'Lambda may not decrypt the variables.' } });
    scene.changeCode('2');
    const result = await scene.run(['deploy']);
    expectTrouble(
      result,
      1,
      'The function shop-api-dev could not take its new code (KMSKeyAccessDenied).',
      'Lambda may not decrypt the variables.',
      'The alias live was left where it was.',
      'kms:Decrypt',
    );
    expect(live()).toBe('1');
    scene.changeCode('3');
    expectJsonTrouble(await scene.run(['deploy', '--json']), 1, 'KMSKeyAccessDenied');
    script({});
    expect((await scene.run(['deploy'])).code).toBe(0);
    expect(live()).toBe('2');
  });

  it('that somebody deleted is named', async () => {
    await scene.deployed();
    scene.fake.state.lambda.functions.delete(NAME);
    expectTrouble(
      await scene.run(['deploy']),
      1,
      NAME,
      'infractl deploy --create-stack',
      'deleted it by hand',
    );
    expectJsonTrouble(await scene.run(['deploy', '--json']), 1, 'FunctionNotFound');
  });
});

describe('a health check', () => {
  it('that fails at the very first deploy: exit 8, and nothing to go back to', async () => {
    status = 500;
    hastyCheck();
    const result = await scene.run(['deploy', '--create-stack']);
    expectTrouble(
      result,
      8,
      '/health is not healthy: it answered 500',
      'database unreachable',
      'Nothing was taken back: this is the first version, so there is none to go back to.',
    );
    expect(live()).toBe('1');
  });

  it('that fails after an update: exit 8, the alias goes back, the journal says so', async () => {
    await scene.deployed();
    scene.changeCode('2');
    status = 502;
    hastyCheck();
    const result = await scene.run(['deploy']);
    expectTrouble(
      result,
      8,
      'is not healthy: it answered 502',
      'It was taken back: shop-api-dev is on version 1 again.',
      'look at the log of the function',
    );
    expect(live()).toBe('1');
    scene.changeCode('3');
    const error = expectJsonTrouble(await scene.run(['deploy', '--json']), 8, 'Unhealthy');
    expect(error.message).toContain('is on version 1 again');
    const history = JSON.parse((await scene.run(['history', '--json'])).stdout) as { result: string }[];
    expect(history.map((entry) => entry.result)).toEqual(['unhealthy', 'unhealthy', 'succeeded']);
    status = 200;
    scene.configure(facts());
    expect((await scene.run(['deploy'])).code).toBe(0);
    expect(live()).not.toBe('1');
  });

  it('that fails while nothing was changed says that there is nothing to take back', async () => {
    await scene.deployed();
    status = 503;
    hastyCheck();
    expectTrouble(
      await scene.run(['deploy']),
      8,
      'it answered 503',
      'Nothing was taken back: this deploy changed no function, no site and no release.',
    );
    expect(live()).toBe('1');
  });

  it('that fails while the alias cannot be moved back: says so, and how to do it by hand', async () => {
    await scene.deployed();
    scene.changeCode('2');
    status = 500;
    hastyCheck();
    scene.fake.faults.deny('lambda:UpdateAlias', { after: 1 });
    expectTrouble(
      await scene.run(['deploy']),
      8,
      'shop-api-dev could not be taken back to version 1: arn:aws:iam::123456789012:user/dev may not do lambda:UpdateAlias',
      'aws lambda update-alias --function-name shop-api-dev --name live --function-version 1',
    );
    expect(live()).toBe('2');
  });

  it('that nobody answers', async () => {
    scene.configure({ ...facts(), healthTimeout: '1s', health: `http://127.0.0.1:${await freePort()}` });
    const result = await scene.run(['deploy', '--create-stack', '--json']);
    const error = expectJsonTrouble(result, 8, 'Unhealthy');
    expect(error.message).toContain('the connection was refused');
  });
});
