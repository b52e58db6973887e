import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User } from '../helpers/user.ts';

/** What a user does when a deploy has gone wrong, and when all of it is over: one step a test, in their order. */

interface Entry {
  readonly id: string;
  readonly result: string;
  readonly command: string;
  readonly rollbackOf?: string;
}

const BUCKET = `
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: { Status: Enabled }
`;

describe('the story of a deploy that is taken back', () => {
  let user: User;
  let endpoint = '';
  let url = '';
  let bucket = '';
  beforeAll(async () => {
    user = await new User({ INFRACTL_SANDBOX: '1' }).prepare();
    const port = await user.port();
    endpoint = `http://127.0.0.1:${port}`;
    await user.does('init auth-manager my-auth --variant zip');
    user.cd('my-auth');
    await user.does(`sandbox start --port ${port}`);
    const template = file('infra/template.yaml');
    writeFileSync(
      template,
      readFileSync(template, 'utf8')
        .replace('\nResources:\n', BUCKET)
        .replace('\nOutputs:\n', '\nOutputs:\n  UploadsBucket: { Value: !Ref Uploads }\n'),
    );
  }, 600_000);
  afterAll(() => user?.leave());

  const file = (name: string) => path.join(user.cwd, name);
  const memory = (from: number, to: number) => {
    const text = readFileSync(file('infractl.yaml'), 'utf8');
    writeFileSync(
      file('infractl.yaml'),
      text.replace(`LambdaMemorySize: ${from}`, `LambdaMemorySize: ${to}`),
    );
  };
  const history = () => user.reads<Entry[]>('history');
  const health = async () => (await fetch(`${url}/health`)).status;

  it('v1 and v2 are deployed', async () => {
    const { stdout } = await user.does('deploy --create-stack');
    url = /app\.ApiUrl +(\S+)/.exec(stdout)?.[1] ?? '';
    bucket = /app\.UploadsBucket +(\S+)/.exec(stdout)?.[1] ?? '';
    memory(1024, 512);
    appendFileSync(file('app/src/start.js'), '// v2\n');
    await user.does('deploy --create-stack');
    expect(await health()).toBe(200);
  });

  it('v3 is broken: its function goes back by itself, its stack does not', async () => {
    memory(512, 256);
    writeFileSync(file('app/src/start.js'), 'throw new Error("v3");\n');
    const settings = readFileSync(file('infractl.yaml'), 'utf8');
    // A broken deploy need not be watched for two minutes.
    writeFileSync(file('infractl.yaml'), settings.replace('expect: 200', 'expect: 200, timeout: 3s'));
    const result = await user.type('deploy --create-stack');
    writeFileSync(file('infractl.yaml'), settings);
    expect(result.code).toBe(8);
    expect((await history())[0]).toMatchObject({ result: 'unhealthy' });
  });

  it('rollback goes back to v2 whole, although infractl.yaml is broken by now', async () => {
    const text = readFileSync(file('infractl.yaml'), 'utf8');
    writeFileSync(file('infractl.yaml'), `${text}\nimages: [\n`);
    const { stdout, stderr } = await user.does('rollback --yes');
    writeFileSync(file('infractl.yaml'), text);
    expect(stderr).toContain('LambdaMemorySize');
    expect(stdout).toContain('Rolled back my-auth dev to ');
    expect(await health()).toBe(200);
    const [back, broken] = await history();
    expect(back).toMatchObject({ command: 'rollback --yes', result: 'succeeded', rollbackOf: broken?.id });
  });

  it('prune takes what only v1 and v3 named; a rollback to what is kept still works', async () => {
    const flags = '--keep 1 --keep-within 0s --older-than 0s';
    // S3 tells times in whole seconds.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const dry = await user.does(`prune ${flags}`);
    expect(dry.stdout).toMatch(/goes +templates\//);
    expect(dry.stdout).toMatch(/stays +functions\/\S+ .* names it/);
    await user.does(`prune ${flags} --apply --yes`);
    expect((await user.does(`prune ${flags}`)).stdout).toContain('Nothing to do');
    const [kept] = await history();
    expect(await history()).toHaveLength(1);
    expect((await user.does(`rollback ${kept?.id}`)).stdout).toContain('Nothing to do');
    expect(await health()).toBe(200);
  });

  it('destroy asks for a full bucket, empties it, and again has nothing to do', async () => {
    const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const s3 = new S3Client({ endpoint, region: 'eu-west-3', forcePathStyle: true, credentials });
    for (const Body of ['one', 'two'])
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'file', Body }));
    const asked = await user.type('destroy --confirm my-auth-dev');
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain(`2 objects in the bucket ${bucket}`);
    const { stdout } = await user.does('destroy --confirm my-auth-dev --empty');
    expect(stdout).toContain('Destroyed my-auth dev');
    expect((await user.does('destroy --confirm my-auth-dev --empty')).stdout).toContain('Nothing to do');
  });
});
