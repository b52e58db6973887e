import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployStack } from '../../../src/lib/stacks/index.ts';
import { packageTemplate } from '../../../src/lib/stacks/packaging/packaging.ts';
import { readTemplate } from '../../../src/lib/stacks/template/template.ts';
import { plain } from '../../../src/lib/stacks/template/yaml.ts';
import { rejection, type World, world } from './setup.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'infractl-packaging-'));
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'src', 'index.js'), 'exports.handler = async () => 1\n');
  await writeFile(join(folder, 'built.zip'), 'PK');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const where = (bucket: string) => ({
  bucket,
  url: (key: string) => `https://${bucket}.s3.eu-west-3.amazonaws.com/${key}`,
});
const read = (text: string) => readTemplate(join(folder, 'template.yaml'), text);

const YAML = `# a comment that stays
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    CodeUri: ./src   # shared
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: 'src/'
      Handler:   index.handler
  Two:
    Type: AWS::Lambda::Function
    Properties: {Code: built.zip, Handler: x}
  Three:
    Type: AWS::Lambda::Function
    Properties:
      Code: {ZipFile: "inline"}
  Four:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: s3://bucket/key.zip
  Five:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: !Sub s3://\${AWS::Region}/key.zip
`;

describe('local code in a template', () => {
  it('is replaced by its place in S3, and every other character stays', async () => {
    const packaged = await packageTemplate(read(YAML));
    const [folderKey, zipKey] = packaged.keys;
    expect(packaged.keys).toHaveLength(2);
    expect(zipKey).toBe(`code/${createHash('sha256').update('PK').digest('hex')}.zip`);
    const text = packaged.text(where('bucket-1'));
    expect(text).toBe(
      YAML.replace('./src', `{"Bucket": "bucket-1", "Key": "${folderKey}"}`)
        .replace("'src/'", `{"Bucket": "bucket-1", "Key": "${folderKey}"}`)
        .replace('built.zip', `{"S3Bucket": "bucket-1", "S3Key": "${zipKey}"}`),
    );
    expect(plain(read(text).tree.root)).toMatchObject({
      Globals: { Function: { CodeUri: { Bucket: 'bucket-1', Key: folderKey } } },
      Resources: { Two: { Properties: { Code: { S3Bucket: 'bucket-1', S3Key: zipKey }, Handler: 'x' } } },
    });
  });

  it('in JSON stays JSON', async () => {
    const json = JSON.stringify({
      Resources: { F: { Type: 'AWS::Lambda::Function', Properties: { Code: 'src', Handler: 'x' } } },
    });
    const packaged = await packageTemplate(read(json));
    expect(JSON.parse(packaged.text(where('b'))).Resources.F.Properties).toEqual({
      Code: { S3Bucket: 'b', S3Key: packaged.keys[0] },
      Handler: 'x',
    });
  });

  it('is known again in a deployed text by its content', async () => {
    const packaged = await packageTemplate(read(YAML));
    const text = packaged.text(where('bucket-1'));
    const found = packaged.whereIn(text);
    expect(found?.bucket).toBe('bucket-1');
    expect(found && packaged.text(found)).toBe(text);
    await writeFile(join(folder, 'src', 'index.js'), 'exports.handler = async () => 2\n');
    const changed = await packageTemplate(read(YAML));
    const next = changed.text(where('bucket-1'));
    expect(next).not.toBe(text);
    // The archive beside it is what it was.
    expect(next.split('\n').find((line) => line.includes('Code:'))).toBe(
      text.split('\n').find((line) => line.includes('Code:')),
    );
    expect(changed.whereIn('Resources: {}')).toBeUndefined();
  });

  it('that is not there is a mistake with its line', async () => {
    const text = 'Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: missing\n';
    const error = await rejection(packageTemplate(read(text)));
    expect(error).toMatchObject({
      code: 'CodeMissing',
      exit: 2,
      why: expect.stringContaining('5 |       Code: missing'),
    });
    expect(error.message).toContain('template.yaml:5:13: there is no code at missing.');
  });
});

describe('deploying local code', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  const s3 = () => w.fake.actions().filter((action) => action.startsWith('s3:'));
  const uploads = () => w.fake.requests.filter(({ action }) => action === 'PutObject').length;
  const template = () => `Resources:
  F:
    Type: Fake::Thing
  G:
    Type: AWS::Lambda::Function
    Properties: {Code: ${join(folder, 'src')}, Handler: index.handler, Role: r, Runtime: nodejs24.x}
`;

  it('uploads it once; with nothing to do S3 is not even asked; changed code is an update', async () => {
    const spec = await w.spec(template());
    expect((await deployStack(w.deps, spec)).outcome).toBe('created');
    expect(uploads()).toBe(1);
    s3();
    expect((await deployStack(w.deps, spec)).outcome).toBe('unchanged');
    expect(s3()).toEqual([]);
    await writeFile(join(folder, 'src', 'index.js'), 'exports.handler = async () => 2\n');
    const changed = await deployStack(w.deps, spec);
    expect(changed).toMatchObject({ outcome: 'updated', changes: [{ logicalId: 'G' }] });
    expect(uploads()).toBe(2);
    // The old code again: it is in the bucket still.
    await writeFile(join(folder, 'src', 'index.js'), 'exports.handler = async () => 1\n');
    expect((await deployStack(w.deps, spec)).outcome).toBe('updated');
    expect(uploads()).toBe(2);
  });
});
