import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkTemplate, deployStack, planStack } from '../../../src/lib/stacks/index.ts';
import { rejection, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const put = (name: string, content: string) => {
  const file = join(w.folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
};
const nested = (url: string, parameters = '{}', type = 'AWS::CloudFormation::Stack') =>
  `Resources:\n  Nested:\n    Type: ${type}\n    Properties:\n      ${type.endsWith('Application') ? 'Location' : 'TemplateURL'}: ${url}\n      Parameters: ${parameters}\n`;
const check = (text: string) => rejection(checkTemplate(put('root.yaml', text)));

describe('a local path', () => {
  it('that leads nowhere is found before AWS is touched, by every way in', async () => {
    const spec = await w.spec(nested('missing.yaml'));
    for (const way of [
      () => deployStack(w.deps, spec),
      () => planStack(w.deps, spec),
      () => checkTemplate(spec.templateFile),
    ]) {
      const error = await rejection(way());
      expect(error).toMatchObject({ code: 'CodeMissing', exit: 2 });
      expect(error.message).toBe(`${spec.templateFile}:5:20: there is no template at missing.yaml.`);
      expect(error.why).toContain('5 |       TemplateURL: missing.yaml');
    }
    expect(w.fake.requests).toEqual([]);
  });

  it('says what is wrong of all of them, those in nested templates too', async () => {
    put('child/t.yaml', 'Resources:\n  F: {Type: AWS::Lambda::Function, Properties: {Code: src}}\n');
    mkdirSync(join(w.folder, 'api'));
    const error = await check(
      `${nested('child/t.yaml')}  A:\n    Type: AWS::ApiGateway::RestApi\n    Properties: {BodyS3Location: api}\n`,
    );
    expect(error).toMatchObject({ code: 'CodeMissing', exit: 2 });
    expect(error.message).toContain('names 2 things on this machine that cannot be used');
    expect(error.why).toBe(
      `${join(w.folder, 'child/t.yaml')}:2:55: there is no code at src.\n${join(w.folder, 'root.yaml')}:9:34: api is a folder, and a file is needed here.`,
    );
  });
});

describe('a nested template', () => {
  const CHILD =
    'Parameters:\n  Name: {Type: String, MinLength: 2}\n  Size: {Type: Number, Default: 1}\nResources:\n  A: {Type: AWS::SNS::Topic}\n';

  it.each([
    ['{}', 'child.yaml: The parameter Name has no value'],
    ['{Name: ok, Siez: 1}', 'child.yaml: The template has no parameter Siez. Is Size meant?'],
    ['{Name: ok, Size: big}', 'child.yaml: The parameter Size must be a number, and "big" is none.'],
    ['{Name: x}', 'child.yaml: The parameter Name is too short'],
  ])('with the parameters %s', async (parameters, said) => {
    put('child.yaml', CHILD);
    for (const type of ['AWS::CloudFormation::Stack', 'AWS::Serverless::Application']) {
      const error = await check(nested('child.yaml', parameters, type));
      expect(error).toMatchObject({ code: 'ParametersInvalid', exit: 2 });
      expect(error.message).toContain(`root.yaml:5:`);
      expect(error.message).toContain(said);
    }
  });

  it.each([
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own
    ['values that come later', '{Name: !Ref AWS::Region, Size: !Sub "${AWS::Region}"}', CHILD],
    ['a choice of all of them', '!If [C, {Name: ok}, {Name: no}]', CHILD],
    ['a macro among them', '{Fn::Transform: {Name: Mine}}', CHILD],
    ['a macro in the template', '{Other: x}', `Transform: Mine\n${CHILD}`],
  ])('with %s is left to AWS', async (_, parameters, child) => {
    put('child.yaml', child);
    const text = `Conditions: {C: !Equals [a, a]}\n${nested('child.yaml', parameters)}`;
    await expect(checkTemplate(put('root.yaml', text))).resolves.toBeDefined();
  });

  it('of a stack set gets its parameters in another way', async () => {
    put('child.yaml', CHILD);
    const text = nested(
      'child.yaml',
      '[{ParameterKey: Name, ParameterValue: x}]',
      'AWS::CloudFormation::StackSet',
    );
    await expect(checkTemplate(put('root.yaml', text))).resolves.toBeDefined();
  });

  it('with a mistake in it is told with its own line', async () => {
    put('child.yaml', 'Resources:\n  A: {Type: AWS::SNS::Topic}\n  A: {}\n');
    const error = await check(nested('child.yaml'));
    expect(error).toMatchObject({ code: 'TemplateSyntax', exit: 2 });
    expect(error.message).toContain(`${join(w.folder, 'child.yaml')}:3:3: the same key is there twice.`);
    put('child.yaml', 'Resources:\n  A: {Type: AWS::SNS::Topic, DependsOn: B}\n');
    expect(await check(nested('child.yaml'))).toMatchObject({ code: 'TemplateInvalid' });
  });

  it('that holds itself is refused, through links too', async () => {
    put('a.yaml', nested('b.yaml'));
    put('b.yaml', nested('./a.yaml'));
    const error = await check(nested('a.yaml'));
    expect(error).toMatchObject({ code: 'TemplateCycle', exit: 2 });
    expect(error.message).toBe(
      `${join(w.folder, 'b.yaml')}:5:20: the nested template holds itself: a.yaml → b.yaml → a.yaml.`,
    );
    symlinkSync(w.folder, join(w.folder, 'again'));
    put('self.yaml', nested('again/self.yaml'));
    expect(await rejection(checkTemplate(join(w.folder, 'self.yaml')))).toMatchObject({
      code: 'TemplateCycle',
    });
  });
});

describe('what AWS::Include puts in', () => {
  const include = 'Outputs:\n  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s.yaml}}\n';
  const RESOURCES = 'Resources: {A: {Type: AWS::SNS::Topic}}\n';

  it.each([
    ['A: {Value: "x}\n', 'TemplateSyntax', 's.yaml:2:1: missing closing'],
    [
      'A:\n  Value: !Ref A\n',
      'SnippetInvalid',
      's.yaml:2:10: AWS::Include does not take the short form !Ref.',
    ],
  ])('%j is refused', async (snippet, code, said) => {
    put('s.yaml', snippet);
    const error = await check(RESOURCES + include);
    expect(error).toMatchObject({ code, exit: 2 });
    expect(error.message).toContain(said);
  });

  it('in its long form is fine', async () => {
    put('s.yaml', 'A:\n  Value: {Ref: A}\n');
    await expect(checkTemplate(put('root.yaml', RESOURCES + include))).resolves.toBeDefined();
  });
});

describe('deploying nested local templates', () => {
  const uploads = () => w.fake.requests.filter(({ action }) => action === 'PutObject').length;
  const s3 = () => w.fake.actions().filter((action) => action.startsWith('s3:'));

  it('is told from reading alone to be unchanged; the bucket is not asked', async () => {
    put('child.yaml', 'Resources:\n  A: {Type: Fake::Thing, Properties: {Size: 1}}\n');
    const spec = await w.spec(`${nested('child.yaml')}  B: {Type: Fake::Thing}\n`);
    expect((await deployStack(w.deps, spec)).outcome).toBe('created');
    expect(uploads()).toBe(1);
    s3();
    w.actions();
    expect((await deployStack(w.deps, spec)).outcome).toBe('unchanged');
    expect(w.actions()).not.toContain('CreateChangeSet');
    expect((await planStack(w.deps, spec)).change).toBe('unchanged');
    expect(s3()).toEqual([]);

    put('child.yaml', 'Resources:\n  A: {Type: Fake::Thing, Properties: {Size: 2}}\n');
    expect(await planStack(w.deps, spec)).toMatchObject({
      change: 'update',
      resources: [{ action: 'modify', logicalId: 'Nested' }],
    });
    expect(await deployStack(w.deps, spec)).toMatchObject({
      outcome: 'updated',
      changes: [{ logicalId: 'Nested' }],
    });
    expect(uploads()).toBe(2);
  });

  it('acknowledges what they want, which AWS tells too late', async () => {
    const capabilities = () =>
      w.fake.requests
        .filter(({ action }) => action === 'CreateChangeSet')
        .flatMap(({ parameters }) => JSON.stringify(parameters).match(/CAPABILITY_\w+/g) ?? [])
        .sort();
    put('roles.yaml', 'Resources:\n  R: {Type: AWS::IAM::Role, Properties: {RoleName: x}}\n');
    put('middle.yaml', `${nested('roles.yaml')}  P: {Type: AWS::IAM::Policy}\n`);
    await deployStack(w.deps, await w.spec(nested('middle.yaml')));
    expect(capabilities()).toEqual(['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM']);
  });

  it('asks AWS where a nested stack reads from Parameter Store, or is elsewhere', async () => {
    put(
      'child.yaml',
      'Parameters: {Ami: {Type: "AWS::SSM::Parameter::Value<String>", Default: /ami}}\nResources:\n  A: {Type: Fake::Thing}\n',
    );
    const spec = await w.spec(nested('child.yaml'));
    await deployStack(w.deps, spec);
    expect((await planStack(w.deps, spec)).change).toBe('unknown');
    w.actions();
    expect((await deployStack(w.deps, spec)).outcome).toBe('unchanged');
    expect(w.actions()).toContain('CreateChangeSet');
  });
});
