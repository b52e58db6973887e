import { elided, type Session, type Stage } from '../../scripts/docs/stage.ts';
import { Hold } from '../../test/fake/hold.ts';
import type { Fake } from '../../test/fake/server.ts';
import { CTRL_C, ENTER } from '../../test/helpers/pty.ts';
import { until } from '../../test/helpers/until.ts';

const DOWN = '\u001B[B';
const DATA = `Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties: { VisibilityTimeout: 30 }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
`;
const APP = `Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: { DisplayName: news }
  Queue:
    Type: AWS::SQS::Queue
    Properties: { VisibilityTimeout: 30 }
  Alerts: { Type: AWS::SNS::Topic }
`;
const PROJECT = `project: shop
region: eu-west-3
environments:
  dev: {}
  prod: { protected: true }
stacks:
  data: { template: data.yaml }
  app: { template: app.yaml }
`;
const SAM = `Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs24.x
      Handler: index.handler
      CodeUri: ../src
`;
const DEPLOY = 'infractl deploy --create-stack app';

/** What the sandbox does not do: drift, an update that is cancelled, a rollback that fails, express mode. */
export const session: Session = {
  place: 'the fake AWS of the tests',
  makes: [
    'against',
    'drift',
    'revert-drift',
    'detach',
    'left',
    'cancel',
    'events-failed',
    'stuck',
    'stuck-terminal',
    'ctrl-c',
    'express',
    'protected',
    'locked',
    'lock-wait',
    'unlock',
    'no-network',
    'json-events',
    'no-code',
    'packed',
  ],
  async play(stage) {
    const fake = await stage.fake();
    stage.put('infractl.yaml', PROJECT);
    stage.put('data.yaml', DATA);
    stage.put('app.yaml', APP);
    await stage.run('infractl deploy --create-stack');
    await against(stage);
    await drift(stage, fake);
    await detached(stage, fake);
    await cancelled(stage, fake);
    await failed(stage, fake);
    await stuck(stage, fake);
    await left(stage, fake);
    await express(stage);
    await guarded(stage);
    await together(stage, fake);
    await cutOff(stage, fake);
    await events(stage);
    await packed(stage);
  },
};

async function against(stage: Stage): Promise<void> {
  const id = JSON.parse(await stage.run('infractl history --json'))[0].id.slice(-6);
  stage.change('app.yaml', 'VisibilityTimeout: 30', 'VisibilityTimeout: 39');
  await stage.shows('against', `infractl diff --against ${id}`);
  stage.change('app.yaml', 'VisibilityTimeout: 39', 'VisibilityTimeout: 30');
}

async function drift(stage: Stage, fake: Fake): Promise<void> {
  const { cloudFormation } = fake.state;
  cloudFormation.driftMs = 100;
  cloudFormation.byHand.set('shop-data-dev/Orders', { properties: { VisibilityTimeout: 99 } });
  cloudFormation.byHand.set('shop-data-dev/Table', { deleted: true });
  await stage.shows('drift', 'infractl drift');
  await stage.shows('revert-drift', {
    line: 'infractl deploy --revert-drift stack:data',
    only: [/^[^ ]/, /→/],
  });
}

/** The next work on the topic of the stack takes until it is released. */
function holdTopic(fake: Fake): Hold {
  const hold = new Hold();
  fake.state.cloudFormation.script.set('Topic', { ms: hold });
  return hold;
}

/** Something for the next deploy of the stack to do. */
function rename(stage: Stage): void {
  const name = /DisplayName: (\S+)/.exec(stage.read('app.yaml'))?.[1] ?? '';
  stage.change('app.yaml', `DisplayName: ${name}`, `DisplayName: ${name}s`);
}

async function detached(stage: Stage, fake: Fake): Promise<void> {
  const hold = holdTopic(fake);
  rename(stage);
  await stage.shows('detach', { line: `${DEPLOY} --detach`, only: [/^\S/] });
  await stage.shows('left', 'infractl history --limit 1');
  const joined = stage.start('infractl attach app');
  await until(() => joined.output().includes('Topic'));
  hold.release();
  await joined.ended;
  fake.state.cloudFormation.script.delete('Topic');
}

async function cancelled(stage: Stage, fake: Fake): Promise<void> {
  const hold = holdTopic(fake);
  rename(stage);
  const first = stage.start(DEPLOY);
  await until(() => hold.holds);
  fake.state.cloudFormation.script.delete('Topic');
  await stage.shows('cancel', { line: 'infractl cancel app', only: [/^\S/, /_FAILED/, /ROLLBACK_IN/] });
  await first.ended;
}

async function failed(stage: Stage, fake: Fake): Promise<void> {
  const reason = 'The topic is held by a subscription that is being confirmed';
  fake.state.cloudFormation.script.set('Topic', { fail: reason, on: ['update', 'rollback'] });
  await stage.run(DEPLOY, 1);
  await stage.shows('events-failed', 'infractl events app --failed');
}

async function stuck(stage: Stage, fake: Fake): Promise<void> {
  const { script } = fake.state.cloudFormation;
  script.delete('Topic');
  await stage.shows(
    'stuck',
    { line: DEPLOY, exit: 5 },
    { line: `${DEPLOY} --continue-rollback --skip-resource Topic`, only: [/^\S/] },
  );
  script.set('Topic', { fail: 'the topic is stuck', on: ['update', 'rollback'] });
  rename(stage);
  await stage.run(DEPLOY, 1);
  script.delete('Topic');
  const { pty, screen } = stage.terminal(['deploy', '--create-stack', 'app'], { columns: 110, rows: 40 });
  await pty.until('How does it go on?');
  pty.type(DOWN);
  await pty.until(/❯ Try again to take all of it back/);
  pty.type(DOWN);
  await pty.until(/❯ Skip resources by name/);
  pty.type(ENTER);
  await pty.until('Which (Topic):');
  pty.type('Topic');
  await pty.until('Which (Topic): Topic');
  pty.type(ENTER);
  await pty.exited;
  stage.keep('stuck-terminal', `$ ${DEPLOY}\n${screen()}`);
}

async function left(stage: Stage, fake: Fake): Promise<void> {
  const hold = holdTopic(fake);
  rename(stage);
  const { pty, screen } = stage.terminal(['deploy', '--create-stack', 'app']);
  await until(() => hold.holds, pty);
  await pty.until('Topic');
  pty.type(CTRL_C);
  await pty.until('Go on watching');
  stage.keep('ctrl-c', `$ ${DEPLOY}\n${screen()}`);
  pty.type(ENTER);
  await pty.exited;
  hold.release();
  fake.state.cloudFormation.script.delete('Topic');
  await stage.run('infractl attach app');
}

async function express(stage: Stage): Promise<void> {
  stage.change('infractl.yaml', 'app: { template: app.yaml }', 'app: { template: app.yaml, express: true }');
  rename(stage);
  await stage.shows('express', { line: DEPLOY, only: [/^\S/] });
  stage.change('infractl.yaml', ', express: true', '');
}

async function guarded(stage: Stage): Promise<void> {
  await stage.run('infractl deploy --create-stack --env prod');
  const before = stage.read('app.yaml');
  stage.put('app.yaml', before.replace(/ {2}Alerts:.*\n/, ''));
  await stage.shows(
    'protected',
    { line: `INFRACTL_ENV=prod ${DEPLOY}`, exit: 2 },
    { line: `${DEPLOY} --env prod`, exit: 5 },
  );
  stage.put('app.yaml', before);
}

/** Two people: one is at work, the other is told, waits, and breaks the lock of one that hangs. */
async function together(stage: Stage, fake: Fake): Promise<void> {
  const hold = holdTopic(fake);
  rename(stage);
  stage.change('data.yaml', 'VisibilityTimeout: 30', 'VisibilityTimeout: 40');
  const first = stage.start(DEPLOY);
  await until(() => hold.holds);
  await stage.shows('locked', { line: 'infractl deploy --create-stack data', exit: 6 });
  const waiting = stage.start('infractl deploy --create-stack data --wait 1m');
  await until(() => waiting.output().includes('aiting'));
  hold.release();
  await first.ended;
  const { text } = await waiting.ended;
  stage.keep('lock-wait', `$ infractl deploy --create-stack data --wait 1m\n${elided(text, [/^\S/])}`);
  fake.state.cloudFormation.script.delete('Topic');
  const again = holdTopic(fake);
  rename(stage);
  const hangs = stage.start(DEPLOY);
  await until(() => again.holds);
  await stage.shows('unlock', 'infractl unlock --confirm shop-dev');
  hangs.kill('SIGKILL');
  again.release();
  await hangs.ended;
}

/** Nobody answers for longer than a look that fails is kept quiet. */
async function cutOff(stage: Stage, fake: Fake): Promise<void> {
  await stage.run('infractl deploy --create-stack --wait 2m');
  const hold = new Hold();
  fake.state.cloudFormation.script.set('Orders', { ms: hold });
  stage.change('data.yaml', 'VisibilityTimeout: 40', 'VisibilityTimeout: 50');
  const line = 'infractl deploy --create-stack data';
  const deploy = stage.start(line);
  await until(() => hold.holds);
  await until(() => deploy.output().includes('Orders'));
  fake.faults.add('cloudformation:Describe*', { kind: 'reset' }, { times: Number.MAX_SAFE_INTEGER });
  await until(() => deploy.output().includes('AWS does not answer'), undefined, 120_000);
  fake.faults.clear();
  hold.release();
  stage.keep('no-network', `$ ${line}\n${(await deploy.ended).text}`);
  fake.state.cloudFormation.script.delete('Orders');
}

async function events(stage: Stage): Promise<void> {
  rename(stage);
  await stage.shows('json-events', {
    line: 'infractl deploy --create-stack app --json | cut -c1-150',
    only: [/"part.st/, /"Topic"/, /"result"/],
  });
}

/** Code beside a template, and code that is not there. */
async function packed(stage: Stage): Promise<void> {
  stage.cd('packed');
  stage.put(
    'infractl.yaml',
    'project: orders\nregion: eu-west-3\nstacks:\n  app: { template: infra/app.yaml }\n',
  );
  stage.put('infra/app.yaml', SAM);
  await stage.shows('no-code', { line: 'infractl deploy --create-stack', exit: 2 });
  stage.put('src/index.js', 'exports.handler = async () => ({ statusCode: 200 });\n');
  await stage.run('infractl deploy --create-stack');
  stage.put('src/index.js', 'exports.handler = async () => ({ statusCode: 201 });\n');
  await stage.shows('packed', { line: 'infractl deploy --create-stack', only: [/^\S/] });
}
