import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArtifactStore, openArtifactStore } from '../../src/lib/artifacts/index.ts';
import { cloudFormation } from '../../src/lib/aws/cloudformation.ts';
import { type AwsSession, openSession } from '../../src/lib/aws/session.ts';
import { systemClock } from '../../src/lib/base/clock.ts';
import {
  deleteStack,
  deployStack,
  PROJECT_TAG,
  planStack,
  type StackDeps,
  type StackSpec,
} from '../../src/lib/stacks/index.ts';
import { useSandbox } from '../helpers/sandbox.ts';

/** A stack of local parts: a nested stack, a layer, functions, against an emulator that runs them. */

const used = useSandbox();
const folder = mkdtempSync(join(tmpdir(), 'infractl-packaging-'));
let session: AwsSession;
let deps: StackDeps;
/** What was asked of the artifact store. */
const asked: string[] = [];

beforeAll(async () => {
  session = await openSession({}, {}, used.target, { AWS_REGION: 'eu-west-3' });
  deps = {
    port: cloudFormation(session),
    artifacts: recordingStore,
    reporter: { emit: () => undefined },
    clock: systemClock,
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function recordingStore(): Promise<ArtifactStore> {
  asked.push('open');
  const store = await openArtifactStore(session, 'shop', { create: true });
  if (!store) throw new Error('no store');
  return {
    ...store,
    put: (key, body, options) => {
      asked.push(`put ${key.replace(/[0-9a-f]{64}/, '…')}`);
      return store.put(key, body, options);
    },
  };
}

function put(name: string, text: string): void {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const code = (word: string) =>
  `const { greet } = require('greet');\nexports.handler = async () => greet('${word}');\n`;
const plainCode = (word: string) => `exports.handler = async () => '${word}';\n`;

const ROOT = `
Parameters:
  Who: { Type: String, Default: child }
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }]
  Layer:
    Type: AWS::Lambda::LayerVersion
    Properties: { LayerName: greetings, Content: ./layer, CompatibleRuntimes: [nodejs24.x] }
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Code: ./src/root
      Handler: index.handler
      Runtime: nodejs24.x
      Role: !GetAtt Role.Arn
      Layers: [!Ref Layer]
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: nested/child.yaml
      Parameters: { Name: !Ref Who }
Outputs:
  Root: { Value: !Ref Fn }
  Nested: { Value: !GetAtt Nested.Outputs.Fn }
`;
const CHILD = `
Parameters:
  Name: { Type: String, MinLength: 2 }
Resources:
  Own:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }]
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Code: ../src/child
      Handler: index.handler
      Runtime: nodejs24.x
      Role: !GetAtt Own.Arn
Outputs:
  Fn: { Value: !Ref Fn }
`;

describe('a stack of local folders with a nested stack', () => {
  const spec: StackSpec = {
    part: 'stack app',
    stackName: 'app',
    templateFile: join(folder, 'template.yaml'),
    parameters: {},
    tags: { [PROJECT_TAG]: 'shop' },
    terminationProtection: false,
    timeout: 60_000,
  };
  const answer = async (name: string | undefined) => {
    const lambda = new LambdaClient(session.config);
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: name }));
    return JSON.parse(Buffer.from(Payload ?? []).toString()) as unknown;
  };

  it('is deployed, runs, is unchanged without the store, and a change deep inside is seen', async () => {
    put('template.yaml', ROOT);
    put('nested/child.yaml', CHILD);
    put('layer/nodejs/node_modules/greet/index.js', "exports.greet = (who) => 'hello ' + who;\n");
    put('src/root/index.js', code('root'));
    put('src/child/index.js', plainCode('first'));

    const { outcome, outputs } = await deployStack(deps, spec);
    expect(outcome).toBe('created');
    expect(asked.filter((one) => one !== 'open').sort()).toEqual([
      'put code/….zip',
      'put code/….zip',
      'put code/….zip',
      'put templates/….yaml',
    ]);
    expect(await answer(outputs.Root)).toBe('hello root');
    expect(await answer(outputs.Nested)).toBe('first');
    const [, nested] = (await deps.port.stacks()).map(({ stackName, parentId }) => ({ stackName, parentId }));
    expect(nested?.parentId).toMatch(/:stack\/app\//);

    asked.length = 0;
    expect((await deployStack(deps, spec)).outcome).toBe('unchanged');
    expect(await planStack(deps, spec)).toMatchObject({ change: 'unchanged', resources: [] });
    expect(asked).toEqual([]);

    put('src/child/index.js', plainCode('second'));
    expect(await planStack(deps, spec)).toMatchObject({
      change: 'update',
      resources: [{ action: 'modify', logicalId: 'Nested', type: 'AWS::CloudFormation::Stack' }],
    });
    expect(asked).toEqual([]);
    const updated = await deployStack(deps, spec);
    expect(updated.outcome).toBe('updated');
    // The function and its layer, unchanged, are there already.
    expect(asked.filter((one) => one !== 'open').sort()).toEqual(['put code/….zip', 'put templates/….yaml']);
    expect(await answer(updated.outputs.Nested)).toBe('second');
    expect(await answer(updated.outputs.Root)).toBe('hello root');

    await deleteStack(deps, { part: 'stack app', stackName: 'app', timeout: 60_000, project: 'shop' });
  });
});
