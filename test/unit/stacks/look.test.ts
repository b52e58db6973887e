import { StackStatus } from '@aws-sdk/client-cloudformation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lookupsOf } from '../../../src/lib/deploy/lookups.ts';
import { diagnose, overview, recentEvents } from '../../../src/lib/stacks/index.ts';
import { statusWords, wayOutOf } from '../../../src/lib/stacks/watch/status-words.ts';
import { begin, things, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const cloud = () => w.fake.state.cloudFormation;
const ONE = things({ A: { Size: 1 }, B: { Size: 1 } });
const TWO = things({ A: { Size: 2 }, B: { Size: 2 } });
const passes = (ms = 60_000) => w.fake.clock.sleep(ms);

async function explained(templateFile?: string) {
  const deps = { port: w.deps.port, where: ' --env prod', lookups: lookupsOf(w.session) };
  const found = await diagnose(deps, { part: 'stack app', stackName: 'app', templateFile });
  if (!found) throw new Error('there is no stack');
  return found;
}

describe('explain', () => {
  it('knows nothing of a stack that does not exist', async () => {
    const deps = { port: w.deps.port, lookups: lookupsOf(w.session) };
    const order = { part: 'stack app', stackName: 'app', templateFile: undefined };
    expect(await diagnose(deps, order)).toBeUndefined();
  });

  it('gives the first cause with its line, and what to do', async () => {
    const spec = await w.spec(ONE);
    cloud().script.set('A', { ms: 50_000 });
    cloud().script.set('B', { ms: 10_000, fail: 'shop-data already exists' });
    await begin(w, ONE, 'CREATE');
    await passes(200_000);
    const found = await explained(spec.templateFile);
    expect(found).toMatchObject({
      stack: 'app',
      status: 'ROLLBACK_COMPLETE',
      failed: true,
      running: false,
      act: 'create',
      message: 'The creation of the stack app failed.',
      causes: [{ logicalId: 'B', resourceType: 'Fake::Thing', reason: 'shop-data already exists' }],
      log: null,
    });
    expect(found.causes[0]?.file).toMatch(/template-1\.yaml$/);
    expect(found.causes[0]?.line).toBeGreaterThan(1);
    expect(found.suggestions[0]).toContain('another name');
    expect(found.suggestions.at(-1)).toContain(
      'infractl deploy --create-stack --env prod does that by itself',
    );
  });

  it('says that nothing failed when an earlier operation did, and the newest did not', async () => {
    await begin(w, ONE, 'CREATE');
    await passes();
    cloud().script.set('B', { fail: 'no', on: ['update'], times: 1 });
    await begin(w, TWO, 'UPDATE');
    await passes();
    expect(await explained()).toMatchObject({ failed: true, act: 'update' });
    await begin(w, TWO, 'UPDATE');
    await passes();
    expect(await explained()).toMatchObject({
      failed: false,
      message: 'The newest operation on the stack app, its update, did not fail.',
      causes: [],
      suggestions: [],
    });
  });

  it('tells a cause while the rollback still runs, and how to join it', async () => {
    cloud().script.set('A', { ms: 1000 });
    cloud().script.set('B', { ms: 2000, fail: 'no' });
    await begin(w, ONE, 'CREATE');
    await passes(2300);
    expect(cloud().stack('app').status).toBe('ROLLBACK_IN_PROGRESS');
    const found = await explained();
    expect(found).toMatchObject({ failed: true, running: true, endedAt: null });
    expect(found.suggestions.at(-1)).toBe('To see how it goes on: infractl attach app --env prod');
  });

  it('finds the cause in a nested stack that was deleted again', async () => {
    const store = await w.deps.artifacts();
    await store.put('inner.yaml', JSON.stringify(things({ Deep: { Fail: 'too deep' } })));
    const Properties = { TemplateURL: store.url('inner.yaml') };
    await begin(w, { Resources: { Child: { Type: 'AWS::CloudFormation::Stack', Properties } } }, 'CREATE');
    await passes();
    const found = await explained();
    expect(found.causes).toMatchObject([{ logicalId: 'Deep', reason: 'too deep', file: null }]);
    expect(found.causes[0]?.stackName).toMatch(/^app-Child-/);
  });

  it('names the way out of every status that AWS leaves a stack stuck in, and of no other', () => {
    const stuck = Object.values(StackStatus).filter((status) => wayOutOf(status, 'app').length > 0);
    expect(stuck.sort()).toEqual([
      'CREATE_FAILED',
      'DELETE_FAILED',
      'IMPORT_ROLLBACK_FAILED',
      'REVIEW_IN_PROGRESS',
      'ROLLBACK_COMPLETE',
      'ROLLBACK_FAILED',
      'UPDATE_FAILED',
      'UPDATE_ROLLBACK_FAILED',
    ]);
    for (const status of stuck) expect(wayOutOf(status, 'app').join(' ')).not.toContain('{');
    expect(statusWords('SOMETHING_NEW')).toEqual({ words: 'SOMETHING_NEW', mood: 'bad' });
  });

  it('of an empty stack says that it was never deployed', async () => {
    cloud().changeSetMs = 600_000;
    const making = begin(w, ONE, 'CREATE').catch(() => undefined);
    await passes(100);
    const found = await explained();
    expect(found).toMatchObject({ status: 'REVIEW_IN_PROGRESS', failed: false, running: false });
    expect(found.message).toContain('never deployed');
    expect(found.suggestions.join()).toContain('infractl destroy --env prod');
    await making;
  });

  it('of a deletion names all that stands in its way', async () => {
    await begin(w, ONE, 'CREATE');
    await passes();
    for (const id of ['A', 'B']) cloud().script.set(id, { fail: `${id} is not empty`, on: ['delete'] });
    await w.deps.port.deleteStack('app', 'x');
    await passes();
    const found = await explained();
    expect(found).toMatchObject({ act: 'delete', status: 'DELETE_FAILED' });
    expect(found.causes.map(({ reason }) => reason).sort()).toEqual(['A is not empty', 'B is not empty']);
  });
});

describe('the log behind a custom resource', () => {
  const custom = (ServiceToken: unknown) => ({
    Resources: {
      Worker: {
        Type: 'AWS::Lambda::Function',
        Properties: { FunctionName: 'shop-worker', Code: { ZipFile: 'x' } },
      },
      Seed: { Type: 'Custom::Seed', Properties: { ServiceToken }, DependsOn: 'Worker' },
    },
  });
  async function fails(token: unknown = { 'Fn::GetAtt': ['Worker', 'Arn'] }) {
    cloud().script.set('Seed', { ms: 10_000, fail: 'Received response status [FAILED]' });
    await begin(w, custom(token), 'CREATE');
    const began = w.fake.clock.now();
    const lines = Array.from({ length: 30 }, (_, n) => ({ at: began + 5000 + n, message: `line ${n}\n` }));
    const old = { at: began - 3_600_000, message: 'an hour ago\n' };
    w.fake.state.logs.groups.set('/aws/lambda/shop-worker', [old, ...lines]);
    await passes();
  }
  /** As an endpoint that gives no properties with its events. */
  const withoutProperties = () => {
    for (const event of cloud().stack('app').events) Object.assign(event, { ResourceProperties: undefined });
  };

  it('is found by the events, also where the template was taken back', async () => {
    await begin(w, { Resources: { Worker: custom('').Resources.Worker } }, 'CREATE');
    await passes();
    cloud().script.set('Seed', { fail: 'Received response status [FAILED]' });
    const began = w.fake.clock.now();
    await begin(w, custom({ 'Fn::GetAtt': ['Worker', 'Arn'] }), 'UPDATE');
    const line = { at: began + 1500, message: 'no table\n' };
    w.fake.state.logs.groups.set('/aws/lambda/shop-worker', [line]);
    await passes();
    expect(cloud().stack('app').desired.body).not.toContain('Seed');
    expect((await explained()).log).toEqual({ functionName: 'shop-worker', lines: ['no table'], note: null });
  });

  it.each([
    ['its Arn', { 'Fn::GetAtt': ['Worker', 'Arn'] }],
    ['its ARN in words', 'arn:aws:lambda:eu-west-3:123456789012:function:shop-worker:live'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation's, not JavaScript's
    ['a Sub', { 'Fn::Sub': 'arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${Worker}' }],
  ])('is found by %s: the last lines of that time, over all pages', async (_, token) => {
    w.fake.state.logs.pageSize = 7;
    await fails(token);
    withoutProperties();
    const { log, causes } = await explained();
    expect(causes[0]?.logicalId).toBe('Seed');
    expect(log?.functionName).toBe('shop-worker');
    expect(log?.lines).toHaveLength(20);
    expect(log?.lines.at(-1)).toBe('line 29');
    expect(log?.lines).not.toContain('an hour ago');
  });

  it('that may not be read is said in a word, and the cause is told all the same', async () => {
    w.fake.faults.deny('logs:FilterLogEvents');
    await fails();
    const { log, causes } = await explained();
    expect(causes).toHaveLength(1);
    expect(log?.lines).toEqual([]);
    expect(log?.note).toMatch(/^The log of the function shop-worker cannot be read: .*logs:FilterLogEvents/);
  });

  it('that is not there, or whose function cannot be told, is said in a word', async () => {
    await fails();
    w.fake.state.logs.groups.clear();
    withoutProperties();
    expect((await explained()).log?.note).toBe('There is no log group /aws/lambda/shop-worker.');
    cloud().stack('app').desired = {
      ...cloud().stack('app').desired,
      body: JSON.stringify(custom({ 'Fn::ImportValue': 'x' })),
    };
    expect((await explained()).log?.note).toBe('Which function is behind Seed could not be found out.');
  });
});

describe('recent events', () => {
  it('are the newest, oldest first, over pages', async () => {
    cloud().pageSize = 3;
    const id = await begin(w, ONE, 'CREATE');
    await passes();
    const all = await recentEvents(w.deps.port, id, { limit: 1000, failed: false });
    expect(all.length).toBe(cloud().stack('app').events.length);
    const some = await recentEvents(w.deps.port, id, { limit: 4, failed: false });
    expect(some).toEqual(all.slice(-4));
  });

  it('hold those of nested stacks, merged in time; only failures where asked', async () => {
    const store = await w.deps.artifacts();
    await store.put('inner.yaml', JSON.stringify(things({ Deep: { Fail: 'too deep' } })));
    const Properties = { TemplateURL: store.url('inner.yaml') };
    const id = await begin(
      w,
      {
        Resources: { Child: { Type: 'AWS::CloudFormation::Stack', Properties }, Z: { Type: 'Fake::Thing' } },
      },
      'CREATE',
    );
    await passes();
    const all = await recentEvents(w.deps.port, id, { limit: 1000, failed: false });
    expect(all.some(({ logicalId }) => logicalId === 'Deep')).toBe(true);
    const times = all.map(({ at }) => at.getTime());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const failed = await recentEvents(w.deps.port, id, { limit: 2, failed: true });
    expect(failed.every(({ status }) => status.endsWith('_FAILED'))).toBe(true);
    expect(failed).toHaveLength(2);
  });
});

describe('the overview', () => {
  const order = (...names: string[]) => ({
    project: 'shop',
    environment: 'dev',
    stacks: names.map((name) => ({ name, stackName: name })),
  });

  it('shows what is there and what is not, with one call and one for each that is there', async () => {
    await begin(w, ONE, 'CREATE');
    await passes();
    cloud().stack('app').drift = { status: 'DRIFTED', at: w.fake.clock.now() };
    w.actions();
    const { stacks, note } = await overview(w.deps.port, order('app', 'site'));
    expect(w.actions()).toEqual(['DescribeStacks', 'ListStackResources']);
    expect(note).toBeUndefined();
    expect(stacks).toMatchObject([
      {
        stack: 'app',
        status: 'CREATE_COMPLETE',
        words: 'created',
        resources: 2,
        drift: 'DRIFTED',
        configured: true,
      },
      { stack: 'site', status: null, words: 'not deployed', resources: null, drift: null },
    ]);
  });

  it("adds this project's stacks that the configuration has not, and nobody else's", async () => {
    cloud().pageSize = 1;
    await begin(w, ONE, 'CREATE');
    await passes();
    expect((await overview(w.deps.port, order('site'))).stacks).toMatchObject([
      { stack: 'site', configured: true },
      { stackName: 'app', configured: false },
    ]);
    expect((await overview(w.deps.port, { ...order(), project: 'other' })).stacks).toEqual([]);
    const stack = cloud().stack('app');
    const tags = [...stack.desired.tags, { Key: 'infractl:environment', Value: 'prod' }];
    stack.desired = { ...stack.desired, tags };
    expect((await overview(w.deps.port, order())).stacks).toEqual([]);
    expect((await overview(w.deps.port, { ...order(), environment: 'prod' })).stacks).toHaveLength(1);
  });

  it('degrades with a word where only some may be looked at', async () => {
    await begin(w, ONE, 'CREATE');
    await passes();
    w.fake.faults.deny('cloudformation:DescribeStacks', { times: 1 });
    w.fake.faults.deny('cloudformation:ListStackResources');
    const { stacks, note } = await overview(w.deps.port, order('app'));
    expect(stacks).toMatchObject([{ stack: 'app', words: 'created', resources: null }]);
    expect(note).toContain('cloudformation:DescribeStacks');
  });
});
