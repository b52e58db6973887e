import { readFileSync } from 'node:fs';
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteStackCommand,
  DescribeEventsCommand,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
  ListChangeSetsCommand,
  ListStackResourcesCommand,
  ListStacksCommand,
  ValidateTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import {
  BatchDeleteImageCommand,
  DescribeImagesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  ListImagesCommand,
} from '@aws-sdk/client-ecr';
import {
  InvokeCommand,
  LambdaClient,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  GetBucketPolicyCommand,
  HeadBucketCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../helpers/until.ts';
import { realClock } from './clock.ts';
import { Hold } from './hold.ts';
import { addFunction } from './lambda.ts';
import { type Fake, startFake } from './server.ts';

let fake: Fake;
let config: {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
};
let cloudFormation: CloudFormationClient;
beforeEach(async () => {
  fake = await startFake();
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret' };
  config = { endpoint: fake.url, region: 'eu-west-3', credentials, maxAttempts: 1 };
  cloudFormation = new CloudFormationClient(config);
});
afterEach(() => fake.close());

async function deploy(StackName: string, TemplateBody: string, more = {}): Promise<string | undefined> {
  const ChangeSetType = fake.state.cloudFormation.find(StackName) ? 'UPDATE' : 'CREATE';
  const ChangeSetName = `c${fake.requests.length}`;
  const input = { StackName, ChangeSetName, ChangeSetType, TemplateBody, ...more } as const;
  await cloudFormation.send(new CreateChangeSetCommand(input));
  await fake.clock.sleep(1000);
  await cloudFormation.send(new ExecuteChangeSetCommand({ StackName, ChangeSetName }));
  await fake.clock.sleep(60_000);
  return fake.state.cloudFormation.stack(StackName).status;
}

const thing = (properties: object = {}) => ({ Type: 'Fake::Thing', Properties: properties });

describe('cloudformation between stacks', () => {
  it('makes, updates and deletes nested stacks, and tells why one failed', async () => {
    const s3 = new S3Client({ ...config, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'templates' }));
    const child = (size: number) =>
      s3.send(
        new PutObjectCommand({
          Bucket: 'templates',
          Key: `child-${size}.json`,
          Body: JSON.stringify({
            Resources: { Inner: thing({ Size: size }) },
            Outputs: { Id: { Value: { Ref: 'Inner' } } },
          }),
        }),
      );
    await child(1);
    await child(2);
    const parent = (size: number) =>
      JSON.stringify({
        Resources: {
          Nested: {
            Type: 'AWS::CloudFormation::Stack',
            Properties: { TemplateURL: `${fake.url}/templates/child-${size}.json` },
          },
          After: thing({ Of: { 'Fn::GetAtt': ['Nested', 'Outputs.Id'] } }),
        },
      });
    expect(await deploy('parent', parent(1))).toBe('CREATE_COMPLETE');
    const nested = fake.state.cloudFormation.stacks.find((one) => one.parent);
    expect(fake.state.cloudFormation.stack('parent').resources.get('After')?.properties).toEqual({
      Of: nested?.resources.get('Inner')?.physicalId,
    });
    fake.state.cloudFormation.script.set('Inner', { fail: 'No room', on: ['update'] });
    expect(await deploy('parent', parent(2))).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(nested?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    const reasons = fake.state.cloudFormation
      .stack('parent')
      .events.map((event) => event.ResourceStatusReason ?? '');
    expect(reasons.find((reason) => reason.startsWith('Embedded stack'))).toContain(
      'failed to update: [Inner]',
    );
    await cloudFormation.send(new DeleteStackCommand({ StackName: 'parent' }));
    await fake.clock.sleep(60_000);
    expect(fake.state.cloudFormation.stacks.map((one) => one.status)).toEqual([
      'DELETE_COMPLETE',
      'DELETE_COMPLETE',
    ]);
  });

  it('keeps exports that are in use, and hides what is not to be echoed', async () => {
    const one = JSON.stringify({
      Parameters: { Password: { Type: 'String', NoEcho: true } },
      Resources: { A: thing() },
      Outputs: { Out: { Value: { Ref: 'A' }, Export: { Name: 'shared' } } },
    });
    await deploy('one', one, { Parameters: [{ ParameterKey: 'Password', ParameterValue: 'hidden' }] });
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: 'one' }));
    expect(Stacks?.[0]?.Parameters).toEqual([{ ParameterKey: 'Password', ParameterValue: '****' }]);
    expect(
      await deploy(
        'two',
        JSON.stringify({ Resources: { B: thing({ Of: { 'Fn::ImportValue': 'shared' } }) } }),
      ),
    ).toBe('CREATE_COMPLETE');
    await expect(cloudFormation.send(new DeleteStackCommand({ StackName: 'one' }))).rejects.toThrow(
      'Export shared cannot be deleted as it is in use by two',
    );
  });

  it('creates what other services know, and fails where they refuse', async () => {
    const template = `
Conditions: { Big: !Equals [!Ref AWS::Region, eu-west-3] }
Resources:
  Repository: { Type: AWS::ECR::Repository, Properties: { RepositoryName: api } }
  Api:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: api
      MemorySize: !If [Big, 1024, 128]
      PackageType: Image
      Code: { ImageUri: !Sub "\${Repository.RepositoryUri}@sha256:${'a'.repeat(64)}" }
  Live: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !Ref Api, Name: live, FunctionVersion: $LATEST } }
`;
    expect(await deploy('app', template)).toBe('CREATE_COMPLETE');
    const api = fake.state.lambda.functions.get('api');
    expect([api?.configuration.memory, api?.aliases.get('live')?.version]).toEqual([1024, '$LATEST']);
    expect(api?.code.imageUri).toBe(
      `123456789012.dkr.ecr.eu-west-3.amazonaws.com/api@sha256:${'a'.repeat(64)}`,
    );
    fake.state.ecr.repositories
      .get('api')
      ?.push({ digest: 'sha256:1', tags: new Set(), pushedAt: 0, sizeInBytes: 1 });
    await cloudFormation.send(new DeleteStackCommand({ StackName: 'app' }));
    await fake.clock.sleep(60_000);
    const stack = fake.state.cloudFormation.stack('app');
    expect([stack.status, stack.reason]).toEqual([
      'DELETE_FAILED',
      'The following resource(s) failed to delete: [Repository]. ',
    ]);
    await cloudFormation.send(new DeleteStackCommand({ StackName: 'app', RetainResources: ['Repository'] }));
    await fake.clock.sleep(60_000);
    expect(stack.status).toBe('DELETE_COMPLETE');
  });

  it('takes a real template: the blueprint of auth-manager', async () => {
    const body = readFileSync(
      new URL('../../templates/auth-manager/infra/template.yaml', import.meta.url),
      'utf8',
    );
    const given = {
      EnvironmentName: 'dev',
      ImageUri: `r/api@sha256:${'a'.repeat(64)}`,
      JwtSecret: 'j'.repeat(32),
      DatabaseUrl: '',
    };
    const Parameters = Object.entries(given).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    }));
    const Capabilities = ['CAPABILITY_IAM', 'CAPABILITY_AUTO_EXPAND'];
    expect(await deploy('auth', body, { Parameters, Capabilities })).toBe('CREATE_COMPLETE');
    const stack = fake.state.cloudFormation.stack('auth');
    const outputs = Object.fromEntries(stack.outputs.map((one) => [one.OutputKey, one.OutputValue]));
    expect(outputs.ApiUrl).toMatch(/^https:\/\/.+execute-api\.eu-west-3\.amazonaws\.com/);
    const fn = fake.state.lambda.functions.get(outputs.FunctionName ?? '');
    expect(fn?.configuration.environment.JWT_SECRET).toBe(given.JwtSecret);
    expect(fn?.aliases.get('live')?.version).toBe('$LATEST');
    const short = Parameters.map((one) =>
      one.ParameterKey === 'JwtSecret' ? { ...one, ParameterValue: 'short' } : one,
    );
    await expect(deploy('auth', body, { Parameters: short, Capabilities })).rejects.toMatchObject({
      name: 'ValidationError',
    });
  });

  it('carries out a request once although its answer was lost', async () => {
    const input = {
      StackName: 's',
      ChangeSetName: 'c',
      ChangeSetType: 'CREATE',
      TemplateBody: JSON.stringify({ Resources: { A: thing() } }),
      ClientToken: 't',
    } as const;
    fake.faults.lost('cloudformation:CreateChangeSet').lost('cloudformation:ExecuteChangeSet');
    await expect(cloudFormation.send(new CreateChangeSetCommand(input))).rejects.toThrow();
    const made = await cloudFormation.send(new CreateChangeSetCommand(input));
    await fake.clock.sleep(1000);
    const execute = new ExecuteChangeSetCommand({ ChangeSetName: made.Id, ClientRequestToken: 'x' });
    await expect(cloudFormation.send(execute)).rejects.toThrow();
    await cloudFormation.send(execute);
    await fake.clock.sleep(60_000);
    const events = fake.state.cloudFormation.stack('s').events;
    expect(
      events.filter(
        (event) => event.ResourceStatus === 'CREATE_IN_PROGRESS' && event.ResourceType.endsWith('::Stack'),
      ),
    ).toHaveLength(1);
  });

  it('answers the other questions about a stack', async () => {
    const body = JSON.stringify({
      Description: 'd',
      Resources: { A: thing(), Role: { Type: 'AWS::IAM::Role' } },
    });
    fake.state.cloudFormation.script.set('A', { fail: 'no' });
    await deploy('s', body, { Capabilities: ['CAPABILITY_IAM'], OnStackFailure: 'DO_NOTHING' });
    const named = { StackName: 's' };
    const failed = await cloudFormation.send(
      new DescribeEventsCommand({ ...named, Filters: { FailedEvents: true } }),
    );
    expect(
      failed.OperationEvents?.map((e) => [e.LogicalResourceId, e.EventType, e.ResourceStatusReason]),
    ).toContainEqual(['A', 'PROVISIONING_ERROR', 'no']);
    const [template, resources, list, sets, stacks, valid] = await Promise.all([
      cloudFormation.send(new GetTemplateCommand(named)),
      cloudFormation.send(new DescribeStackResourcesCommand(named)),
      cloudFormation.send(new ListStackResourcesCommand(named)),
      cloudFormation.send(new ListChangeSetsCommand(named)),
      cloudFormation.send(new ListStacksCommand({ StackStatusFilter: ['CREATE_FAILED'] })),
      cloudFormation.send(new ValidateTemplateCommand({ TemplateBody: body })),
    ]);
    expect(template.TemplateBody).toBe(body);
    expect(resources.StackResources?.map((r) => r.LogicalResourceId)).toEqual(['A', 'Role']);
    expect(list.StackResourceSummaries?.[0]).toMatchObject({
      ResourceStatus: 'CREATE_FAILED',
      ResourceStatusReason: 'no',
    });
    expect(sets.Summaries?.[0]?.ExecutionStatus).toBe('EXECUTE_FAILED');
    expect(stacks.StackSummaries?.map((s) => s.StackName)).toEqual(['s']);
    expect(valid.Capabilities).toEqual(['CAPABILITY_IAM']);
  });
});

describe('the smaller services', () => {
  it('lambda: pages versions and answers invocations with the version that ran', async () => {
    const fn = addFunction(fake.state, { name: 'f' });
    const client = new LambdaClient(config);
    for (let memory = 1; memory <= 3; memory++) {
      fn.configuration = { ...fn.configuration, memory };
      await client.send(new PublishVersionCommand({ FunctionName: 'f' }));
    }
    fake.state.lambda.pageSize = 2;
    const first = await client.send(new ListVersionsByFunctionCommand({ FunctionName: 'f' }));
    const second = await client.send(
      new ListVersionsByFunctionCommand({ FunctionName: 'f', Marker: first.NextMarker }),
    );
    const versions = [first, second].flatMap((one) => one.Versions?.map((v) => v.Version));
    expect(versions).toEqual(['$LATEST', '1', '2', '3']);
    fake.state.lambda.invoke = (_name, payload) => ({
      payload: { got: payload },
      functionError: 'Unhandled',
    });
    const answer = await client.send(
      new InvokeCommand({ FunctionName: 'f', Qualifier: '2', Payload: '{"a":1}' }),
    );
    expect([answer.ExecutedVersion, answer.FunctionError, answer.Payload?.transformToString()]).toEqual([
      '2',
      'Unhandled',
      '{"got":{"a":1}}',
    ]);
  });

  it('ecr: images by tag and digest, and what is deleted', async () => {
    const client = new ECRClient(config);
    const repositoryName = 'api';
    fake.state.ecr.repositories.set(repositoryName, [
      { digest: 'sha256:1', tags: new Set(['a', 'b']), pushedAt: 0, sizeInBytes: 5 },
      { digest: 'sha256:2', tags: new Set(), pushedAt: 1000, sizeInBytes: 5 },
    ]);
    const ids = async () => (await client.send(new ListImagesCommand({ repositoryName }))).imageIds?.length;
    expect(await ids()).toBe(3);
    const find = (imageTag: string) =>
      client.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] }));
    expect((await find('b')).imageDetails?.[0]?.imageDigest).toBe('sha256:1');
    await expect(find('zzz')).rejects.toMatchObject({ name: 'ImageNotFoundException' });
    await client.send(
      new BatchDeleteImageCommand({
        repositoryName,
        imageIds: [{ imageTag: 'a' }, { imageDigest: 'sha256:2' }],
      }),
    );
    expect(await ids()).toBe(1);
    const login = await client.send(new GetAuthorizationTokenCommand({}));
    const token = Buffer.from(login.authorizationData?.[0]?.authorizationToken ?? '', 'base64').toString();
    expect(token).toBe('AWS:fake-ecr-password');
    await expect(client.send(new ListImagesCommand({ repositoryName: 'no' }))).rejects.toMatchObject({
      name: 'RepositoryNotFoundException',
    });
  });

  it('s3: keeps settings and refuses another owner; sts: says who', async () => {
    const client = new S3Client({ ...config, forcePathStyle: true });
    const Bucket = 'bucket';
    await client.send(new CreateBucketCommand({ Bucket }));
    await expect(client.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchBucketPolicy',
    });
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy: '{"Statement":[]}' }));
    expect((await client.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe('{"Statement":[]}');
    await expect(
      client.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: '000000000000' })),
    ).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    const who = await new STSClient(config).send(new GetCallerIdentityCommand({}));
    expect(who.Arn).toBe('arn:aws:iam::123456789012:user/dev');
  });
});

describe('time', () => {
  it('runs what is due in its order, whoever waits, and stops a wait that is aborted', async () => {
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name} ${fake.clock.now() - start}`);
    const start = fake.clock.now();
    fake.clock.after(20, note('work'));
    await Promise.all([fake.clock.sleep(30).then(note('late')), fake.clock.sleep(10).then(note('early'))]);
    expect(seen).toEqual(['early 10', 'work 20', 'late 30']);
    const controller = new AbortController();
    fake.clock.after(5, () => controller.abort());
    await expect(fake.clock.sleep(1000, controller.signal)).rejects.toMatchObject({ code: 'Interrupted' });
    expect(fake.clock.now() - start).toBe(35);
  });

  it('can be the machine’s own', async () => {
    const real = await startFake({ clock: realClock() });
    Object.assign(real.state.cloudFormation, { resourceMs: 10, changeSetMs: 10, stepMs: 10 });
    const client = new CloudFormationClient({ ...config, endpoint: real.url });
    const named = { StackName: 's', ChangeSetName: 'c' };
    await client.send(
      new CreateChangeSetCommand({
        ...named,
        ChangeSetType: 'CREATE',
        TemplateBody: JSON.stringify({ Resources: { A: thing() } }),
      }),
    );
    const stack = real.state.cloudFormation.stack('s');
    await until(() => stack.changeSets.get('c')?.status === 'CREATE_COMPLETE');
    await client.send(new ExecuteChangeSetCommand(named));
    await until(() => stack.status === 'CREATE_COMPLETE');
    await real.close();
  });

  it('keeps its order where the machine is late for all of it', async () => {
    const clock = realClock();
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(name);
    const busyFor = (ms: number) => {
      for (const end = performance.now() + ms; performance.now() < end; );
    };
    clock.after(10, note('first'));
    busyFor(9);
    clock.after(2, note('second'));
    clock.after(10, note('third'));
    busyFor(30);
    await until(() => seen.length === 3);
    expect(seen).toEqual(['first', 'second', 'third']);
  });

  it('goes on with what is held when that is released', async () => {
    for (const clock of [fake.clock, realClock()]) {
      const hold = new Hold();
      const done: string[] = [];
      expect(hold.holds).toBe(false);
      clock.after(hold, () => done.push('work'));
      await clock.sleep(20);
      expect([hold.holds, done]).toEqual([true, []]);
      hold.release();
      clock.after(hold, () => done.push('and what comes later, at once'));
      expect([hold.holds, done]).toEqual([false, ['work', 'and what comes later, at once']]);
    }
  });
});
