import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cloudFormation } from '../../src/lib/aws/cloudformation.ts';
import { driftPort } from '../../src/lib/aws/drift.ts';
import { type AwsSession, openSession } from '../../src/lib/aws/session.ts';
import { systemClock } from '../../src/lib/base/clock.ts';
import { silentReporter } from '../../src/lib/base/report.ts';
import { deployStack, detectDrift, PROJECT_TAG } from '../../src/lib/stacks/index.ts';
import { useSandbox } from '../helpers/sandbox.ts';

/** Drift of real resources, changed by their own services past the stack. */

const TEMPLATE = `
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }]
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      Role: !GetAtt Role.Arn
      MemorySize: 256
      Environment: { Variables: { STAGE: dev, API_TOKEN: first-token } }
      Code: { ZipFile: 'exports.handler = async () => 1' }
  Setting:
    Type: AWS::SSM::Parameter
    Properties: { Type: String, Value: one }
  Log:
    Type: AWS::Logs::LogGroup
    Properties: { RetentionInDays: 30 }
  Http:
    Type: AWS::ApiGatewayV2::Api
    Properties: { Name: drift, ProtocolType: HTTP }
`;

const used = useSandbox();
const folder = mkdtempSync(join(tmpdir(), 'infractl-drift-'));
let session: AwsSession;
beforeAll(async () => {
  session = await openSession({}, {}, used.target, { AWS_REGION: 'eu-west-3' });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('finds what was changed and deleted past the stack, and shows no token', async () => {
  const templateFile = join(folder, 'app.yaml');
  await writeFile(templateFile, TEMPLATE);
  const port = cloudFormation(session);
  const deps = {
    port,
    drift: driftPort(session),
    reporter: silentReporter,
    clock: systemClock,
    artifacts: () => Promise.reject(new Error('nothing is uploaded')),
  };
  await deployStack(deps, {
    part: 'stack app',
    stackName: 'drift-app',
    templateFile,
    parameters: {},
    tags: { [PROJECT_TAG]: 'shop' },
    terminationProtection: false,
    timeout: 60_000,
  });
  const look = async () => {
    const [found] = await detectDrift(deps, {
      part: 'stack app',
      stackName: 'drift-app',
      templateFile,
      parameters: {},
      region: session.region,
      timeout: 60_000,
      functions: new Map(),
    });
    return found;
  };
  expect(await look()).toMatchObject({ status: 'in-sync', drifted: 0, unsupported: 1, resources: [] });

  const ids = new Map((await port.resources('drift-app')).map((one) => [one.logicalId, one.physicalId]));
  const lambda = new LambdaClient(session.config);
  const FunctionName = ids.get('Api');
  const before = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  expect(before.MemorySize).toBe(256);
  await lambda.send(
    new UpdateFunctionConfigurationCommand({
      FunctionName,
      MemorySize: 1024,
      Environment: { Variables: { STAGE: 'dev', API_TOKEN: 'other-token' } },
    }),
  );
  await new SSMClient(session.config).send(
    new PutParameterCommand({ Name: ids.get('Setting'), Value: 'two', Type: 'String', Overwrite: true }),
  );
  await new CloudWatchLogsClient(session.config).send(
    new DeleteLogGroupCommand({ logGroupName: ids.get('Log') }),
  );

  const found = await look();
  expect(found).toMatchObject({ status: 'drifted', drifted: 3, unsupported: 1 });
  const of = (id: string) => found?.resources.find(({ logicalId }) => logicalId === id);
  expect(of('Api')?.properties).toContainEqual(
    expect.objectContaining({ path: '/MemorySize', deployed: '256', local: '256', actual: '1024' }),
  );
  expect(of('Setting')?.properties[0]).toMatchObject({ path: '/Value', deployed: 'one', actual: 'two' });
  expect(of('Log')).toMatchObject({ status: 'deleted', inTemplate: true });
  expect(JSON.stringify(found)).not.toMatch(/first-token|other-token/);
  expect((await port.stack('drift-app'))?.drift?.status).toBe('DRIFTED');
}, 120_000);
