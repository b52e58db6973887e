import { describe, expect, it } from 'vitest';
import { effectiveConfiguration, valueOrigins } from '../../../src/lib/project/show.ts';
import { EXAMPLE, load } from './folder.ts';

const text = EXAMPLE.replace(
  'prod: { profile: production, protected: true }',
  'prod: { profile: production, protected: true, stacks: { app: { parameters: { LambdaMemorySize: 2048 } } } }',
);

async function origins(options = {}, files = {}, source = text) {
  const loaded = await load(source, options, files);
  const configuration = effectiveConfiguration(loaded.project, { env: {}, ...options });
  return new Map(
    valueOrigins(configuration, loaded).map(({ key, value, origin }) => [key, { value, origin }]),
  );
}

describe('the effective configuration', () => {
  it('has the words of the file, and all defaults', async () => {
    const { project } = await load(text, { environment: 'prod' });
    expect(effectiveConfiguration(project, { env: {} })).toMatchObject({
      project: 'auth-manager',
      environment: 'prod',
      protected: true,
      region: 'eu-west-3',
      profile: 'production',
      stacks: {
        app: {
          name: 'auth-manager-app-prod',
          template: 'infra/template.yaml',
          parameters: { DatabaseUrl: { env: 'DATABASE_URL' }, LambdaMemorySize: 2048 },
          timeout: '1h',
        },
      },
      images: { api: { context: '.', dockerfile: 'Dockerfile', platform: 'linux/amd64' } },
      functions: {
        api: { name: { output: 'app.FunctionName' }, image: 'api', alias: 'live', timeout: '5m' },
      },
      checks: { health: { url: { output: 'app.ApiUrl', path: '/health' }, expect: [200], timeout: '2m' } },
    });
  });

  it('is a configuration itself, and gives the same project', async () => {
    const zip = text.replace('image: api }\nchecks', "zip: { path: app, exclude: ['*.md'] } }\nchecks");
    for (const source of [text, zip]) {
      const { project } = await load(source);
      const { environment, protected: _, ...configuration } = effectiveConfiguration(project, { env: {} });
      const again = await load(JSON.stringify(configuration));
      expect(environment).toBe('dev');
      expect([...again.project.stacks.values()].map(({ template: _t, ...rest }) => rest)).toEqual(
        [...project.stacks.values()].map(({ template: _t, ...rest }) => rest),
      );
      expect(effectiveConfiguration(again.project, { env: {} })).toMatchObject(configuration);
    }
  });

  it('never has the value of a variable', async () => {
    const loaded = await load(text, { env: { DATABASE_URL: 'hunter2' } });
    const configuration = effectiveConfiguration(loaded.project, { env: {} });
    expect(JSON.stringify([configuration, valueOrigins(configuration, loaded)])).not.toContain('hunter2');
  });
});

describe('the origin', () => {
  it('is the line of the file, of the override, or the default', async () => {
    const found = await origins({ environment: 'prod' });
    expect(found.get('project')?.origin).toBe('infractl.yaml:1');
    expect(found.get('environment')?.origin).toBe('--env');
    expect(found.get('profile')?.origin).toBe('environment prod, infractl.yaml:5');
    expect(found.get('stacks.app.parameters.LambdaMemorySize')).toEqual({
      value: 2048,
      origin: 'environment prod, infractl.yaml:5',
    });
    expect(found.get('stacks.app.parameters.ImageUri')).toEqual({
      value: { image: 'api' },
      origin: 'infractl.yaml:11',
    });
    expect(found.get('stacks.app.name')?.origin).toBe('default');
    expect(found.get('functions.api.name')?.origin).toBe('infractl.yaml:18');
    expect(found.get('checks.health.url')?.origin).toBe('infractl.yaml:20');
  });

  it('is the flag before the variable before the file', async () => {
    const region = async (options: object) => (await origins(options)).get('region');
    expect(await region({})).toEqual({ value: 'eu-west-3', origin: 'infractl.yaml:2' });
    const env = { AWS_REGION: 'us-east-1' };
    expect(await region({ env })).toEqual({ value: 'us-east-1', origin: 'variable AWS_REGION' });
    expect(await region({ env, region: 'sa-east-1' })).toEqual({ value: 'sa-east-1', origin: '--region' });
    expect((await origins({ env: { INFRACTL_ENV: 'dev' } })).get('environment')?.origin).toBe(
      'variable INFRACTL_ENV',
    );
  });

  it('is the samconfig or the parameter file', async () => {
    const source =
      'project: p\nstacks: { a: { template: infra/template.yaml, samconfig: s.toml, parameterFile: p.json } }\n';
    const files = {
      's.toml': '[default.deploy.parameters]\nstack_name = "sam"\nparameter_overrides = ["A=1", "B=1"]\n',
      'p.json': '["B=2"]',
    };
    const found = await origins({}, files, source);
    expect(found.get('stacks.a.name')).toEqual({ value: 'sam', origin: 's.toml' });
    expect(found.get('stacks.a.parameters.A')).toEqual({ value: '1', origin: 's.toml' });
    expect(found.get('stacks.a.parameters.B')).toEqual({ value: '2', origin: 'p.json' });
  });
});
