// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the variables of infractl.yaml
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProject } from '../../../src/lib/project/index.ts';
import { EXAMPLE, failure, folderWith, load, PARTS } from './folder.ts';

describe('a whole project', () => {
  it('gets its defaults and absolute paths', async () => {
    const { project, folder, warnings, environmentChosenBy } = await load(EXAMPLE);
    expect(warnings).toEqual([]);
    expect(environmentChosenBy).toBe('default');
    expect(project).toMatchObject({
      file: path.join(folder, 'infractl.yaml'),
      root: folder,
      name: 'auth-manager',
      environment: 'dev',
      protected: false,
      environments: ['dev', 'prod'],
      region: 'eu-west-3',
    });
    expect(project.profile).toBeUndefined();
    expect(project.stacks.get('app')).toEqual({
      name: 'app',
      stackName: 'auth-manager-app-dev',
      template: path.join(folder, 'infra/template.yaml'),
      parameters: {
        ImageUri: { image: 'api' },
        JwtSecret: { secret: 'auth-manager/jwt' },
        DatabaseUrl: { env: 'DATABASE_URL' },
        LambdaMemorySize: 1024,
      },
      tags: {},
      timeout: 3_600_000,
      after: [],
    });
    expect(project.images.get('api')).toEqual({
      name: 'api',
      context: folder,
      dockerfile: path.join(folder, 'Dockerfile'),
      repository: { output: 'registry.RepositoryUri' },
      platform: 'linux/amd64',
      args: {},
      secrets: {},
    });
    expect(project.functions.get('api')).toEqual({
      name: 'api',
      functionName: { output: 'app.FunctionName' },
      code: { image: 'api' },
      alias: 'live',
      timeout: 300_000,
    });
    expect(project.checks.get('health')).toEqual({
      name: 'health',
      url: { output: 'app.ApiUrl' },
      path: '/health',
      expect: [200],
      timeout: 120_000,
    });
  });

  it('needs no more than a name', async () => {
    const { project } = await load('project: p\n');
    expect(project).toMatchObject({ name: 'p', environment: 'dev', environments: ['dev'], protected: false });
    expect(project.stacks.size).toBe(0);
  });

  it('is found from a folder inside it, by INFRACTL_CONFIG, and by its other name', async () => {
    const folder = folderWith({ ...PARTS, 'infractl.yaml': EXAMPLE });
    const deep = path.join(folder, 'app/deep/er');
    mkdirSync(deep, { recursive: true });
    expect((await loadProject({ cwd: deep, env: {} })).project.root).toBe(folder);
    const env = { INFRACTL_CONFIG: path.join(folder, 'infractl.yaml') };
    expect((await loadProject({ cwd: '/', env })).project.root).toBe(folder);
    const other = folderWith({ 'infractl.yml': 'project: p\n' });
    expect((await loadProject({ cwd: other, env: {} })).project.name).toBe('p');
  });

  it('says which file counts when both names are there', async () => {
    const { project, warnings } = await load('project: a\n', {}, { 'infractl.yml': 'project: b\n' });
    expect(project.name).toBe('a');
    expect(warnings.join()).toContain('infractl.yml');
  });

  it('takes a byte order mark, CRLF, anchors, merge keys and x- keys', async () => {
    const text = `\uFEFFproject: p\r\nx-common: &common { template: infra/template.yaml, tags: { team: a } }\r\nstacks:\r\n  one: *common\r\n  two:\r\n    <<: *common\r\n    tags: { team: b }\r\n`;
    const { project } = await load(text);
    expect(project.stacks.get('one')?.tags).toEqual({ team: 'a' });
    expect(project.stacks.get('two')?.tags).toEqual({ team: 'b' });
  });

  it('keeps numbers as they are written where a number would lose something', async () => {
    const { project } = await load(
      'project: p\naccount: 012345678901\nstacks: { a: { template: infra/template.yaml, parameters: { Version: 1.10, Big: 12345678901234567890, N: 5 } } }\n',
    );
    expect(project.account).toBe('012345678901');
    expect(project.stacks.get('a')?.parameters).toEqual({
      Version: '1.10',
      Big: '12345678901234567890',
      N: 5,
    });
  });

  it('takes every shorthand', async () => {
    const { project, folder } = await load(`project: p
stacks:
  s: { template: infra/template.yaml, timeout: 1h30m, parameters: { List: [a, { output: o.X }, 3] } }
  o: { template: infra/registry.yaml, timeout: 90, name: Other-Name, after: [] }
functions:
  a: { zip: app/ }
  b: { zip: { path: app, exclude: ['*.test.mjs'] }, name: fixed, timeout: 45s, alias: prod }
checks:
  c: { url: 'https://example.com/health', expect: [200, 204], timeout: 5m }
`);
    expect(project.stacks.get('s')?.timeout).toBe(5_400_000);
    expect(project.stacks.get('s')?.parameters.List).toEqual(['a', { output: 'o.X' }, 3]);
    expect(project.stacks.get('o')).toMatchObject({ timeout: 90_000, stackName: 'Other-Name' });
    expect(project.functions.get('a')).toMatchObject({
      functionName: 'p-a-dev',
      code: { zip: path.join(folder, 'app'), exclude: [] },
    });
    expect(project.functions.get('b')).toMatchObject({
      functionName: 'fixed',
      code: { zip: path.join(folder, 'app'), exclude: ['*.test.mjs'] },
      timeout: 45_000,
      alias: 'prod',
    });
    expect(project.checks.get('c')).toMatchObject({
      url: 'https://example.com/health',
      path: '',
      expect: [200, 204],
      timeout: 300_000,
    });
  });
});

describe('the environment', () => {
  const two = 'project: p\nenvironments:\n  prod: { protected: true }\n  stage: {}\n  dev: {}\n';

  it.each([
    ['the first that is not protected', two, {}, 'stage', 'default'],
    [
      'the only one, though protected',
      'project: p\nenvironments: { prod: { protected: true } }\n',
      {},
      'prod',
      'default',
    ],
    [
      'the flag before the variable',
      two,
      { environment: 'prod', env: { INFRACTL_ENV: 'dev' } },
      'prod',
      'flag',
    ],
    ['the variable', two, { env: { INFRACTL_ENV: 'dev' } }, 'dev', 'variable'],
    ['dev where the section is empty', 'project: p\nenvironments:\n', {}, 'dev', 'default'],
  ])('is %s', async (_, text, options, name, by) => {
    const { project, environmentChosenBy } = await load(text, options);
    expect(project.environment).toBe(name);
    expect(environmentChosenBy).toBe(by);
  });

  it('must be named when all are protected', async () => {
    const text = 'project: p\nenvironments: { a: { protected: true }, b: { protected: true } }\n';
    const error = await failure(load(text));
    expect(error).toMatchObject({ code: 'EnvironmentNeeded', exit: 2 });
    expect(error.suggestions).toEqual(['Add --env a', 'Add --env b']);
  });

  it('that is unknown gets the nearest one, and a variable is never repeated', async () => {
    const error = await failure(load(two, { environment: 'stag' }));
    expect(error.message).toBe('There is no environment stag; did you mean stage?');
    const hidden = await failure(load(two, { env: { INFRACTL_ENV: 'AKIA-wrong-export' } }));
    expect(hidden).toMatchObject({ code: 'UnknownEnvironment', exit: 2 });
    expect(hidden.all).not.toContain('AKIA');
  });

  it('overrides anything, removes with null, and replaces references and lists as a whole', async () => {
    const text = `project: p
region: eu-west-3
profile: base
environments:
  prod:
    region: us-east-1
    profile: null
    account: '123456789012'
    stacks:
      app:
        timeout: 2h
        parameters: { Kept: 1, Gone: null, Ref: { secret: b }, List: [z], New: x }
      old: null
      extra: { template: infra/registry.yaml }
    functions: { f: { zip: app } }
    checks: { c: { url: 'https://prod.example.com' } }
stacks:
  app:
    template: infra/template.yaml
    parameters: { Kept: 0, Gone: 1, Ref: { secret: a, key: k }, List: [x, y] }
    tags: { team: core }
  old: { template: infra/template.yaml }
images: { api: { context: ., repository: 'r.example.com/a' } }
functions: { f: { image: api, alias: x } }
checks: { c: { url: { output: app.Url }, expect: 204 } }
`;
    const { project } = await load(text, { environment: 'prod' });
    expect(project).toMatchObject({ region: 'us-east-1', account: '123456789012' });
    expect(project.profile).toBeUndefined();
    expect([...project.stacks.keys()]).toEqual(['app', 'extra']);
    expect(project.stacks.get('app')).toMatchObject({
      timeout: 7_200_000,
      tags: { team: 'core' },
      parameters: { Kept: 1, Ref: { secret: 'b' }, List: ['z'], New: 'x' },
    });
    expect(Object.keys(project.stacks.get('app')?.parameters ?? {})).not.toContain('Gone');
    expect(project.stacks.get('app')?.parameters.Ref).toEqual({ secret: 'b' });
    expect(project.functions.get('f')).toMatchObject({ alias: 'x', code: { exclude: [] } });
    expect(project.checks.get('c')).toMatchObject({ url: 'https://prod.example.com', expect: [204] });
  });
});

describe('variables', () => {
  const text = (value: string) =>
    `project: p\nregion: eu-west-3\nenvironments: { dev: {}, prod: { region: us-east-1 } }\nstacks: { a: { template: infra/template.yaml, parameters: { V: '${value}' } } }\n`;
  const parameter = async (value: string, options = {}) =>
    (await load(text(value), options)).project.stacks.get('a')?.parameters.V;

  it('are put into every text, and are kept when escaped', async () => {
    expect(await parameter('${project}-${environment}-${region}')).toBe('p-dev-eu-west-3');
    expect(await parameter('${region}', { environment: 'prod' })).toBe('us-east-1');
    expect(await parameter('${region}', { region: 'sa-east-1' })).toBe('sa-east-1');
    expect(await parameter('${region}', { env: { AWS_REGION: 'ca-west-1' } })).toBe('ca-west-1');
    expect(await parameter('$${AWS::Region} $5')).toBe('${AWS::Region} $5');
  });

  it('stand in the settings too', async () => {
    const settings =
      'project: p\nprofile: ${project}-x\nenvironments: { dev: {}, prod: { profile: "${environment}-${nope}" } }\n';
    expect((await load(settings)).project.profile).toBe('p-x');
    const error = await failure(load(settings, { environment: 'prod' }));
    expect(error.message).toContain('infractl.yaml:3:43: ${nope} is unknown');
  });

  it('that are unknown are shown with their place', async () => {
    const error = await failure(load(text('${enviroment}')));
    expect(error.message).toBe('infractl.yaml:4:64: ${enviroment} is unknown; did you mean ${environment}?');
    const noRegion = await failure(load(text('${region}').replace('region: eu-west-3\n', '')));
    expect(noRegion.message).toContain('no region is set');
  });
});
