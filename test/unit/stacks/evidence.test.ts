import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import { lookupsOf } from '../../../src/lib/deploy/lookups.ts';
import { deployStack, diagnose } from '../../../src/lib/stacks/index.ts';
import { rejection, things, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const cloud = () => w.fake.state.cloudFormation;

/** A deploy that fails, with all that is looked up; and what `explain` says of it afterwards. */
async function failing(template: object) {
  const spec = await w.spec(template);
  const deps = { ...w.deps, lookups: lookupsOf(w.session) };
  const error = await rejection<InfractlError>(deployStack(deps, spec));
  const order = { part: 'stack app', stackName: 'app', templateFile: spec.templateFile };
  const found = await diagnose({ port: w.deps.port, lookups: lookupsOf(w.session) }, order);
  if (!found) throw new Error('there is no stack');
  return { error, found, text: [error.why, ...error.suggestions].join('\n') };
}

describe('a service of ECS that did not stabilize', () => {
  const template = {
    Resources: { Api: { Type: 'AWS::ECS::Service', Properties: { Cluster: 'shop', ServiceName: 'api' } } },
  };
  beforeEach(() => {
    cloud().script.set('Api', {
      fail: 'Resource handler returned message: "Exceeded attempts to wait" (HandlerErrorCode: NotStabilized)',
    });
    w.fake.state.ecs.services.set('shop/api', {
      active: false,
      deployments: [
        {
          rolloutState: 'FAILED',
          rolloutStateReason: 'ECS deployment circuit breaker: tasks failed to start.',
        },
      ],
      messages: ['(service api) (task 1) failed to start.'],
      tasks: [
        { id: 'aaaabbbbcccc', stoppedAt: 1000, stoppedReason: 'older', containers: [] },
        {
          id: 'ddddeeeeffff',
          stoppedAt: 2000,
          stopCode: 'TaskFailedToStart',
          stoppedReason: 'Essential container in task exited',
          containers: [{ name: 'app', exitCode: 1, reason: 'Error: no DATABASE_URL' }],
        },
      ],
    });
  });

  it('is told with why its newest tasks stopped, also when it was taken back', async () => {
    const { text, found } = await failing(template);
    expect(text).toContain('deployment failed: ECS deployment circuit breaker');
    expect(text).toMatch(/task ddddeeee stopped: Essential container in task exited \(TaskFailedToStart\)/);
    expect(text).toContain('container app: exit code 1, Error: no DATABASE_URL');
    expect(text).toContain('The container app ended by itself with exit code 1.');
    expect(text).toContain('Look at the log of the container app');
    expect(found.causes[0]).toMatchObject({ code: 'ServiceUnstable', evidence: [{ note: null }] });
  });

  it('is told without, in a word, where the permission is missing', async () => {
    w.fake.faults.deny('ecs:DescribeServices');
    const { text } = await failing(template);
    expect(text).toMatch(/What ECS says of Api could not be read: .* may not do ecs:DescribeServices/);
    expect(text).toContain('Exceeded attempts to wait');
  });
});

describe('a function that cannot start', () => {
  const template = {
    Resources: {
      Worker: {
        Type: 'AWS::Lambda::Function',
        Properties: { FunctionName: 'worker', Code: { ZipFile: 'x' } },
      },
      Seed: {
        Type: 'Custom::Seed',
        DependsOn: 'Worker',
        Properties: { ServiceToken: { 'Fn::GetAtt': ['Worker', 'Arn'] } },
      },
    },
  };
  beforeEach(() => {
    cloud().script.set('Seed', {
      ms: 10_000,
      fail: 'CloudFormation did not receive a response from your Custom Resource.',
    });
    const at = w.fake.clock.now() + 5000;
    const message = "Runtime.ImportModuleError: Error: Cannot find module 'pg'";
    w.fake.state.logs.groups.set('/aws/lambda/worker', [{ at, message }]);
  });

  it('is told with the error of its init, and what it lacks', async () => {
    const { text, found } = await failing(template);
    expect(text).toContain('The function cannot start: the module pg is not in its package.');
    expect(text).toContain('The last lines of the function worker:');
    expect(text).toContain("Put pg into the function's package");
    expect(found.log?.lines).toHaveLength(1);
  });

  it('says in a word that the log may not be read', async () => {
    w.fake.faults.deny('logs:FilterLogEvents');
    const { text } = await failing(template);
    expect(text).toMatch(/The log of the function worker cannot be read: .* may not do logs:FilterLogEvents/);
    expect(text).toContain('did not answer: look at its log');
  });
});

describe('a function that fails by itself', () => {
  const made = (memory: number) => ({
    Resources: {
      Worker: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: 'worker',
          PackageType: 'Image',
          MemorySize: memory,
          Code: { ImageUri: '123456789012.dkr.ecr.eu-west-3.amazonaws.com/shop@sha256:1' },
        },
      },
    },
  });
  const words = 'Lambda function worker reached terminal FAILED state due to Runtime.InvalidEntrypoint';
  const REASON = `Resource handler returned message: "${words}" (RequestToken: 1, HandlerErrorCode: NotStabilized)`;
  const REPORT =
    'INIT_REPORT Init Duration: 12 ms Phase: init Status: error Error Type: Runtime.InvalidEntrypoint';
  const writes = (...messages: string[]) =>
    w.fake.state.logs.groups.set(
      '/aws/lambda/worker',
      messages.map((message) => ({ at: w.fake.clock.now() + 5000, message })),
    );

  it('when it is created: an image without its handler, with the error of its init and the log', async () => {
    cloud().script.set('Worker', { ms: 10_000, fail: REASON });
    writes('exec: "/app/handler": no such file or directory', REPORT);
    const { text, found } = await failing(made(128));
    expect(text).toMatch(
      /^Worker \(AWS::Lambda::Function, template-1\.yaml:\d+\): .*Runtime\.InvalidEntrypoint/m,
    );
    expect(text).toContain('The function cannot start: its entry point is not there, cannot be run');
    expect(text).toContain('The last lines of the function worker:');
    expect(text).toContain('exec: "/app/handler": no such file or directory');
    expect(text).toContain('built for the function’s architecture');
    expect(found.log?.functionName).toBe('worker');
    expect(found.log?.lines).toHaveLength(2);
  });

  it('when it is updated: with what it wrote while it was', async () => {
    await deployStack(w.deps, await w.spec(made(128)));
    cloud().script.set('Worker', { ms: 10_000, fail: REASON, times: 1 });
    writes(REPORT);
    const { text } = await failing(made(256));
    expect(text).toContain('The function cannot start: its entry point is not there');
    expect(text).toContain('INIT_REPORT');
  });

  it('is not taken for an alias that failed, whose function AWS does not name', async () => {
    cloud().script.set('Live', {
      ms: 10_000,
      fail: 'The provisioned concurrency configuration failed: FUNCTION_ERROR_INIT_FAILURE',
    });
    const { text } = await failing({
      Resources: {
        ...made(128).Resources,
        Live: {
          Type: 'AWS::Lambda::Alias',
          Properties: { FunctionName: { Ref: 'Worker' }, FunctionVersion: '$LATEST', Name: 'live' },
        },
      },
    });
    expect(text).toContain('FUNCTION_ERROR_INIT_FAILURE');
    expect(text).not.toContain('The function live');
  });

  it('is told without the log where none may be read, and without noise where there is none', async () => {
    cloud().script.set('Worker', { ms: 10_000, fail: REASON });
    const none = await failing(made(128));
    expect(none.text).not.toMatch(/log group|wrote nothing/);
    w.fake.faults.deny('logs:FilterLogEvents');
    writes(REPORT);
    const { text } = await failing(made(128));
    expect(text).toMatch(/The log of the function worker cannot be read: .*logs:FilterLogEvents/);
  });
});

describe('a refusal that AWS encoded', () => {
  const template = things({
    Thing: {
      Fail: 'You are not authorized to perform this operation. Encoded authorization failure message: abc-DEF_123',
    },
  });

  it('is decoded: who lacks what', async () => {
    const principal = { arn: 'arn:aws:iam::1:user/dev' };
    w.fake.state.decoded = JSON.stringify({
      allowed: false,
      explicitDeny: false,
      context: {
        principal,
        action: 'ec2:RunInstances',
        resource: 'arn:aws:ec2:::instance/*',
        conditions: { secret: 's' },
      },
    });
    const { text } = await failing(template);
    expect(text).toContain(
      'arn:aws:iam::1:user/dev may not do ec2:RunInstances on arn:aws:ec2:::instance/*.',
    );
    expect(text).toContain('Allow arn:aws:iam::1:user/dev to do ec2:RunInstances');
    expect(text).not.toContain('abc-DEF_123');
  });

  it('stays as it is where decoding it is not allowed', async () => {
    w.fake.faults.deny('sts:DecodeAuthorizationMessage');
    const { text } = await failing(template);
    expect(text).toMatch(/The refusal could not be read: .* may not do sts:DecodeAuthorizationMessage/);
    expect(text).toContain('You are not authorized to perform this operation.');
  });
});

describe('what failed deep inside', () => {
  it('has its line in the nested template of this machine, three stacks down', async () => {
    await mkdir(join(w.folder, 'infra'));
    const put = (name: string, value: object) =>
      writeFile(join(w.folder, 'infra', name), JSON.stringify(value, null, 2));
    const nested = (TemplateURL: string) => ({
      Resources: { Inner: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL } } },
    });
    await put('three.yaml', things({ Fine: {}, Deep: { Fail: 'too deep' } }));
    await put('two.yaml', nested('three.yaml'));
    const { text, found } = await failing(nested('infra/two.yaml'));
    expect(text).toMatch(/^Inner › Inner › Deep \(Fake::Thing, three\.yaml:\d+\): too deep\n/);
    expect(found.causes).toHaveLength(1);
    expect(found.causes[0]).toMatchObject({ path: ['Inner', 'Inner', 'Deep'], duringRollback: false });
    expect(found.causes[0]?.file).toMatch(/three\.yaml$/);
  });

  it('names each resource that failed by itself, the first one first, and no cancelled one', async () => {
    cloud().script.set('A', { ms: 10_000, fail: 'A is wrong' });
    cloud().script.set('B', { ms: 10_000, fail: 'B is wrong' });
    cloud().script.set('C', { ms: 60_000 });
    const { found } = await failing(things({ A: {}, B: {}, C: {} }));
    expect(found.causes.map(({ logicalId }) => logicalId)[0]).toBe('A');
    expect(found.causes.map(({ logicalId }) => logicalId)).not.toContain('C');
  });

  it('tells what stood in the way of taking it back, too', async () => {
    await deployStack(w.deps, await w.spec(things({ A: { Size: 1 }, B: { Size: 1 } })));
    cloud().script.set('A', { ms: 5000, fail: 'A cannot go back', on: ['rollback'] });
    cloud().script.set('B', { ms: 20_000, fail: 'B is wrong', on: ['update'] });
    const { found, text } = await failing(things({ A: { Size: 2 }, B: { Size: 2 } }));
    expect(found.status).toBe('UPDATE_ROLLBACK_FAILED');
    expect(found.causes).toMatchObject([
      { logicalId: 'B', duringRollback: false },
      { logicalId: 'A', duringRollback: true, reason: 'A cannot go back' },
    ]);
    expect(text).toContain('Taking it back failed at A (Fake::Thing');
  });
});
