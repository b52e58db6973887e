// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are CloudFormation's placeholders
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { driftPort } from '../../../src/lib/aws/drift.ts';
import { detectDrift, driftDelay } from '../../../src/lib/stacks/drift/detect.ts';
import type { DriftOrder } from '../../../src/lib/stacks/drift/types.ts';
import { deployStack, type StackSpec } from '../../../src/lib/stacks/index.ts';
import type { ByHand } from '../../fake/cloudformation-drift.ts';
import { rejection, type World, world } from './setup.ts';

const TEMPLATE = {
  Parameters: {
    Stage: { Type: 'String', Default: 'dev' },
    Password: { Type: 'String', NoEcho: true },
  },
  Resources: {
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: { VisibilityTimeout: 30, Tags: { Stage: { Ref: 'Stage' } } },
    },
    Table: { Type: 'AWS::DynamoDB::Table', Properties: { BillingMode: 'PAY_PER_REQUEST' } },
    Api: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        MemorySize: 512,
        Code: { S3Key: 'one' },
        Environment: { Variables: { DB: { 'Fn::Sub': 'pg:${Password}' }, STAGE: { Ref: 'Stage' } } },
      },
    },
    Live: {
      Type: 'AWS::Lambda::Alias',
      Properties: { FunctionName: { Ref: 'Api' }, FunctionVersion: '$LATEST', Name: 'live' },
    },
    Odd: { Type: 'Custom::Odd', Properties: {} },
  },
};

describe('looking for drift', () => {
  let w: World;
  let spec: StackSpec;

  beforeEach(async () => {
    w = await world();
    spec = await w.spec(TEMPLATE, { parameters: { Password: { value: 'hunter2hunter2', secret: true } } });
    await deployStack(w.deps, spec);
    w.actions();
  });
  afterEach(() => w.close());

  const hand = (id: string, what: ByHand, stack = 'app') =>
    w.fake.state.cloudFormation.byHand.set(`${stack}/${id}`, what);
  const look = (more: Partial<DriftOrder> = {}) =>
    detectDrift(
      { ...w.deps, drift: driftPort(w.session, w.pacer) },
      {
        part: 'stack app',
        stackName: 'app',
        templateFile: spec.templateFile,
        parameters: { Password: undefined },
        region: 'eu-west-3',
        timeout: 600_000,
        functions: new Map(),
        ...more,
      },
    );

  it('says that nothing drifted, and counts what AWS cannot check', async () => {
    const [found] = await look();
    expect(found).toMatchObject({ status: 'in-sync', inSync: 4, drifted: 0, unsupported: 1, resources: [] });
    expect(w.fake.state.cloudFormation.stack('app').drift?.status).toBe('IN_SYNC');
  });

  it('shows a property three ways: as deployed, in the template here, and as it is', async () => {
    hand('Queue', { properties: { VisibilityTimeout: 99, Tags: { Stage: 'x' } } });
    const here = await w.spec({
      ...TEMPLATE,
      Resources: {
        ...TEMPLATE.Resources,
        Queue: {
          Type: 'AWS::SQS::Queue',
          Properties: { VisibilityTimeout: 99, Tags: { Stage: { Ref: 'Stage' } } },
        },
      },
    });
    const [found] = await look({ templateFile: here.templateFile });
    expect(found).toMatchObject({ status: 'drifted', drifted: 1 });
    expect(found?.resources[0]?.properties).toEqual([
      {
        path: '/VisibilityTimeout',
        change: 'changed',
        deployed: '30',
        local: '99',
        localIs: 'as-actual',
        actual: '99',
        managed: null,
      },
      {
        path: '/Tags/Stage',
        change: 'changed',
        deployed: 'dev',
        local: 'dev',
        localIs: 'as-deployed',
        actual: 'x',
        managed: null,
      },
    ]);
  });

  it('tells a parameter that the configuration changes from the deployed value', async () => {
    hand('Queue', { properties: { Tags: { Stage: 'x' } } });
    const [found] = await look({ parameters: { Stage: 'prod' } });
    expect(found?.resources[0]?.properties[0]).toMatchObject({
      local: 'prod',
      localIs: 'different',
      deployed: 'dev',
    });
  });

  it('finds a deleted resource, and says whether the template still has it', async () => {
    hand('Table', { deleted: true });
    const [found] = await look();
    expect(found?.resources).toMatchObject([{ logicalId: 'Table', status: 'deleted', inTemplate: true }]);
    const { Table: _, ...others } = TEMPLATE.Resources;
    const here = await w.spec({ ...TEMPLATE, Resources: others });
    expect((await look({ templateFile: here.templateFile }))[0]?.resources[0]?.inTemplate).toBe(false);
    expect((await look({ templateFile: undefined }))[0]?.resources[0]?.inTemplate).toBe(null);
  });

  it('never shows what comes from a parameter with NoEcho', async () => {
    hand('Api', { properties: { Environment: { Variables: { DB: 'pg:other-password', STAGE: 'dev' } } } });
    const [found] = await look();
    expect(found?.resources[0]?.properties[0]).toMatchObject({
      path: '/Environment/Variables/DB',
      actual: '[secret]',
    });
    expect(JSON.stringify(found)).not.toMatch(/hunter2|other-password/);
  });

  it('does not take what infractl deploys for drift of somebody else', async () => {
    const name = w.fake.state.cloudFormation.stack('app').resources.get('Api')?.physicalId ?? '';
    const alias = w.fake.state.cloudFormation.stack('app').resources.get('Live');
    if (alias) alias.physicalId = `arn:aws:lambda:eu-west-3:1:function:${name}:live`;
    hand('Api', { properties: { Code: { S3Key: 'two' } } });
    hand('Live', { properties: { FunctionVersion: '7' } });
    const [ours] = await look({ functions: new Map([[name, 'live']]) });
    expect(ours).toMatchObject({ status: 'in-sync', drifted: 0 });
    expect(ours?.resources.map(({ status }) => status)).toEqual(['managed', 'managed']);
    expect(ours?.resources[0]?.properties[0]?.managed).toBe('code is managed by infractl deploy');
    const [theirs] = await look();
    expect(theirs).toMatchObject({ status: 'drifted', drifted: 2 });
  });

  it('counts a function whose memory was changed, whoever deploys its code', async () => {
    const name = w.fake.state.cloudFormation.stack('app').resources.get('Api')?.physicalId ?? '';
    hand('Api', { properties: { Code: { S3Key: 'two' }, MemorySize: 1024 } });
    const [found] = await look({ functions: new Map([[name, 'live']]) });
    expect(found).toMatchObject({ status: 'drifted', drifted: 1 });
  });

  it('says what could not be read, and is not taken for well', async () => {
    hand('Table', { unreadable: 'AccessDenied: dynamodb:DescribeTable' });
    const [found] = await look();
    expect(found).toMatchObject({ status: 'unknown', drifted: 0 });
    expect(found?.because).toContain('[Table]');
    expect(found?.resources[0]).toMatchObject({
      status: 'unknown',
      reason: expect.stringContaining('AccessDenied'),
    });
  });

  it('waits for a detection that somebody else began, then makes its own', async () => {
    await driftPort(w.session, w.pacer).detectDrift('app');
    hand('Queue', { properties: { VisibilityTimeout: 1 } });
    const [found] = await look();
    expect(found?.status).toBe('drifted');
    expect(w.fake.state.cloudFormation.detections.size).toBe(2);
  });

  it('ends with 7 when AWS does not come to an end', async () => {
    w.fake.state.cloudFormation.driftMs = 3_600_000;
    const error = await rejection(look({ timeout: 60_000 }));
    expect(error).toMatchObject({ code: 'DriftTimedOut', exit: 7 });
  });

  it('asks less often the longer it takes', async () => {
    w.fake.state.cloudFormation.driftMs = 300_000;
    await look();
    const asked = w.actions().filter((action) => action === 'DescribeStackDriftDetectionStatus').length;
    expect(asked).toBeLessThan(140);
    expect([driftDelay(0), driftDelay(10_000), driftDelay(3_600_000)]).toEqual([250, 1000, 3000]);
  });

  it('goes on through throttling and a cut connection', async () => {
    w.fake.faults.throttle('cloudformation:DescribeStackDriftDetectionStatus', { times: 5 });
    w.fake.faults.reset('cloudformation:DetectStackDrift', { times: 1 });
    expect((await look())[0]?.status).toBe('in-sync');
  });

  it('says why a stack in another status is not checked, and calls nothing', async () => {
    w.fake.state.cloudFormation.stack('app').status = 'UPDATE_IN_PROGRESS';
    const [found] = await look();
    expect(found).toMatchObject({
      status: 'unchecked',
      because: expect.stringContaining('UPDATE_IN_PROGRESS'),
    });
    expect(w.actions()).not.toContain('DetectStackDrift');
  });

  it('knows a stack that is not there', async () => {
    expect(await look({ stackName: 'none' })).toMatchObject([{ status: 'not-deployed' }]);
  });

  it('looks into nested stacks, which AWS does not', async () => {
    const store = await w.deps.artifacts();
    await store.put(
      'inner.yaml',
      JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'a' } } } }),
      {
        contentType: 'text/yaml',
      },
    );
    const outer = await w.spec(
      {
        Resources: {
          Inner: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: store.url('inner.yaml') } },
        },
      },
      { stackName: 'outer', part: 'stack outer' },
    );
    await deployStack(w.deps, outer);
    const inner = w.fake.state.cloudFormation.stacks.find(({ parent }) => parent)?.name ?? '';
    hand('Topic', { properties: { DisplayName: 'b' } }, inner);
    const found = await look({ part: 'stack outer', stackName: 'outer', templateFile: outer.templateFile });
    expect(found).toMatchObject([
      { stack: 'outer', status: 'in-sync', unsupported: 0 },
      { stack: null, stackName: inner, nestedIn: 'outer', status: 'drifted', drifted: 1 },
    ]);
  });

  describe('putting it back', () => {
    it('says what it puts back, does it, and finds nothing afterwards', async () => {
      hand('Queue', { properties: { VisibilityTimeout: 99 } });
      hand('Table', { deleted: true });
      const result = await deployStack(w.deps, { ...spec, revertDrift: true });
      expect(result.outcome).toBe('updated');
      const notes = w.reported.flatMap((event) => (event.type === 'note' ? [event.message] : []));
      expect(notes).toEqual([
        'The stack app gets 2 resources back that were changed by hand:',
        '  Queue.VisibilityTimeout: 99 → 30',
        '  Table (AWS::DynamoDB::Table) was deleted; a new one is made, without what was in it',
      ]);
      expect((await look())[0]?.status).toBe('in-sync');
      expect(
        w.fake.state.cloudFormation.stack('app').resources.get('Queue')?.properties.VisibilityTimeout,
      ).toBe(30);
    });

    it('changes nothing where nothing drifted', async () => {
      expect((await deployStack(w.deps, { ...spec, revertDrift: true })).outcome).toBe('unchanged');
      expect(w.actions()).not.toContain('ExecuteChangeSet');
    });

    it('leaves a resource alone whose template says by now what is there', async () => {
      hand('Queue', { properties: { VisibilityTimeout: 99 } });
      const text = JSON.stringify(TEMPLATE).replace('"VisibilityTimeout":30', '"VisibilityTimeout":99');
      const here = await w.spec(text, { parameters: spec.parameters, revertDrift: true });
      await deployStack(w.deps, here);
      const notes = w.reported.flatMap((event) => (event.type === 'note' ? [event.message] : []));
      expect(notes).toContain("  Queue is what the template says already; only AWS's record of it changes");
    });

    it('does not say the value of a secret', async () => {
      hand('Api', { properties: { Environment: { Variables: { DB: 'pg:other-password', STAGE: 'dev' } } } });
      await deployStack(w.deps, { ...spec, revertDrift: true });
      expect(JSON.stringify(w.reported)).not.toMatch(/hunter2|other-password/);
    });

    it('does not matter to a stack that is created', async () => {
      const fresh = await w.spec(TEMPLATE, { ...spec, stackName: 'fresh', revertDrift: true });
      expect((await deployStack(w.deps, { ...fresh, stackName: 'fresh' })).outcome).toBe('created');
    });

    it('explains a refusal of AWS', async () => {
      w.fake.faults.add('cloudformation:CreateChangeSet', {
        kind: 'error',
        code: 'ValidationError',
        message: 'DeploymentMode REVERT_DRIFT is not supported for stacks in this state',
        status: 400,
      });
      const error = await rejection(deployStack(w.deps, { ...spec, revertDrift: true }));
      expect(error).toMatchObject({ code: 'ChangeSetRefused' });
      expect(JSON.stringify((error as unknown as { suggestions: string[] }).suggestions)).toContain(
        'infractl drift',
      );
    });
  });
});
