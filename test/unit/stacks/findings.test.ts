import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployStack, diffStack } from '../../../src/lib/stacks/index.ts';
import { locate } from '../../../src/lib/stacks/template/locate.ts';
import { readTemplate } from '../../../src/lib/stacks/template/template.ts';
import { rejection, type World, world } from './setup.ts';

/** Early validation: AWS's path in the template, and where that stands in a file. */

const YAML = `Parameters:
  Big: { Type: String, Default: "no" }
Conditions:
  IsBig: !Equals [!Ref Big, "yes"]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: Not_A_Name
      Tags:
        - Key: a
          Value: b
      LifecycleConfiguration: !If
        - IsBig
        - Rules:
            - Status: Enabld
        - !Ref AWS::NoValue
`;

describe('a path of AWS in a template', () => {
  const at = (text: string, path: string) => locate(readTemplate('t', text).tree, path);

  it.each([
    ['/Resources/Bucket', 6, 3],
    ['/Resources/Bucket/Properties/BucketName', 9, 7],
    ['/Resources/Bucket/Properties/Tags/0/Value', 12, 11],
    ['/Resources/Bucket/Properties/LifecycleConfiguration/Rules/0/Status', 16, 15],
    ['Resources/Bucket/Properties/Missing/Deeper', 8, 5],
    ['/Parameters/Big', 2, 3],
  ])('%s', (path, line, column) => {
    expect(at(YAML, path)).toEqual({ line, column });
  });

  it('in JSON, also in one line', () => {
    const template = { Resources: { Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'x' } } } };
    expect(at(JSON.stringify(template, null, 2), '/Resources/Bucket/Properties/BucketName')).toEqual({
      line: 6,
      column: 9,
    });
    const line = JSON.stringify(template);
    expect(at(line, '/Resources/Bucket/Properties/BucketName')).toEqual({
      line: 1,
      column: line.indexOf('"BucketName"') + 1,
    });
  });

  it('that is nowhere is undefined', () => {
    expect(at(YAML, '/Nothing/Here')).toBeUndefined();
    expect(at(YAML, '')).toBeUndefined();
  });
});

describe('early validation', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());

  const finding = {
    LogicalResourceId: 'Bucket',
    ResourceType: 'AWS::S3::Bucket',
    ValidationPath: '/Resources/Bucket/Properties/BucketName',
    ValidationStatusReason: 'must match pattern ^[a-z0-9.-]+$',
  };

  it('is told with file, line and column by a deploy and by a diff, and nothing stays', async () => {
    w.fake.state.cloudFormation.findings.set('app', [finding]);
    const spec = await w.spec(YAML);
    for (const act of [() => deployStack(w.deps, spec), () => diffStack(w.deps, { spec, changeSet: true })]) {
      const error = await rejection(act());
      expect(error).toMatchObject({ code: 'ChangeSetFailed' });
      expect(error.why).toMatch(
        /^Bucket \(template-1\.yaml:9:7, BucketName\): must match pattern \^\[a-z0-9\.-\]\+\$$/m,
      );
      await w.fake.clock.sleep(5000);
      expect(w.fake.state.cloudFormation.find('app')).toBeUndefined();
    }
  });

  it('that only warns is a note of the diff', async () => {
    w.fake.state.cloudFormation.findings.set('app', [{ ...finding, ValidationFailureMode: 'WARN' }]);
    const diff = await diffStack(w.deps, { spec: await w.spec(YAML), changeSet: true });
    expect(diff.notes).toEqual([
      'Bucket (template-1.yaml:9:7, BucketName): must match pattern ^[a-z0-9.-]+$',
    ]);
  });

  it('inside of a nested stack names the nested file', async () => {
    await mkdir(join(w.folder, 'nested'));
    await writeFile(join(w.folder, 'nested/storage.yaml'), YAML);
    const outer = {
      Resources: {
        Storage: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: 'nested/storage.yaml' } },
      },
    };
    const StackId = 'arn:aws:cloudformation:eu-west-3:123456789012:stack/app-Storage-1ABCDEF2/uuid';
    w.fake.state.cloudFormation.findings.set('app', [{ ...finding, StackId }]);
    const error = await rejection(deployStack(w.deps, await w.spec(outer)));
    expect(error.why).toMatch(/^Bucket \(storage\.yaml:9:7, BucketName\): /m);
  });
});
