import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudFormation } from '../../src/lib/aws/cloudformation.ts';
import { openSession } from '../../src/lib/aws/session.ts';
import { systemClock } from '../../src/lib/base/clock.ts';
import { silentReporter } from '../../src/lib/base/report.ts';
import {
  deployStack,
  diffStack,
  PROJECT_TAG,
  type StackDeps,
  type StackSpec,
} from '../../src/lib/stacks/index.ts';
import { useSandbox } from '../helpers/sandbox.ts';

/** The difference, and the guard before data is lost, against change sets of an emulator with real resources. */

const used = useSandbox();
const folder = mkdtempSync(join(tmpdir(), 'infractl-diff-'));
let deps: StackDeps;

beforeAll(async () => {
  const session = await openSession({}, {}, used.target, { AWS_REGION: 'eu-west-3' });
  deps = {
    port: cloudFormation(session),
    artifacts: async () => {
      throw new Error('no code here');
    },
    reporter: silentReporter,
    clock: systemClock,
  };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const template = (key: string, name: string) => `Parameters:
  Name: { Type: String }
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: ${key}, AttributeType: S }]
      KeySchema: [{ AttributeName: ${key}, KeyType: HASH }]
  Topic:
    Type: AWS::SNS::Topic
    Properties: { DisplayName: !Sub "the \${Name}" }
${name}`;

async function spec(text: string, name = 'shop', more: Partial<StackSpec> = {}): Promise<StackSpec> {
  const templateFile = join(folder, 'template.yaml');
  await writeFile(templateFile, text);
  return {
    part: 'stack diff',
    stackName: 'diff',
    templateFile,
    parameters: { Name: { value: name, secret: false } },
    tags: { [PROJECT_TAG]: 'shop' },
    terminationProtection: false,
    timeout: 60_000,
    ...more,
  };
}

describe('diffStack', () => {
  it('of a stack that is not there leaves none', async () => {
    const diff = await diffStack(deps, { spec: await spec(template('id', '')), changeSet: true });
    expect(diff).toMatchObject({ change: 'create', basis: 'change set' });
    expect(diff.resources.map(({ action, path }) => `${action} ${path}`).sort()).toEqual([
      'add Orders',
      'add Topic',
    ]);
    expect(await deps.port.stack('diff')).toBeUndefined();
  });

  it('has values, replacements and data although the change set has no values', async () => {
    await deployStack(deps, await spec(template('id', '')));
    const before = await deps.port.changeSets('diff');
    const next = template('order', '  More: { Type: AWS::SQS::Queue }\n');
    const diff = await diffStack(deps, { spec: await spec(next, 'store'), changeSet: true });
    expect(diff).toMatchObject({ change: 'update', basis: 'change set' });
    const of = (path: string) => diff.resources.find((one) => one.path === path);
    expect(of('Topic')?.properties).toMatchObject([{ before: 'the shop', after: 'the store' }]);
    expect(of('Orders')).toMatchObject({ replacement: 'always', dataLoss: 'lost' });
    expect(of('More')).toMatchObject({ action: 'add' });
    expect(await deps.port.changeSets('diff')).toEqual(before);
  });

  it('and a deploy of it stops before data is lost, unless that is allowed', async () => {
    const lossy = () => spec(template('order', ''));
    await expect(deployStack(deps, await lossy())).rejects.toMatchObject({
      code: 'ReplacementRefused',
      exit: 5,
    });
    const done = await deployStack(deps, { ...(await lossy()), allowReplacement: ['diff/Orders'] });
    expect(done.outcome).toBe('updated');
    const again = await diffStack(deps, { spec: await lossy(), changeSet: true });
    expect(again).toMatchObject({ change: 'unchanged', resources: [] });
  });

  it('a stack policy is set, and denies', async () => {
    const statement = (Effect: string, Action: string) => ({ Effect, Action, Principal: '*', Resource: '*' });
    const stackPolicy = JSON.stringify({
      Statement: [statement('Allow', 'Update:*'), statement('Deny', 'Update:Delete')],
    });
    const same = await spec(template('order', ''), 'shop', { stackPolicy });
    expect((await deployStack(deps, same)).outcome).toBe('updated');
    expect(JSON.parse((await deps.port.stackPolicy('diff')) ?? '')).toEqual(JSON.parse(stackPolicy));
    const without = template('order', '').replace(/ {2}Topic:[\s\S]*$/, '');
    await expect(deployStack(deps, await spec(without, 'shop', { stackPolicy }))).rejects.toMatchObject({
      code: 'StackPolicyDenies',
    });
  });
});
