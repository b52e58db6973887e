import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetBucketVersioningCommand, GetPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openArtifactStore } from '../../src/lib/artifacts/index.ts';
import { cloudFormation } from '../../src/lib/aws/cloudformation.ts';
import { type AwsSession, openSession } from '../../src/lib/aws/session.ts';
import { systemClock } from '../../src/lib/base/clock.ts';
import type { InfractlError } from '../../src/lib/base/errors.ts';
import type { ReportEvent } from '../../src/lib/base/report.ts';
import {
  deleteStack,
  deployStack,
  PROJECT_TAG,
  planStack,
  readStack,
  type StackDeps,
  type StackSpec,
} from '../../src/lib/stacks/index.ts';
import { useSandbox } from '../helpers/sandbox.ts';

/** The stacks engine against an emulator that makes real things. */

const used = useSandbox();
const folder = mkdtempSync(join(tmpdir(), 'infractl-stacks-'));
const reported: ReportEvent[] = [];
let session: AwsSession;
let deps: StackDeps;

beforeAll(async () => {
  session = await openSession({}, {}, used.target, { AWS_REGION: 'eu-west-3' });
  deps = {
    port: cloudFormation(session),
    artifacts: store,
    reporter: { emit: (event) => void reported.push(event) },
    clock: systemClock,
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function store() {
  const opened = await openArtifactStore(session, 'shop', { create: true });
  if (!opened) throw new Error('no store');
  return opened;
}

let files = 0;
async function stack(stackName: string, template: string, more: Partial<StackSpec> = {}): Promise<StackSpec> {
  const templateFile = join(folder, `template-${++files}.yaml`);
  await writeFile(templateFile, template);
  return {
    part: `stack ${stackName}`,
    stackName,
    templateFile,
    parameters: {},
    tags: { [PROJECT_TAG]: 'shop', 'infractl:environment': 'dev' },
    terminationProtection: false,
    timeout: 60_000,
    ...more,
  };
}

const remove = (stackName: string) =>
  deleteStack(deps, { part: `stack ${stackName}`, stackName, timeout: 60_000, project: 'shop' });

async function rejection(promise: Promise<unknown>): Promise<InfractlError> {
  try {
    await promise;
  } catch (error) {
    return error as InfractlError;
  }
  throw new Error('it was not rejected');
}

const TOPIC = (name: string) => `
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: { TopicName: ${name} }
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: shop-role
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] }
Outputs:
  Arn: { Value: !Ref Topic }
`;

describe('the life of a stack', () => {
  it('created with a named role, unchanged, updated, planned, protected, deleted, gone', async () => {
    const created = await deployStack(deps, await stack('life', TOPIC('one')));
    expect(created.outcome).toBe('created');
    expect(created.outputs.Arn).toMatch(/^arn:aws:sns:eu-west-3:\d{12}:one$/);
    expect((await readStack(deps.port, 'life'))?.tags).toMatchObject({ [PROJECT_TAG]: 'shop' });
    expect(reported).toContainEqual(
      expect.objectContaining({ type: 'stack.event', logicalId: 'Topic', status: 'CREATE_COMPLETE' }),
    );

    expect((await deployStack(deps, await stack('life', TOPIC('one')))).outcome).toBe('unchanged');

    const next = await stack('life', TOPIC('two'), { terminationProtection: true });
    expect(await planStack(deps, next)).toMatchObject({
      change: 'update',
      resources: [{ action: 'modify', logicalId: 'Topic', type: 'AWS::SNS::Topic' }],
    });
    const updated = await deployStack(deps, next);
    expect(updated.outcome).toBe('updated');
    expect(updated.outputs.Arn).toMatch(/:two$/);

    expect(await rejection(remove('life'))).toMatchObject({ code: 'StackProtected', exit: 5 });
    await deployStack(deps, { ...next, terminationProtection: false });
    expect(await remove('life')).toBe('deleted');
    expect(await remove('life')).toBe('unchanged');
    expect(await readStack(deps.port, 'life')).toBeUndefined();
  });

  it('that failed is explained, and created anew by the next deploy', async () => {
    await deployStack(deps, await stack('owner', TOPIC('taken')));
    const bad = `
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: fine } }
  Broken:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: 'http://127.0.0.1:1/nothing' }
`;
    const error = await rejection(deployStack(deps, await stack('failing', bad)));
    expect(error).toMatchObject({ code: 'StackFailed', exit: 1 });
    expect(error.why).toMatch(/^Broken \(AWS::CloudFormation::Stack, template-\d+\.yaml:4\): ./);
    expect(error.why).toContain('Now: ROLLBACK_COMPLETE.');
    const good = 'Resources:\n  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: fine } }\n';
    expect((await deployStack(deps, await stack('failing', good))).outcome).toBe('created');
    expect(reported).toContainEqual(
      expect.objectContaining({ type: 'note', message: expect.stringContaining('ROLLBACK_COMPLETE') }),
    );
    await remove('failing');
    await remove('owner');
  });
});

describe('an empty stack that a change set left behind', () => {
  it('becomes the stack', async () => {
    const body = 'Resources:\n  Topic: { Type: AWS::SNS::Topic }\n';
    await deps.port.createChangeSet({
      stackName: 'left',
      name: 'left',
      type: 'CREATE',
      template: { body },
      parameters: {},
      tags: {},
      capabilities: [],
      token: 'left',
    });
    expect((await readStack(deps.port, 'left'))?.status).toBe('REVIEW_IN_PROGRESS');
    expect((await deployStack(deps, await stack('left', body))).outcome).toBe('created');
    await remove('left');
  });
});

describe('what goes through the artifact bucket', () => {
  it('a template over 51,200 bytes', async () => {
    const big = `Description: ${'x'.repeat(900)}\n# ${'filler '.repeat(10_000)}\nResources:\n  Topic: { Type: AWS::SNS::Topic }\n`;
    const spec = await stack('big', big);
    expect((await deployStack(deps, spec)).outcome).toBe('created');
    const { bucket } = await store();
    const s3 = new S3Client({ ...session.config, forcePathStyle: true });
    expect(await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }))).toMatchObject({
      Status: 'Enabled',
    });
    const block = await s3.send(new GetPublicAccessBlockCommand({ Bucket: bucket }));
    expect(block.PublicAccessBlockConfiguration).toMatchObject({ RestrictPublicBuckets: true });
    expect((await deployStack(deps, spec)).outcome).toBe('unchanged');
    await remove('big');
  });

  it('the code of a function, which then runs', async () => {
    await mkdir(join(folder, 'code'));
    const write = (answer: string) =>
      writeFile(join(folder, 'code', 'index.js'), `exports.handler = async () => '${answer}';\n`);
    await write('first');
    const template = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: index.handler
      Runtime: nodejs24.x
Outputs:
  Name: { Value: !Ref Fn }
`;
    const lambda = new LambdaClient(session.config);
    const answer = async (name: string | undefined) => {
      const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: name }));
      return JSON.parse(Buffer.from(Payload ?? []).toString()) as unknown;
    };
    const spec = await stack('code', template);
    const { outputs } = await deployStack(deps, spec);
    expect(await answer(outputs.Name)).toBe('first');
    expect((await deployStack(deps, spec)).outcome).toBe('unchanged');
    await write('second');
    expect((await deployStack(deps, spec)).outcome).toBe('updated');
    expect(await answer(outputs.Name)).toBe('second');
    await remove('code');
  });
});

describe('an end', () => {
  it('that AWS takes its time for is told with its last event', async () => {
    const slow = `
Resources:
  Handle: { Type: AWS::CloudFormation::WaitConditionHandle }
  Wait:
    Type: AWS::CloudFormation::WaitCondition
    Properties: { Handle: !Ref Handle, Timeout: '4', Count: 1 }
`;
    const error = await rejection(deployStack(deps, await stack('slow', slow)));
    expect(error.code).toBe('StackFailed');
    const told = reported.flatMap((event) =>
      event.type === 'stack.event' && event.stack === 'slow' ? [event.status] : [],
    );
    expect(told.at(-1)).toBe('ROLLBACK_COMPLETE');
    await remove('slow');
  });

  it('of nothing to do with a hidden parameter shows nothing of it', async () => {
    const template = `
Parameters:
  Key: { Type: String, NoEcho: true }
Resources:
  Secret: { Type: AWS::SecretsManager::Secret, Properties: { SecretString: !Ref Key } }
`;
    const spec = await stack('hidden', template, {
      parameters: { Key: { value: 'hunter22', secret: true } },
    });
    await deployStack(deps, spec);
    expect((await deployStack(deps, spec)).outcome).toBe('unchanged');
    expect(JSON.stringify(reported)).not.toContain('hunter22');
    await remove('hidden');
  });
});
