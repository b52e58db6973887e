import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cloudFormation } from '../../src/lib/aws/cloudformation.ts';
import { openSession } from '../../src/lib/aws/session.ts';
import type { StacksPort } from '../../src/lib/stacks/port.ts';
import { type CliResult, ESCAPES, Home, type RunningCli } from '../helpers/cli.ts';
import { Pty } from '../helpers/pty.ts';
import { useSandbox } from '../helpers/sandbox.ts';
import { until } from '../helpers/until.ts';

/**
 * A stack that takes its time in earnest: custom resources whose functions run, wait, log and fail, one of them
 * in a nested stack. Two people on machines of their own watch it, join it, cancel it and explain it.
 */

const STACK = 'shop-app-dev';
const used = useSandbox();
const ann = new Home();
const bob = new Home();
let port: StacksPort;

// With the folder of its gate gone, the test is over: a function that waited on would keep the sandbox from stopping.
const HANDLER = `
const { existsSync } = require('node:fs');
const { dirname } = require('node:path');
exports.handler = async (event, context) => {
  const { Gate = '', Fail = '' } = event.ResourceProperties;
  const isDeletion = event.RequestType === 'Delete';
  console.log(event.RequestType + ' ' + event.LogicalResourceId + ' behind ' + Gate);
  while (!isDeletion && existsSync(dirname(Gate)) && !existsSync(Gate)) await new Promise((resolve) => setTimeout(resolve, 50));
  const failed = Fail !== '' && !isDeletion;
  if (failed) console.error('Error: the schema has version 7, wanted is 8');
  await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({
    Status: failed ? 'FAILED' : 'SUCCESS', Reason: failed ? Fail : '',
    PhysicalResourceId: event.PhysicalResourceId || event.LogicalResourceId + '-1',
    StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId,
  }) });
};`;

const OUTER = `Parameters:
  Gate: { Type: String }
  Migrate: { Type: String }
  Fail: { Type: String, Default: "" }
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }]
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]
  Sleep:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs24.x
      Handler: index.handler
      Timeout: 900
      Role: !GetAtt Role.Arn
      Code: { ZipFile: ${JSON.stringify(HANDLER)} }
  First:
    Type: Custom::Sleep
    Properties: { ServiceToken: !GetAtt Sleep.Arn, Gate: !Ref Gate }
  Database:
    Type: AWS::CloudFormation::Stack
    DependsOn: First
    Properties:
      TemplateURL: database.yaml
      Parameters: { Token: !GetAtt Sleep.Arn, Gate: !Ref Migrate, Fail: !Ref Fail }
Outputs:
  Sleep: { Value: !Ref Sleep }
`;

const INNER = `Parameters:
  Token: { Type: String }
  Gate: { Type: String }
  Fail: { Type: String, Default: "" }
Resources:
  Migration:
    Type: Custom::Migration
    Properties: { ServiceToken: !Ref Token, Gate: !Ref Gate, Fail: !Ref Fail }
`;

/** What a custom resource waits for: a file, by its name. */
const gate = (name: string) => path.join(ann.folder, `gate-${name}`);
const open = (name: string) => writeFileSync(gate(name), '');

/**
 * The project as both of them have it.
 *
 * @param first what the resource of the outer stack waits for
 * @param migration what the one of the nested stack waits for
 */
function configure(first: string, migration: string, fail = ''): void {
  const parameters = `{ Gate: "${gate(first)}", Migrate: "${gate(migration)}", Fail: "${fail}" }`;
  const project = `project: shop
region: eu-west-3
stacks:
  app: { template: infra/app.yaml, parameters: ${parameters} }
`;
  for (const { work } of [ann, bob]) {
    mkdirSync(path.join(work, 'infra'), { recursive: true });
    writeFileSync(path.join(work, 'infractl.yaml'), project);
    writeFileSync(path.join(work, 'infra/app.yaml'), OUTER);
    writeFileSync(path.join(work, 'infra/database.yaml'), INNER);
  }
}

const env = () => ({ XDG_DATA_HOME: used.sandbox.folder });
const start = (who: Home, ...args: readonly string[]): RunningCli =>
  who.start([...args, '--sandbox'], { env: env() });
const run = (who: Home, args: readonly string[]): Promise<CliResult> => start(who, ...args).ended;
const deploy = ['deploy', '--create-stack'];

const works = (status: string) => async () => (await port.stack(STACK))?.status === status;
/** Whether a resource of the stack is at work now: the newest that its events say of it. */
const busy = (id: string) => async () => {
  const { events } = (await port.stack(STACK)) ? await port.events(STACK) : { events: [] };
  return events.find(({ logicalId }) => logicalId === id)?.status.endsWith('_IN_PROGRESS') === true;
};

beforeAll(async () => {
  port = cloudFormation(await openSession({}, {}, used.target, { AWS_REGION: 'eu-west-3' }));
});
afterAll(() => {
  ann.remove();
  bob.remove();
});

describe('a stack of custom resources that wait', () => {
  it('is watched as a tree, attached to from another machine, and kept from any second change', async () => {
    configure('first', 'migration');
    const screen = new Pty(ann, [...deploy, '--sandbox'], { env: env() });
    try {
      await screen.until(/First {2}Custom::Sleep {2}creating/);
      const joined = [start(bob, 'attach', 'app'), start(bob, 'attach', 'app', '--json')];
      for (const one of joined) await until(() => one.output().includes('First'), one);
      for (const command of [deploy, ['deploy'], ['destroy', '--confirm', 'shop-dev']]) {
        const second = await run(bob, command);
        expect(second.code).toBe(6);
        expect(second.stderr).toContain('Somebody else is changing shop dev. Nothing was changed.');
        expect(second.stderr).toContain('infractl deploy --create-stack');
      }
      const queued = start(bob, ...deploy, '--wait', '5m');
      await until(() => queued.output().includes('waiting'), queued);
      open('first');
      await screen.until(/everything waits for Database › Migration \(Custom::Migration/);
      open('migration');
      const [attached, programs] = (await Promise.all(joined.map(({ ended }) => ended))) as [
        CliResult,
        CliResult,
      ];
      expect((await screen.exited).exitCode).toBe(0);
      // The nested stack is a branch, its resource a leaf of that.
      expect(screen.text).toMatch(/├ Database {2}AWS::CloudFormation::Stack {2}creating/);
      expect(screen.text).toMatch(/│ └ Migration {2}Custom::Migration {2}creating/);
      expect(screen.text).toMatch(/✓ stack app +created/);

      expect(attached.code).toBe(0);
      expect(attached.stderr).not.toMatch(ESCAPES);
      expect(attached.stderr).toMatch(/Migration +Custom::Migration|Migration/);
      expect(attached.stdout).toContain('CREATE_COMPLETE');

      const events = programs.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(events.at(-1)).toMatchObject({ type: 'result', running: true, status: 'CREATE_COMPLETE' });
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'stack.event', logicalId: 'Migration', status: 'CREATE_COMPLETE' }),
      );

      const after = await queued.ended;
      expect(after.code).toBe(0);
      expect(after.stdout).toContain('Nothing to do: shop dev is as it should be');
    } finally {
      screen.kill();
    }
  });

  it('is cancelled by another process: the update is taken back, and the deploy that ran is told', async () => {
    configure('second', 'never');
    const first = start(ann, ...deploy);
    await until(busy('First'), first);
    const cancelling = start(bob, 'cancel', 'app', '--debug');
    await until(() => cancelling.output().includes('CancelUpdateStack'), cancelling);
    // MiniStack looks between two resources whether it was cancelled.
    open('second');
    const cancelled = await cancelling.ended;
    expect(cancelled.stderr).toContain(`takes the running update of the stack ${STACK} back`);
    expect(cancelled.stdout).toContain('UPDATE_ROLLBACK_COMPLETE');
    expect(cancelled.code).toBe(0);
    const told = await first.ended;
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('Somebody cancelled it.');
    // What the cancelled update did not come to is as it was.
    const nested = (await port.resources(STACK)).find(({ logicalId }) => logicalId === 'Database');
    expect((await port.stack(nested?.physicalId ?? ''))?.parameters).toMatchObject({
      Gate: gate('migration'),
    });
    expect((await run(bob, ['attach', 'app'])).stdout).toContain('Nothing runs on the stack');
  });

  it('fails in its nested stack, and is explained by the line of the log behind it, at once and later', async () => {
    configure('first', 'migration', 'The schema could not be migrated');
    const failed = await run(ann, deploy);
    const why = [
      /Database › Migration \(Custom::Migration, infra\/database\.yaml:6\): .*The schema could not be migrated/,
      'The last lines of the function',
      'Error: the schema has version 7, wanted is 8',
    ];
    expect(failed.code).toBe(1);
    for (const words of why) expect(failed.stderr).toMatch(words);
    expect(await works('UPDATE_ROLLBACK_COMPLETE')()).toBe(true);

    const [explained, json] = await Promise.all([
      run(bob, ['explain', 'app']),
      run(bob, ['explain', 'app', '--json']),
    ]);
    expect(explained.code).toBe(0);
    for (const words of why) expect(explained.stdout).toMatch(words);
    expect(JSON.parse(json.stdout)).toMatchObject({
      failed: true,
      causes: [{ logicalId: 'Migration', file: 'infra/database.yaml', line: 6 }],
    });
  });

  it('is cancelled while it is created: after a yes it is gone', async () => {
    expect((await run(ann, ['destroy', '--confirm', 'shop-dev'])).code).toBe(0);
    configure('third', 'migration');
    const first = start(ann, ...deploy);
    await until(works('CREATE_IN_PROGRESS'), first);
    await until(busy('First'), first);
    expect((await run(bob, ['cancel', 'app', '--yes'])).code).toBe(0);
    expect((await first.ended).code).toBe(1);
    expect(await port.stack(STACK)).toBeUndefined();
    // MiniStack does not stop the resource that it makes: later it would show the stack as created again.
    open('third');
  });
});
