import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateSummaryCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientConfig } from '../../src/lib/aws/session.ts';
import { useSandbox } from '../helpers/sandbox.ts';
import { until } from '../helpers/until.ts';
import { realClock } from './clock.ts';
import { addFunction, zipCode } from './lambda.ts';
import { type Fake, startFake } from './server.ts';

/** The same requests to the fake and to the emulator, where the emulator answers as AWS does. */

const used = useSandbox();
let fake: Fake;
let configs: { fake: ClientConfig; emulator: ClientConfig };

beforeAll(async () => {
  fake = await startFake({ clock: realClock() });
  Object.assign(fake.state.cloudFormation, { resourceMs: 5, changeSetMs: 5, stepMs: 5 });
  const common = { region: 'eu-west-3', retryMode: 'standard', maxAttempts: 1 } as const;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  configs = {
    fake: { ...common, endpoint: fake.url, credentials },
    emulator: { ...common, endpoint: used.target.endpoint, credentials: used.target.credentials },
  };
});
afterAll(() => fake?.close());

const CODE = zipSync({ 'index.js': strToU8('exports.handler = async () => 1') });
const NEXT = zipSync({ 'index.js': strToU8('exports.handler = async () => 2') });

/** What became of a call: its answer, or AWS's code for the failure. */
async function outcome<T>(send: () => Promise<T>): Promise<T | string> {
  try {
    return await send();
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

async function seenAs<T>(look: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  const found = await until(async () => {
    const value = await look();
    return done(value) && { value };
  });
  return found.value;
}

async function both(scenario: (config: ClientConfig) => Promise<unknown>): Promise<void> {
  const [ours, theirs] = await Promise.all([scenario(configs.fake), scenario(configs.emulator)]);
  expect(ours).toEqual(theirs);
}

const body = (queue: object, outputs: object = {}) =>
  JSON.stringify({
    Parameters: { Delay: { Type: 'Number', Default: 5, MaxValue: 60 } },
    Resources: {
      Queue: { Type: 'AWS::SQS::Queue', Properties: { DelaySeconds: { Ref: 'Delay' }, ...queue } },
    },
    Outputs: outputs,
  });

async function stackStory(config: ClientConfig): Promise<unknown> {
  const client = new CloudFormationClient(config);
  const StackName = 'contract';
  const seen: unknown[] = [];
  const status = async () =>
    (await client.send(new DescribeStacksCommand({ StackName }))).Stacks?.[0]?.StackStatus ?? '';
  const run = async (name: string, type: 'CREATE' | 'UPDATE', TemplateBody: string) => {
    await client.send(
      new CreateChangeSetCommand({ StackName, ChangeSetName: name, ChangeSetType: type, TemplateBody }),
    );
    const set = await seenAs(
      () => client.send(new DescribeChangeSetCommand({ StackName, ChangeSetName: name })),
      (one) => /COMPLETE|FAILED/.test(one.Status ?? ''),
    );
    const changes = set.Changes?.map(({ ResourceChange: c }) => [c?.Action, c?.LogicalResourceId]);
    seen.push([set.Status, set.ExecutionStatus, set.StatusReason || undefined, changes ?? []]);
    if (set.Status === 'FAILED') return;
    await client.send(new ExecuteChangeSetCommand({ StackName, ChangeSetName: name }));
    seen.push(await seenAs(status, (one) => !one.endsWith('_IN_PROGRESS')));
  };
  seen.push(await outcome(status));
  await run(
    'one',
    'CREATE',
    body({ QueueName: 'contract-queue' }, { Name: { Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } } }),
  );
  await run('two', 'UPDATE', body({ QueueName: 'contract-queue', MessageRetentionPeriod: 600 }));
  await run('three', 'UPDATE', body({ QueueName: 'contract-queue', MessageRetentionPeriod: 600 }));
  const bad = {
    StackName,
    ChangeSetName: 'bad',
    TemplateBody: body({}),
    Parameters: [{ ParameterKey: 'Delay', ParameterValue: '61' }],
  };
  seen.push(await outcome(() => client.send(new CreateChangeSetCommand(bad))));
  const summary = await client.send(new GetTemplateSummaryCommand({ StackName }));
  seen.push(
    summary.Parameters?.map((p) => [p.ParameterKey, p.DefaultValue, p.ParameterType]),
    summary.ResourceTypes,
  );
  await client.send(new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: true }));
  seen.push(await outcome(() => client.send(new DeleteStackCommand({ StackName }))));
  await client.send(
    new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: false }),
  );
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
  await client.send(new DeleteStackCommand({ StackName }));
  const events = () => client.send(new DescribeStackEventsCommand({ StackName: Stacks?.[0]?.StackId }));
  const last = await seenAs(events, (one) => one.StackEvents?.[0]?.ResourceStatus === 'DELETE_COMPLETE');
  seen.push(
    last.StackEvents?.[0]?.ResourceType,
    await outcome(status),
    await outcome(() => client.send(new DeleteStackCommand({ StackName }))).then((one) => typeof one),
  );
  return seen;
}

describe('the fake and the emulator agree', () => {
  it('on the life of a stack', () => both(stackStory));

  it('on versions and aliases of a function', async () => {
    await both(async (config) => {
      const client = new LambdaClient(config);
      const FunctionName = 'contract';
      if (config === configs.fake) addFunction(fake.state, { name: FunctionName, zip: CODE });
      else
        await client.send(
          new CreateFunctionCommand({
            FunctionName,
            Runtime: 'nodejs22.x',
            Handler: 'index.handler',
            Role: 'arn:aws:iam::000000000000:role/x',
            Code: { ZipFile: CODE },
          }),
        );
      const ready = () =>
        seenAs(
          () => client.send(new GetFunctionConfigurationCommand({ FunctionName })),
          (one) => one.State !== 'Pending' && one.LastUpdateStatus !== 'InProgress',
        );
      const publish = async () => (await client.send(new PublishVersionCommand({ FunctionName }))).Version;
      const seen: unknown[] = [
        (await ready()).CodeSha256 === zipCode(CODE).sha256,
        await publish(),
        await publish(),
      ];
      const alias = { FunctionName, Name: 'live' };
      seen.push(await outcome(() => client.send(new GetAliasCommand(alias))));
      await client.send(new CreateAliasCommand({ ...alias, FunctionVersion: '1' }));
      seen.push(await outcome(() => client.send(new CreateAliasCommand({ ...alias, FunctionVersion: '1' }))));
      const updated = await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: NEXT }));
      seen.push(
        updated.LastUpdateStatus,
        updated.CodeSha256,
        (await ready()).LastUpdateStatus,
        await publish(),
      );
      await client.send(new UpdateAliasCommand({ ...alias, FunctionVersion: '2' }));
      const qualified = await client.send(
        new GetFunctionConfigurationCommand({ FunctionName, Qualifier: 'live' }),
      );
      seen.push(qualified.Version, qualified.CodeSha256);
      for (const Qualifier of ['none', '77'])
        seen.push(
          await outcome(() => client.send(new GetFunctionConfigurationCommand({ FunctionName, Qualifier }))),
        );
      return seen;
    });
  });

  it('on objects, conditions and what is not there', async () => {
    await both(async (config) => {
      const client = new S3Client(config);
      const Bucket = 'contract-bucket';
      const seen: unknown[] = [await outcome(() => client.send(new GetObjectCommand({ Bucket, Key: 'a' })))];
      await client.send(new CreateBucketCommand({ Bucket }));
      const put = (Key: string, more = {}) =>
        client.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${Key}`, ...more }));
      seen.push(
        (await put('x/b', { IfNoneMatch: '*' })).ETag,
        await outcome(() => put('x/b', { IfNoneMatch: '*' })),
      );
      await put('x/a');
      await put('y');
      const listed = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'x/', MaxKeys: 1 }));
      const rest = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: 'x/', ContinuationToken: listed.NextContinuationToken }),
      );
      seen.push(
        listed.Contents?.map((o) => [o.Key, o.Size]),
        listed.IsTruncated,
        rest.Contents?.map((o) => o.Key),
        rest.IsTruncated,
      );
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'x/a' }));
      seen.push(await got.Body?.transformToString(), got.ContentType);
      for (const command of [
        new GetObjectCommand({ Bucket, Key: 'no' }),
        new HeadObjectCommand({ Bucket, Key: 'no' }),
      ])
        seen.push(await outcome(() => client.send(command as GetObjectCommand)));
      return seen;
    });
  });

  it('on secrets, parameters and identities that are not there or are', async () => {
    await both(async (config) => [
      await outcome(() =>
        new SecretsManagerClient(config).send(new GetSecretValueCommand({ SecretId: 'none' })),
      ),
      await outcome(() => new SSMClient(config).send(new GetParameterCommand({ Name: '/none' }))),
      /^\d{12}$/.test((await new STSClient(config).send(new GetCallerIdentityCommand({}))).Account ?? ''),
    ]);
  });
});
