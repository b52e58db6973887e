import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SECRET } from './setup.ts';
import { SITE_TEMPLATE, SiteDeploys } from './site-setup.ts';

/** Writes what it was given into the folder of the site. */
const SCRIPT = `const fs = require('node:fs');
if (process.env.FAIL) { console.log('cannot build'); process.exit(3); }
fs.mkdirSync('dist', { recursive: true });
fs.writeFileSync('dist/index.html', 'api ' + process.env.API_URL + ' ' + (process.env.LEAK ?? ''));
fs.writeFileSync('built', '');
`;
const NODE = JSON.stringify(process.execPath);

let site: SiteDeploys;
const open = async (more: string, rest = '') => {
  site = await SiteDeploys.open(`build: [${NODE}, build.cjs]\n${more}`, rest);
  site.deploys.put('build.cjs', SCRIPT);
  rmSync(path.join(site.deploys.folder, 'dist'), { recursive: true });
};
beforeEach(() => open('environment: { API_URL: { output: app.ApiUrl } }'));
afterEach(() => site.close());

const failure = (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
const putParameter = (type: 'String' | 'SecureString') =>
  site.fake.state.secrets.parameters.set('/shop/key', { type, value: 'swordfish-12345' });
const built = () => existsSync(path.join(site.deploys.folder, 'built'));

describe('the build of a site', () => {
  it('gets outputs of the stacks, and what it makes is published', async () => {
    await site.deploys.deploy();
    expect(site.files()).toEqual({ 'index.html': 'api https://api.example.com ' });
  });

  it('is not run by a dry run, which says so, nor by --skip-build', async () => {
    const before = await site.deploys.deploy({ dryRun: true });
    expect(before.parts.find(({ kind }) => kind === 'site')).toMatchObject({ outcome: 'unknown' });
    await site.deploys.deploy();
    rmSync(path.join(site.deploys.folder, 'built'));
    const { parts } = await site.deploys.deploy({ createStack: false, dryRun: true });
    expect(parts.find(({ kind }) => kind === 'site')?.detail).toContain('it is built first');
    site.deploys.put('dist/index.html', 'by hand');
    await site.deploys.deploy({ createStack: false, skipBuild: true });
    expect(site.files()).toEqual({ 'index.html': 'by hand' });
    expect(built()).toBe(false);
  });

  it('that fails publishes nothing, and is told with its last lines', async () => {
    await site.close();
    await open('environment: { FAIL: "1" }');
    const error = await failure(site.deploys.deploy());
    expect(error).toMatchObject({ code: 'SiteBuildFailed', exit: 1, why: 'cannot build' });
    expect(error.message).toContain('ended with 3');
    expect(site.bucket.objects.size).toBe(0);
  });

  it('that puts a secret of another part into the site is refused, unless the site itself asks for it', async () => {
    await site.close();
    await open('');
    site.deploys.put('build.cjs', SCRIPT.replace('process.env.LEAK', JSON.stringify(SECRET)));
    const yaml = (environment: string) =>
      `project: shop
region: eu-west-3
stacks: { app: { template: app.json, parameters: { JwtSecret: { env: JWT_SECRET } } } }
sites:
  web: { folder: dist, bucket: { output: app.Bucket }, build: [${NODE}, build.cjs]${environment} }
`;
    const template = JSON.parse(SITE_TEMPLATE);
    site.deploys.put(
      'app.json',
      JSON.stringify({ ...template, Parameters: { JwtSecret: { Type: 'String', NoEcho: true } } }),
    );
    site.deploys.put('infractl.yaml', yaml(''));
    const error = await failure(site.deploys.deploy());
    expect(error).toMatchObject({ code: 'SecretInSite', why: 'index.html: the value of JWT_SECRET' });
    expect(JSON.stringify(site.deploys.journal())).not.toContain(SECRET);
    site.deploys.put('infractl.yaml', yaml(', environment: { PUBLIC: { env: JWT_SECRET } }'));
    await site.deploys.deploy();
    expect(site.files()['index.html']).toContain(SECRET);
  });

  it('writes a configuration file with what only a deploy knows', async () => {
    await site.close();
    await open('config: { file: config.json, values: { api: { output: app.ApiUrl }, retries: 3 } }');
    await site.deploys.deploy();
    expect(JSON.parse(site.files()['config.json'] ?? '')).toEqual({
      api: 'https://api.example.com',
      retries: 3,
    });
  });
});

describe('a configuration file', () => {
  it('takes no SecureString: its store says that it is secret', async () => {
    await site.close();
    await open('config: { file: config.json, values: { key: { ssm: /shop/key } } }');
    putParameter('SecureString');
    const error = await failure(site.deploys.deploy());
    expect(error).toMatchObject({ code: 'SecretInSite', exit: 2 });
    expect(error.message).not.toContain('swordfish');
    putParameter('String');
    await site.deploys.deploy();
    expect(site.files()['config.json']).toContain('swordfish');
  });
});

describe('a site that is not built', () => {
  it('is refused before anything is touched when its folder is missing or holds what is no site', async () => {
    await site.close();
    site = await SiteDeploys.open();
    site.deploys.put('dist/.env', 'A=1');
    const secret = await failure(site.deploys.deploy());
    expect(secret).toMatchObject({ code: 'SecretInSite', exit: 2 });
    rmSync(path.join(site.deploys.folder, 'dist'), { recursive: true });
    expect(await failure(site.deploys.deploy())).toMatchObject({ code: 'SiteFolderMissing', exit: 2 });
    expect(site.fake.mutations()).toEqual([]);
  });
});
