import { describe, expect, it } from 'vitest';
import { loadProject, validateProject } from '../../../src/lib/project/index.ts';
import { checkParameters, checkTemplate } from '../../../src/lib/stacks/index.ts';
import { EXAMPLE, failure, folderWith, PARTS } from './folder.ts';

const checks = { template: checkTemplate, parameters: checkParameters };
type Facts = Awaited<ReturnType<typeof checkTemplate>>;

const TEMPLATES = {
  'infra/registry.yaml':
    'Resources: { R: { Type: AWS::ECR::Repository } }\nOutputs: { RepositoryUri: { Value: !GetAtt R.RepositoryUri } }\n',
  'infra/template.yaml': `Parameters:
  ImageUri: { Type: String }
  JwtSecret: { Type: String, NoEcho: true }
  DatabaseUrl: { Type: String, NoEcho: true }
  LambdaMemorySize: { Type: Number, MaxValue: 10240 }
Resources: { T: { Type: AWS::SNS::Topic } }
Outputs: { FunctionName: { Value: !Ref T }, ApiUrl: { Value: !Ref T } }
`,
};

function validate(yaml: string, files: Record<string, string> = {}, environment?: string) {
  const cwd = folderWith({ ...PARTS, ...TEMPLATES, ...files, 'infractl.yaml': yaml });
  return validateProject<Facts>({ cwd, env: {}, environment }, checks);
}

describe('validation', () => {
  it('of a right project finds nothing, in every environment', async () => {
    expect(await validate(EXAMPLE)).toEqual({ environments: ['dev', 'prod'], findings: [] });
    expect((await validate(EXAMPLE, {}, 'prod')).environments).toEqual(['prod']);
  });

  it('finds what one environment only has', async () => {
    const text = EXAMPLE.replace(
      'protected: true }',
      'protected: true, stacks: { app: { template: none.yaml } } }',
    );
    expect((await validate(text, {}, 'dev')).findings).toEqual([]);
    const { findings } = await validate(text);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ level: 'error', file: 'infractl.yaml', line: 5 });
  });

  it('finds parameters and outputs that the templates do not have, with the place', async () => {
    const text = EXAMPLE.replace('LambdaMemorySize: 1024', 'LambdaMemory: 1024').replace(
      'app.ApiUrl',
      'app.ApiUri',
    );
    const { findings } = await validate(text, {}, 'dev');
    expect(findings.map(({ line, message }) => [line, message])).toEqual([
      [14, 'The template has no parameter LambdaMemory. Is LambdaMemorySize meant? (stacks.app)'],
      [10, 'The parameter LambdaMemorySize has no value, and the template gives it no default. (stacks.app)'],
      [20, 'the template of stack app has no output ApiUri; did you mean ApiUrl? (checks.health.url)'],
    ]);
  });

  it('checks literal values against the template', async () => {
    const { findings } = await validate(EXAMPLE.replace('1024', '20000'), {}, 'dev');
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ level: 'error', line: 14 });
  });

  it('tells a broken template and a broken file as findings, each once', async () => {
    const template = await validate(EXAMPLE, { 'infra/registry.yaml': 'Resources: [\n' });
    expect(template.findings).toHaveLength(1);
    expect(template.findings[0]?.file).toBe('infra/registry.yaml');
    expect(template.findings[0]?.message).not.toContain('infractl-project-');
    const file = await validate(EXAMPLE.replace('region', 'regoin'));
    expect(file.findings.map(({ message }) => message)).toEqual([
      'unknown key "regoin"; did you mean "region"?',
    ]);
  });

  it('fails where there is nothing to check', async () => {
    expect((await failure(validate(EXAMPLE, {}, 'nope'))).code).toBe('UnknownEnvironment');
    const nowhere = validateProject<Facts>({ cwd: folderWith({}), env: {} }, checks);
    expect((await failure(nowhere)).code).toBe('NoConfiguration');
  });
});

describe('a configuration of an older version, with a key that has got a new name since', () => {
  const text = EXAMPLE.replace('template: infra/template.yaml', 'stackTemplate: infra/template.yaml');
  const renames = [{ within: ['stacks', '*'], from: 'stackTemplate', to: 'template' }];

  it('is read as ever, and validation tells the new name with the line', async () => {
    expect(text).not.toBe(EXAMPLE);
    const cwd = folderWith({ ...PARTS, ...TEMPLATES, 'infractl.yaml': text });
    const options = { cwd, env: {}, renames };
    const { project, warnings } = await loadProject(options);
    expect(project.stacks.get('app')?.template).toMatch(/infra\/template\.yaml$/);
    const told = expect.stringMatching(
      /^infractl\.yaml:\d+: "stackTemplate" is now called "template"; the old name still works\.$/,
    );
    expect(warnings).toEqual([told]);
    const { findings } = await validateProject<Facts>(options, checks);
    expect(findings).toEqual([expect.objectContaining({ level: 'warning', message: told })]);
  });

  it('where no such key was ever renamed it is the mistake that it is', async () => {
    const cwd = folderWith({ ...PARTS, ...TEMPLATES, 'infractl.yaml': text });
    const { findings } = await validateProject<Facts>({ cwd, env: {} }, checks);
    expect(findings.map(({ message }) => message).join()).toContain('unknown key "stackTemplate"');
  });
});
