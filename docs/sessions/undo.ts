import { setTimeout as pause } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { elided, type Session, type Stage } from '../../scripts/docs/stage.ts';
import { CTRL_C, ENTER } from '../../test/helpers/pty.ts';

const BUCKET = `
Resources:
  Sessions:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: { Status: Enabled }
`;

/** What goes wrong and is taken back, what is cleaned up, and what is deleted in the end. */
export const session: Session = {
  place: 'the sandbox',
  makes: ['menu', 'fast-code', 'rollback', 'prune', 'destroy', 'protected-name', 'json-value', 'json-error'],
  async play(stage) {
    await stage.sandbox();
    stage.env.INFRACTL_SANDBOX = '1';
    await stage.run('infractl init auth-manager my-auth --variant zip');
    stage.cd('my-auth');
    stage.change('infra/template.yaml', '\nResources:\n', BUCKET);
    stage.change(
      'infra/template.yaml',
      '\nOutputs:\n',
      '\nOutputs:\n  UploadsBucket: { Value: !Ref Uploads }\n',
    );
    await stage.run('infractl sandbox start');
    await stage.shows('protected-name', { line: 'INFRACTL_ENV=prod infractl deploy --sandbox', exit: 2 });
    await menu(stage);
    await committed(stage, 'first');
    await stage.run('infractl deploy --create-stack');
    await fastCode(stage);
    await brokenAndBack(stage);
    // S3 tells times in whole seconds.
    await pause(1100);
    await stage.shows('prune', {
      line: 'infractl prune --keep 1 --keep-within 0s --older-than 0s --sandbox',
    });
    await full(stage);
    await stage.shows(
      'json-value',
      'curl -s -o /dev/null -w "%{http_code}\\n" "$(infractl outputs app.ApiUrl --sandbox)/health"',
    );
    await stage.shows('json-error', {
      line: 'infractl destroy --json --sandbox',
      exit: 2,
      only: [/^[^{]*[{}]/, /"(error|code|message|suggestions|exit|--)/, /]/],
    });
    await stage.shows('destroy', {
      line: 'infractl destroy --confirm my-auth-dev --empty --sandbox',
      only: [/^(?! {2}stack app: DELETE_)/],
    });
  },
};

/** The menu after a first choice, which it has kept. */
async function menu(stage: Stage): Promise<void> {
  const { pty, screen } = stage.terminal([], { rows: 28 });
  await pty.until('What do you want to do?');
  pty.type('doc');
  await pty.until(/❯ doctor/);
  pty.type(ENTER);
  await pty.until('infractl doctor [options]');
  pty.type(ENTER);
  await pty.until(/not right|All is well/);
  await pty.until(/ Again/);
  const shown = screen();
  stage.keep('menu', shown.slice(shown.lastIndexOf('my-auth · dev')));
  pty.type(CTRL_C);
  await pty.exited;
}

async function committed(stage: Stage, what: string): Promise<void> {
  await stage.run(
    `git init -q && git add -A && git -c user.name=Ada -c user.email=ada@example.com commit -qm ${what}`,
  );
}

/** Code by a plain deploy, then a change of the stack. */
async function fastCode(stage: Stage): Promise<void> {
  stage.change('app/src/app.js', "status: 'ok'", "status: 'ok', hello: 'world'");
  await committed(stage, 'code');
  await stage.run('infractl deploy');
  stage.change('infra/template.yaml', 'Threshold: 10', 'Threshold: 20');
  await committed(stage, 'alarm');
  await stage.shows(
    'fast-code',
    {
      line: 'infractl deploy --create-stack --sandbox',
      only: [/^my-auth/, /^[✓·]/, /^Deployed/, /^Recorded/],
    },
    { line: 'infractl drift --sandbox', only: [/drift$/] },
  );
}

/** A deploy that is unhealthy, and a project file that is broken on top of it. */
async function brokenAndBack(stage: Stage): Promise<void> {
  stage.change('infractl.yaml', 'LambdaMemorySize: 1024', 'LambdaMemorySize: 256');
  stage.change('infractl.yaml', 'expect: 200 }', 'expect: 200, timeout: 3s }');
  stage.put('app/src/start.js', 'throw new Error("broken");\n');
  await committed(stage, 'broken');
  await stage.run('infractl deploy --create-stack', 8);
  stage.put('infractl.yaml', `${stage.read('infractl.yaml')}\nimages: [\n`);
  const terminal = stage.terminal(['rollback'], { columns: 200, rows: 40 });
  await terminal.pty.until('Go back?');
  terminal.pty.type(`y${ENTER}`);
  await terminal.pty.exited;
  stage.keep('rollback', `$ infractl rollback\n${elided(terminal.screen(), [/^(?!app\.)/])}`);
  stage.change('infractl.yaml', '\nimages: [\n', '');
}

/** Something that goes with its bucket. */
async function full(stage: Stage): Promise<void> {
  const bucket = (await stage.run('infractl outputs app.UploadsBucket')).trim();
  const { endpoint } = JSON.parse(await stage.run('infractl sandbox status --json')) as { endpoint: string };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const s3 = new S3Client({ endpoint, region: 'eu-west-3', forcePathStyle: true, credentials });
  for (let n = 1; n <= 31; n++)
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `file-${n}`, Body: 'x'.repeat(1950) }));
}
