import { describe, expect, it } from 'vitest';
import { startFromSamconfig, type TemplateWords } from '../../../src/lib/starting/from-samconfig.ts';
import { renderDraft } from '../../../src/lib/starting/render.ts';
import { readSamFile } from '../../../src/lib/starting/samconfig.ts';

const SECRET = ['hunter', '2-hunter', '2'].join('');
const TEXT = `version = 0.1
[default.global.parameters]
stack_name = "shop"
region = "eu-west-3"
[default.build.parameters]
template_file = "infra/template.yaml"
[default.deploy.parameters]
capabilities = "CAPABILITY_IAM"
stack_nmae = "x"
disable_rollback = false
role_arn = "arn:aws:iam::111122223333:role/deploy"
parameter_overrides = "Size=128 DbPassword=${SECRET} Same=1"
tags = "Team=web"
[prod.deploy.parameters]
stack_name = "shop-live"
region = "eu-west-1"
parameter_overrides = ["Size=1024", "DbPassword=${SECRET}!", "Same=1"]
tags = { Team = "web", Cost = 7 }
`;
const template: TemplateWords = {
  path: 'infra/template.yaml',
  parameters: new Map([
    ['Size', { noEcho: false, default: '1', description: 'How large' }],
    ['DbPassword', { noEcho: true }],
    ['Same', { noEcho: false }],
    ['Wanted', { noEcho: false }],
  ]),
};

const read = (text: string) => readSamFile(text, 'samconfig.toml');

describe('readSamFile', () => {
  it('takes deploy over global, and the template of build', () => {
    const { environments } = read(TEXT);
    expect(environments).toMatchObject([
      {
        name: 'default',
        stackName: 'shop',
        region: 'eu-west-3',
        template: 'infra/template.yaml',
        parameters: { Size: '128', DbPassword: SECRET, Same: '1' },
        tags: { Team: 'web' },
      },
      { name: 'prod', stackName: 'shop-live', region: 'eu-west-1', tags: { Team: 'web', Cost: '7' } },
    ]);
  });

  it('tells with its place what it does not take over, and never a value', () => {
    const { remarks } = read(TEXT);
    expect(remarks).toEqual([
      'samconfig.toml:5:1: [default.build] is for sam build; it is left out.',
      'samconfig.toml:8:1: capabilities is not needed: what a template needs is acknowledged by itself.',
      'samconfig.toml:9:1: unknown key "stack_nmae"; it is left out. Did you mean stack_name?',
      'samconfig.toml:11:1: role_arn is left out: a stack keeps the role that it has, and a new one is made with your own rights.',
    ]);
  });

  it.each([
    ['a = ', 'samconfig.toml:1:'],
    ['version = 0.1', 'has no environment'],
    [
      `[default.deploy.parameters]\nparameter_overrides = "${SECRET}"`,
      'samconfig.toml:2:1: parameter_overrides',
    ],
    [`[default.deploy.parameters]\ntags = ["${SECRET}"]`, 'samconfig.toml:2:1: tags'],
  ])('%j is refused with its place', (text, words) => {
    expect(() => read(text)).toThrow(words);
    expect(() => read(text)).not.toThrow(SECRET);
  });
});

describe('startFromSamconfig', () => {
  const start = (text = TEXT) =>
    startFromSamconfig({
      file: 'samconfig.toml',
      sam: read(text),
      project: 'shop',
      templates: read(text).environments.map(() => template),
    });

  it('what is the same stands once, what differs in its environment, secrets nowhere', () => {
    const { draft, secrets, remarks } = start();
    expect(draft.environments.map(({ name }) => name)).toEqual(['dev', 'prod']);
    expect(draft.environments[1]).toMatchObject({ region: 'eu-west-1', protected: true });
    expect(draft.environments[1]?.stacks[0]).toMatchObject({
      stackName: 'shop-live',
      parameters: { Size: { value: { is: 'literal', text: '1024' } } },
      tags: { Cost: '7' },
    });
    expect(draft.stacks[0]?.parameters).toMatchObject({
      Same: { value: { is: 'literal', text: '1' } },
      DbPassword: { value: { is: 'variable', name: 'DB_PASSWORD' } },
      Wanted: { value: { is: 'open' } },
    });
    expect(secrets).toEqual([
      { variable: 'DB_PASSWORD', environment: 'dev', value: SECRET },
      { variable: 'DB_PASSWORD', environment: 'prod', value: `${SECRET}!` },
    ]);
    expect(renderDraft(draft) + remarks.join()).not.toContain(SECRET);
  });

  it('one environment keeps all in one place', () => {
    const { draft, secrets } = start(TEXT.slice(0, TEXT.indexOf('[prod')));
    expect(draft.environments).toMatchObject([{ name: 'dev', stacks: [] }]);
    expect(draft.stacks[0]).toMatchObject({ stackName: 'shop', tags: { Team: 'web' } });
    expect(secrets).toMatchObject([{ environment: undefined }]);
  });

  it("one environment's region does not become that of another one, which had none", () => {
    const { draft } = start('[a.deploy.parameters]\nregion = "eu-west-3"\n[b.deploy.parameters]\n');
    expect(draft.region).toBeUndefined();
    expect(draft.environments.map(({ region }) => region)).toEqual(['eu-west-3', undefined]);
  });

  it('names of environments that infractl does not take are made ones that it does, each once', () => {
    const { draft } = start('[My_Env.deploy.parameters]\n[my-env.deploy.parameters]\n[default]\n[dev]\n');
    expect(draft.environments.map(({ name }) => name)).toEqual(['my-env', 'my-env-2', 'default', 'dev']);
  });
});
