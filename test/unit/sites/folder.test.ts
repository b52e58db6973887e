import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localRelease } from '../../../src/lib/sites/index.ts';

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'infractl-site-'));
  folder = path.join(root, 'dist');
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(name: string, text = name): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), text);
}

const read = (more: object = {}) =>
  localRelease({
    folder,
    prefix: '',
    exclude: [],
    allow: [],
    rules: { cache: {}, headers: {}, types: {} },
    secrets: [],
    ...more,
  });
const paths = async (more: object = {}) => (await read(more)).release.files.map((file) => file.path);
const refused = (more: object = {}) =>
  read(more).then(
    () => {
      throw new Error('it was not refused');
    },
    (error: { code: string; message: string; why?: string; exit: number }) => error,
  );

describe('the folder of a site', () => {
  it('is all of its files, without what is left out and what tools leave behind', async () => {
    for (const name of [
      'index.html',
      'a/b.js',
      'a/b.js.map',
      '.well-known/security.txt',
      '.DS_Store',
      '.git/HEAD',
    ])
      put(name);
    expect(await paths({ exclude: ['*.map'] })).toEqual(['.well-known/security.txt', 'a/b.js', 'index.html']);
  });

  it('is the same release whenever its bytes and headers are, and another one when they are not', async () => {
    put('index.html');
    const one = await read();
    put('index.html');
    expect((await read()).release.id).toBe(one.release.id);
    expect((await read({ rules: { cache: { '*': '1h' }, headers: {}, types: {} } })).release.id).not.toBe(
      one.release.id,
    );
    put('index.html', 'other');
    expect((await read()).release.id).not.toBe(one.release.id);
  });

  it('follows links inside, and refuses those that leave it, lead nowhere, or back up', async () => {
    put('index.html');
    put('a/x.js');
    symlinkSync('a/x.js', path.join(folder, 'y.js'));
    expect(await paths()).toContain('y.js');
    writeFileSync(path.join(root, 'outside.txt'), 'private');
    for (const target of ['../outside.txt', 'nowhere', '.']) {
      symlinkSync(target, path.join(folder, 'link'));
      expect(await refused()).toMatchObject({ code: 'BadLink', exit: 2 });
      rmSync(path.join(folder, 'link'));
    }
  });

  it('must be there, and hold something', async () => {
    expect(await refused()).toMatchObject({ code: 'SiteEmpty', exit: 2 });
    put('a.map');
    expect(await refused({ exclude: ['*.map'] })).toMatchObject({ code: 'SiteEmpty' });
    rmSync(folder, { recursive: true });
    expect(await refused()).toMatchObject({ code: 'SiteFolderMissing', exit: 2 });
  });

  it.each([
    '.env',
    'a/.env.production',
    'key.pem',
    'id_rsa',
    'infractl.yaml',
    'node_modules/x/index.js',
    '.npmrc',
  ])('is refused with %s in it, unless that is said to be public', async (name) => {
    put('index.html');
    put(name);
    const error = await refused();
    expect(error).toMatchObject({ code: 'SecretInSite', exit: 2 });
    expect(error.message).toContain(name);
    expect(await paths({ allow: [name] })).toContain(name);
  });

  it('is refused with a secret in a file, and the refusal does not hold it', async () => {
    const secret = 'swordfish-9f27c1d8a4b6';
    put('index.html');
    put('main.js', `const key = "${secret}";`);
    const secrets = [{ name: 'JWT_SECRET', value: secret }];
    const error = await refused({ secrets });
    expect(error).toMatchObject({ code: 'SecretInSite', why: 'main.js: the value of JWT_SECRET' });
    expect(JSON.stringify({ ...error, message: error.message })).not.toContain(secret);
    expect(await paths({ secrets, allow: ['main.js'] })).toContain('main.js');
  });

  it('is refused with keys that are known by their form', async () => {
    put('index.html');
    const begin = `-----BEGIN ${'RSA PRIVATE'} KEY-----`;
    put('x.txt', `${begin}\n${'MIIEpAIBAAKCAQEA'.repeat(4)}\n`);
    expect(await refused()).toMatchObject({ why: 'x.txt: a private key' });
    put('x.txt', `id = "AKIA${'Q'.repeat(16)}"\nsecret = "${'aB3/'.repeat(10)}"\n`);
    expect(await refused()).toMatchObject({ why: 'x.txt: a pair of AWS access keys' });
    put('x.txt', `A key such as AKIA${'Q'.repeat(16)} belongs in a file of its own.`);
    expect(await paths()).toContain('x.txt');
  });

  it('takes the configuration file of a deploy in place of its own', async () => {
    put('index.html');
    put('config.json', '{"api":"http://localhost"}');
    const config = { path: 'config.json', values: { api: 'https://api.example.com' }, global: 'C' };
    const { release, sources } = await read({ config });
    expect(release.files.map((file) => file.path)).toEqual(['config.json', 'index.html']);
    const source = sources.get(release.files[0]?.sha256 ?? '');
    expect(source && 'bytes' in source && Buffer.from(source.bytes).toString()).toContain('api.example.com');
  });
});
