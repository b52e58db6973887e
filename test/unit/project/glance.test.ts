import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { glanceAtProject, loadProject } from '../../../src/lib/project/index.ts';

const YAML = `project: shop
region: eu-west-3
environments:
  dev: {}
  prod: { protected: true, stacks: { app: { name: shop-main } } }
stacks:
  app: { template: app.yaml, parameters: { Size: 3, Zone: "\${region}" } }
checks:
  health: { url: { output: app.Url, path: /health } }
`;

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-glance-'));
  env = { XDG_CACHE_HOME: path.join(folder, 'cache'), HOME: folder };
  writeFileSync(path.join(folder, 'infractl.yaml'), YAML);
  writeFileSync(path.join(folder, 'app.yaml'), 'Resources: {}');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const glance = (options: object = {}, version = '1.0.0') =>
  glanceAtProject({ cwd: folder, env, ...options }, version);
const remembered = () => {
  try {
    return readdirSync(path.join(folder, 'cache/infractl/projects'));
  } catch {
    return [];
  }
};

describe('a glance at a project', () => {
  it('is what loading gives, the first time and when it is remembered', async () => {
    for (const environment of [undefined, 'prod']) {
      const { project } = await loadProject({ cwd: folder, env, environment, checkFiles: false });
      expect((await glance({ environment })).project).toEqual(project);
      expect((await glance({ environment })).project).toEqual(project);
    }
    expect(remembered()).toHaveLength(2);
  });

  it('is kept where nobody else reads it', async () => {
    await glance();
    const [name] = remembered();
    expect(statSync(path.join(folder, 'cache/infractl/projects', name ?? '')).mode & 0o777).toBe(0o600);
  });

  it('is taken anew when the file, the environment, a region or infractl itself is another', async () => {
    await glance();
    writeFileSync(path.join(folder, 'infractl.yaml'), YAML.replace('Size: 3', 'Size: 4'));
    expect((await glance()).project.stacks.get('app')?.parameters.Size).toBe(4);
    expect((await glance({ region: 'us-east-1' })).project.stacks.get('app')?.parameters.Zone).toBe(
      'us-east-1',
    );
    env = { ...env, AWS_REGION: 'eu-west-1' };
    expect((await glance()).project.stacks.get('app')?.parameters.Zone).toBe('eu-west-1');
    env = { ...env, INFRACTL_ENV: 'prod' };
    expect((await glance()).project.environment).toBe('prod');
    await glance({}, '1.0.1');
    expect(remembered()).toHaveLength(6);
  });

  it('does not mind a template that is missing, which deploying does', async () => {
    rmSync(path.join(folder, 'app.yaml'));
    expect((await glance()).project.name).toBe('shop');
    await expect(loadProject({ cwd: folder, env })).rejects.toMatchObject({ code: 'InvalidConfiguration' });
  });

  it('still says what is wrong, every time', async () => {
    writeFileSync(path.join(folder, 'infractl.yaml'), 'project: shop\nstaks: {}\n');
    for (let i = 0; i < 2; i++) {
      await expect(glance()).rejects.toMatchObject({ code: 'InvalidConfiguration' });
    }
    expect(remembered()).toEqual([]);
  });

  it('is not remembered when the file reads others, or when there is something to warn of', async () => {
    writeFileSync(path.join(folder, 'infractl.yaml'), `${YAML}# samconfig\n`);
    await glance();
    writeFileSync(path.join(folder, 'infractl.yaml'), YAML);
    writeFileSync(path.join(folder, '.env.secrets'), 'TOKEN=hunter2hunter2');
    chmodSync(path.join(folder, '.env.secrets'), 0o644);
    expect((await glance()).warnings).toHaveLength(1);
    expect((await glance()).warnings).toHaveLength(1);
    expect(remembered()).toEqual([]);
  });

  it('passes over what it cannot read, and does without what it cannot write', async () => {
    await glance();
    const cache = path.join(folder, 'cache/infractl/projects');
    writeFileSync(path.join(cache, remembered()[0] ?? ''), '{"half":');
    expect((await glance()).project.name).toBe('shop');
    rmSync(cache, { recursive: true });
    mkdirSync(path.dirname(cache), { recursive: true });
    writeFileSync(cache, 'a file in the way');
    expect((await glance()).project.name).toBe('shop');
  });

  it('forgets rather than grows', async () => {
    for (let i = 0; i < 60; i++) await glance({}, `1.0.${i}`);
    expect(remembered().length).toBeLessThanOrEqual(50);
  });
});
