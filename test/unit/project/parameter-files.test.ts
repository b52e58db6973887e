import { describe, expect, it } from 'vitest';
import { failure, load } from './folder.ts';

const text = (extra: string) =>
  `project: p\nenvironments: { dev: {}, prod: {} }\nstacks:\n  app: { template: infra/template.yaml, ${extra} }\n`;

async function parameters(extra: string, files: Record<string, string>, options = {}) {
  return (await load(text(extra), options, files)).project.stacks.get('app')?.parameters;
}

describe('samconfig.toml', () => {
  const toml = `version = 0.1
[default.global.parameters]
stack_name = "from-sam"
[default.deploy.parameters]
region = "eu-central-1"
parameter_overrides = "A=1 B=\\"two words\\" C='x=y' ParameterKey=D,ParameterValue=four"
[prod.deploy.parameters]
parameter_overrides = ["A=9", "Url=postgres://h/db?x=1", "E=\\"quoted\\""]
`;

  it('gives values below ours, from default or from the table of the environment', async () => {
    const files = { 'infra/samconfig.toml': toml };
    const extra = 'samconfig: infra/samconfig.toml, parameters: { A: ours }';
    expect(await parameters(extra, files)).toEqual({ A: 'ours', B: 'two words', C: 'x=y', D: 'four' });
    expect(await parameters('samconfig: infra/samconfig.toml', files, { environment: 'prod' })).toEqual({
      A: '9',
      Url: 'postgres://h/db?x=1',
      E: 'quoted',
    });
  });

  it('may have been written on Windows', async () => {
    const files = { 'infra/samconfig.toml': `\uFEFF${toml.replaceAll('\n', '\r\n')}` };
    expect(await parameters('samconfig: infra/samconfig.toml', files)).toMatchObject({ A: '1', D: 'four' });
  });

  it('gives the stack name and the region where ours are not given', async () => {
    const files = { 'infra/samconfig.toml': toml };
    const { project, origins } = await load(text('samconfig: infra/samconfig.toml'), {}, files);
    expect(project.region).toBe('eu-central-1');
    expect(project.stacks.get('app')?.stackName).toBe('from-sam');
    expect(origins.of(['region'])).toEqual({ kind: 'samconfig', file: 'infra/samconfig.toml' });
    const own = await load(
      `region: us-east-1\n${text('name: own, samconfig: infra/samconfig.toml')}`,
      {},
      files,
    );
    expect(own.project.region).toBe('us-east-1');
    expect(own.project.stacks.get('app')?.stackName).toBe('own');
  });

  it('that is wrong is named with its line, and without what it says', async () => {
    const broken = await failure(
      load(text('samconfig: s.toml'), {}, { 's.toml': 'a = 1\nsecret = hunter2\n' }),
    );
    expect(broken.message).toMatch(
      /^infractl\.yaml:4:\d+: stacks\.app\.samconfig names s\.toml, but it is not TOML \(line 2/,
    );
    expect(broken.all).not.toContain('hunter2');
    const pairs = await failure(
      load(
        text('samconfig: s.toml'),
        {},
        {
          's.toml': '[default.deploy.parameters]\nparameter_overrides = ["hunter2"]\n',
        },
      ),
    );
    expect(pairs.message).toContain('are not Key=Value pairs');
    expect(pairs.all).not.toContain('hunter2');
    expect((await failure(load(text('samconfig: none.toml')))).message).toContain('there is no such file');
  });
});

describe('parameter files', () => {
  it.each([
    [
      'create-stack',
      '[{"ParameterKey":"A","ParameterValue":"1"},{"ParameterKey":"B","ParameterValue":"x=y"}]',
    ],
    ['deploy', '["A=1","B=x=y"]'],
    ['CodePipeline', '{"Parameters":{"A":1,"B":"x=y"},"Tags":{"t":"1"}}'],
  ])('of the form of %s give values below ours', async (_, json) => {
    const files = { 'params.json': json };
    expect(await parameters('parameterFile: params.json', files)).toEqual({ A: '1', B: 'x=y' });
    expect(await parameters('parameterFile: params.json, parameters: { A: 2 }', files)).toEqual({
      A: 2,
      B: 'x=y',
    });
  });

  it.each([
    ['not JSON', '{"Parameters": hunter2', 'it is not JSON'],
    ['another form', '{"hunter2":{}}', 'its form is not known'],
    ['a wrong entry', '["A=1","hunter2"]', 'its entry 2 is no parameter'],
  ])('that are %s are refused without telling what they say', async (_, json, says) => {
    const error = await failure(load(text('parameterFile: p.json'), {}, { 'p.json': json }));
    expect(error).toMatchObject({ code: 'InvalidConfiguration', exit: 2 });
    expect(error.message).toContain(says);
    expect(error.all).not.toContain('hunter2');
  });
});
