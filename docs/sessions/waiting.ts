import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { elided, type Session, type Stage } from '../../scripts/docs/stage.ts';
import { until } from '../../test/helpers/until.ts';

/** The function behind the custom resources: waits for a file, logs, and fails where it is told to. */
const HANDLER = `
const { existsSync } = require('node:fs');
const { dirname } = require('node:path');
exports.handler = async (event) => {
  const { Gate = '', Fail = '' } = event.ResourceProperties;
  const isDeletion = event.RequestType === 'Delete';
  console.log(event.RequestType + ' ' + event.LogicalResourceId);
  while (!isDeletion && Gate && existsSync(dirname(Gate)) && !existsSync(Gate)) await new Promise((resolve) => setTimeout(resolve, 50));
  const failed = Fail !== '' && !isDeletion;
  if (failed) console.error('Error: the schema has version 7, wanted is 8');
  await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify({
    Status: failed ? 'FAILED' : 'SUCCESS', Reason: failed ? Fail : '',
    PhysicalResourceId: event.PhysicalResourceId || event.LogicalResourceId + '-1',
    StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId,
  }) });
};`;

const APP = `Parameters:
  Gate: { Type: String }
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
  Database:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: database.yaml
      Parameters: { Token: !GetAtt Sleep.Arn, Gate: !Ref Gate, Fail: !Ref Fail }
`;

const DATABASE = `Parameters:
  Token: { Type: String }
  Gate: { Type: String }
  Fail: { Type: String, Default: "" }
Resources:
  Migration:
    Type: Custom::Migration
    Properties: { ServiceToken: !Ref Token, Gate: !Ref Gate, Fail: !Ref Fail }
`;

const WEB = 'Resources:\n  News: { Type: "AWS::SNS::Topic" }\n  Alerts: { Type: "AWS::SNS::Topic" }\n';

const ORDERS = `Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
`;

/** A stack that takes its time, is joined by somebody else, fails and is explained; and a table that is not lost. */
export const session: Session = {
  place: 'the sandbox',
  makes: ['tree', 'attach', 'explain', 'data-guard'],
  async play(stage) {
    await stage.sandbox();
    stage.env.INFRACTL_SANDBOX = '1';
    stage.put('infra/app.yaml', APP);
    stage.put('infra/database.yaml', DATABASE);
    stage.put('infra/web.yaml', WEB);
    await stage.run('infractl sandbox start');
    await watched(stage);
    await explained(stage);
    await kept(stage);
  },
};

function configure(stage: Stage, app: string): void {
  const stacks = `  web: { template: infra/web.yaml }\n  app: { template: infra/app.yaml, parameters: ${app} }\n`;
  stage.put('infractl.yaml', `project: shop\nregion: eu-west-3\nstacks:\n${stacks}`);
}

async function watched(stage: Stage): Promise<void> {
  const gate = path.join(stage.home.folder, 'gate');
  configure(stage, `{ Gate: "${gate}" }`);
  const { pty, screen } = stage.terminal(['deploy', '--create-stack'], { columns: 100, rows: 40 });
  await pty.until('Migration');
  const joined = stage.start('infractl attach app');
  await until(() => joined.output().includes('everything waits'));
  await pty.until(/everything waits for Database/);
  stage.keep('tree', `$ infractl deploy --create-stack\n${screen()}`);
  writeFileSync(gate, '');
  await pty.exited;
  const { text } = await joined.ended;
  const only = [/^\S/, /everything waits/];
  stage.keep('attach', `$ infractl attach app\n${elided(text, only)}`);
}

async function explained(stage: Stage): Promise<void> {
  await stage.run('infractl destroy --confirm shop-dev');
  configure(stage, '{ Gate: "", Fail: The schema could not be migrated }');
  await stage.run('infractl deploy --create-stack', 1);
  await stage.shows('explain', {
    line: 'infractl explain app',
    only: [/^✗/, /Migration \(/, /Now:/, /The last lines/, /Error/, /→/],
  });
}

async function kept(stage: Stage): Promise<void> {
  stage.put('infra/data.yaml', ORDERS);
  stage.put(
    'infractl.yaml',
    'project: shop\nregion: eu-west-3\nstacks:\n  data: { template: infra/data.yaml }\n',
  );
  await stage.run('infractl deploy --create-stack');
  stage.put('infra/data.yaml', ORDERS.replaceAll(/(AttributeName:) id/g, '$1 number'));
  await stage.shows('data-guard', { line: 'infractl deploy --create-stack', exit: 5 });
}
