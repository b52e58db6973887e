import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openArtifactStore } from '../../src/lib/artifacts/index.ts';
import { lambdaPort } from '../../src/lib/aws/lambda.ts';
import type { ReportEvent } from '../../src/lib/base/report.ts';
import {
  type FunctionDeps,
  type FunctionSpec,
  planFunction,
  revertAlias,
  updateFunction,
} from '../../src/lib/functions/index.ts';
import { addAlias, addFunction, zipCode } from './lambda.ts';
import { type Fake, startFake } from './server.ts';
import { sessionFor } from './session.ts';
import type { FakeFunction } from './state.ts';

let fake: Fake;
let deps: FunctionDeps;
let events: ReportEvent[];
let controller: AbortController;

beforeEach(async () => {
  fake = await startFake();
  const session = await sessionFor(fake);
  events = [];
  controller = new AbortController();
  deps = {
    port: lambdaPort(session, controller.signal),
    reporter: { emit: (event) => void events.push(event) },
    clock: fake.clock,
    signal: controller.signal,
    artifacts: async () => {
      const store = await openArtifactStore(session, 'demo', { create: true });
      if (!store) throw new Error('no store');
      return store;
    },
  };
});
afterEach(() => fake.close());

const bytes = (text: string) => new TextEncoder().encode(text);
const image = (digit: string) =>
  `123456789012.dkr.ecr.eu-west-3.amazonaws.com/api@sha256:${digit.repeat(64)}`;

function zipSpec(text: string | Uint8Array, more: Partial<FunctionSpec> = {}): FunctionSpec {
  const content = typeof text === 'string' ? bytes(text) : text;
  const codeSha256 = zipCode(content).sha256;
  const sha256 = Buffer.from(codeSha256, 'base64').toString('hex');
  const code = { zip: { bytes: content, sha256, codeSha256 } };
  return { part: 'function api', functionName: 'api', alias: 'live', code, timeout: 120_000, ...more };
}

function imageSpec(digit: string): FunctionSpec {
  return {
    part: 'function api',
    functionName: 'api',
    alias: 'live',
    code: { imageUri: image(digit) },
    timeout: 120_000,
  };
}

/** A function as its stack leaves it: first code, an alias on $LATEST. */
function fresh(code: { zip: string } | { image: string } = { zip: 'one' }): FakeFunction {
  const made = 'zip' in code ? { zip: bytes(code.zip) } : { image: code.image };
  const fn = addFunction(fake.state, { name: 'api', ...made });
  addAlias(fake.state, fn, 'live');
  return fn;
}

const live = (fn: FakeFunction) => fn.aliases.get('live')?.version;

describe('updating', () => {
  it('gives new code, publishes it, waits, and moves the alias last', async () => {
    const fn = fresh();
    expect(await updateFunction(deps, zipSpec('one'))).toMatchObject({ outcome: 'updated', version: '1' });
    fake.actions();
    expect(await updateFunction(deps, zipSpec('two', { description: 'commit abc' }))).toEqual({
      outcome: 'updated',
      version: '2',
      previousVersion: '1',
      codeSha256: zipCode(bytes('two')).sha256,
    });
    expect(live(fn)).toBe('2');
    expect(fn.versions[1]?.description).toMatch(/^commit abc, content [0-9a-f]{12}$/);
    const order = fake.actions().filter((one) => !/Get/.test(one));
    expect(order).toEqual(['lambda:UpdateFunctionCode', 'lambda:PublishVersion', 'lambda:UpdateAlias']);
    expect(
      events.filter((e) => e.type === 'part.status').map((e) => ('status' in e ? e.status : '')),
    ).toContain('moving the alias live to version 2');
  });

  it('does nothing when nothing differs: three reads, side by side', async () => {
    fresh();
    await updateFunction(deps, zipSpec('one'));
    fake.actions();
    const start = fake.clock.now();
    expect(await updateFunction(deps, zipSpec('one'))).toMatchObject({ outcome: 'unchanged', version: '1' });
    expect(fake.actions().sort()).toEqual([
      'lambda:GetAlias',
      'lambda:GetFunction',
      'lambda:GetFunctionConfiguration',
    ]);
    expect(fake.clock.now()).toBe(start);
  });

  it('knows images by digest, and makes an alias that is missing', async () => {
    const fn = fresh({ image: image('a') });
    fn.aliases.clear();
    expect(await updateFunction(deps, imageSpec('a'))).toMatchObject({
      outcome: 'updated',
      version: '1',
      imageUri: image('a'),
    });
    expect(await updateFunction(deps, imageSpec('a'))).toMatchObject({ outcome: 'unchanged' });
    expect(await updateFunction(deps, imageSpec('b'))).toMatchObject({ version: '2', previousVersion: '1' });
    expect(fn.code.imageUri).toBe(image('b'));
  });

  it('brings settings that the stack changed live, without touching the code', async () => {
    const fn = fresh();
    await updateFunction(deps, zipSpec('one'));
    fn.configuration = { ...fn.configuration, memory: 512, environment: { KEY: 'v' } };
    expect(await planFunction(deps, zipSpec('one'))).toEqual({
      change: 'update',
      reasons: ['configuration (Environment, MemorySize)'],
      version: '1',
    });
    fake.actions();
    expect(await updateFunction(deps, zipSpec('one'))).toMatchObject({ version: '2', previousVersion: '1' });
    expect(fake.actions()).not.toContain('lambda:UpdateFunctionCode');
  });

  it('takes an alias back from a version to which somebody split traffic, and says so', async () => {
    const fn = fresh();
    await updateFunction(deps, zipSpec('one'));
    await updateFunction(deps, zipSpec('two'));
    Object.assign(fn.aliases.get('live') ?? {}, { weights: { '1': 0.1 } });
    expect(await updateFunction(deps, zipSpec('two'))).toMatchObject({ outcome: 'updated', version: '2' });
    expect(fn.aliases.get('live')?.weights).toEqual({});
    expect(events).toContainEqual({
      type: 'note',
      message: 'The alias live of api sent 10 % to version 1; now all its traffic goes to version 2.',
    });
  });

  it('goes back to older code as a new version', async () => {
    const fn = fresh();
    for (const code of ['one', 'two', 'one']) await updateFunction(deps, zipSpec(code));
    expect([live(fn), fn.versions.length]).toEqual(['3', 3]);
  });

  it('sends a zip over 50 MB through the artifact store, once', async () => {
    fresh();
    const large = new Uint8Array(50 * 1024 * 1024 + 1);
    await updateFunction(deps, zipSpec(large));
    const put = fake.requests.filter((one) => one.action === 'PutObject');
    expect(put.map((one) => one.parameters.Key)).toEqual([
      expect.stringMatching(/^functions\/[0-9a-f]{64}\.zip$/),
    ]);
    const update = fake.requests.find((one) => one.action === 'UpdateFunctionCode');
    expect(update?.parameters).toMatchObject({ S3Key: put[0]?.parameters.Key });
    expect(update?.parameters.ZipFile).toBeUndefined();
  });
});

describe('trouble', () => {
  it('waits for an update that is under way and for conflicts', async () => {
    const fn = fresh();
    fn.updateStatus = 'InProgress';
    fake.clock.after(5_000, () => {
      fn.updateStatus = 'Successful';
    });
    fake.faults.add(
      'lambda:UpdateFunctionCode',
      { kind: 'error', code: 'ResourceConflictException', message: 'An update is in progress', status: 409 },
      { times: 2 },
    );
    expect(await updateFunction(deps, zipSpec('two'))).toMatchObject({ outcome: 'updated', version: '1' });
  });

  it('reads again when somebody changed the function between reading and writing', async () => {
    const fn = fresh();
    const port = { ...deps.port };
    port.latest = async (name) => {
      const facts = await deps.port.latest(name);
      fn.revision = fake.state.lambda.revision();
      return facts;
    };
    expect(await updateFunction({ ...deps, port }, zipSpec('two'))).toMatchObject({ version: '1' });
    expect(fake.requests.filter((one) => one.action === 'UpdateFunctionCode')).toHaveLength(2);
  });

  it('is not failed by throttled or cut looks while it waits', async () => {
    fresh();
    fake.state.lambda.script.set('api', { ms: 3000 });
    fake.faults.throttle('lambda:GetFunctionConfiguration', { after: 1, times: 3 });
    fake.faults.reset('lambda:GetFunctionConfiguration', { after: 4 });
    fake.faults.unavailable('lambda:GetFunctionConfiguration', { after: 5 });
    expect(await updateFunction(deps, zipSpec('two'))).toMatchObject({ version: '1' });
  });

  it('leaves the alias where it was when the update fails, with the reason and the mend', async () => {
    const fn = fresh({ image: image('a') });
    await updateFunction(deps, imageSpec('a'));
    const fail = {
      code: 'ImageAccessDenied',
      reason: 'Lambda does not have permission to access the ECR image.',
    };
    fake.state.lambda.script.set('api', { fail });
    await expect(updateFunction(deps, imageSpec('b'))).rejects.toMatchObject({
      code: 'ImageAccessDenied',
      exit: 1,
      why: expect.stringContaining('The alias live was left where it was.'),
      suggestions: [expect.stringContaining('ecr:BatchGetImage')],
    });
    expect(live(fn)).toBe('1');
    fake.state.lambda.script.clear();
    expect(await updateFunction(deps, imageSpec('b'))).toMatchObject({ outcome: 'updated', version: '2' });
  });

  it('does not move the alias to a version that never starts', async () => {
    const fn = fresh();
    fake.state.lambda.script.set('api', {
      publishFail: { code: 'SubnetOutOfIPAddresses', reason: 'No addresses' },
    });
    await expect(updateFunction(deps, zipSpec('two'))).rejects.toMatchObject({
      code: 'SubnetOutOfIPAddresses',
    });
    expect(live(fn)).toBe('$LATEST');
  });

  it('gives up waiting with exit 7, and goes on when run again', async () => {
    const fn = fresh();
    fake.state.lambda.script.set('api', { ms: 600_000 });
    await expect(updateFunction(deps, zipSpec('two'))).rejects.toMatchObject({
      code: 'FunctionNotReady',
      exit: 7,
      message: expect.stringMatching(/^The function api was not active after 2 min 0\d s/),
    });
    await fake.clock.sleep(500_000);
    fake.actions();
    expect(await updateFunction(deps, zipSpec('two'))).toMatchObject({ outcome: 'updated' });
    expect(fake.actions()).not.toContain('lambda:UpdateFunctionCode');
    expect(live(fn)).toBe('1');
  });

  it('stops at once when it is interrupted', async () => {
    const fn = fresh();
    fake.state.lambda.script.set('api', { ms: 60_000 });
    fake.clock.after(1000, () => controller.abort());
    await expect(updateFunction(deps, zipSpec('two'))).rejects.toMatchObject({
      code: 'Interrupted',
      exit: 130,
    });
    expect(live(fn)).toBe('$LATEST');
  });

  it('has words for a missing function, the other package type, and a denied call', async () => {
    await expect(updateFunction(deps, zipSpec('x'))).rejects.toMatchObject({
      code: 'FunctionNotFound',
      suggestions: expect.arrayContaining(['Create it: infractl deploy --create-stack']),
    });
    fresh();
    await expect(updateFunction(deps, imageSpec('a'))).rejects.toMatchObject({
      code: 'PackageTypeMismatch',
      exit: 2,
    });
    expect(fake.mutations()).toEqual([]);
    fake.faults.deny('lambda:UpdateFunctionCode');
    await expect(updateFunction(deps, zipSpec('x'))).rejects.toMatchObject({ code: 'AccessDenied', exit: 4 });
  });
});

describe('going back', () => {
  it('moves the alias to the version before, once', async () => {
    const fn = fresh();
    await updateFunction(deps, zipSpec('one'));
    const { previousVersion } = await updateFunction(deps, zipSpec('two'));
    const to = { functionName: 'api', alias: 'live', version: previousVersion ?? '' };
    expect(await revertAlias(deps, to)).toEqual({ outcome: 'reverted', version: '1', previousVersion: '2' });
    expect(await revertAlias(deps, to)).toMatchObject({ outcome: 'unchanged' });
    expect(live(fn)).toBe('1');
    // The code that was taken back is still there: the same deploy again points at its version, and makes none.
    expect(await updateFunction(deps, zipSpec('two'))).toMatchObject({ version: '2', previousVersion: '1' });
    expect(fn.versions).toHaveLength(2);
    await expect(revertAlias(deps, { ...to, alias: 'none' })).rejects.toMatchObject({
      code: 'AliasNotFound',
    });
  });
});
