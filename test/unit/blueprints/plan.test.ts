import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Blueprint,
  findBlueprint,
  isProjectName,
  planProject,
  shownFolder,
} from '../../../src/lib/blueprints/index.ts';

let folder: string;
let blueprint: Blueprint;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-plan-'));
  blueprint = await findBlueprint('auth-manager');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const target = (name = 'my-auth') => path.join(folder, name);
const paths = async (variant?: string) =>
  (await planProject({ blueprint, target: target(), variant })).files.map((file) => file.path);

describe('the name of a project', () => {
  it.each([
    ['my-auth', 'my-auth'],
    ['My Auth', 'auth-manager'],
    ['9lives', 'auth-manager'],
    ['a'.repeat(33), 'auth-manager'],
    ['auth-', 'auth-manager'],
    ['auth--x', 'auth-manager'],
  ])('of the folder %s is %s', async (name, expected) => {
    expect((await planProject({ blueprint, target: target(name) })).name).toBe(expected);
  });

  it('can be said', async () => {
    expect((await planProject({ blueprint, target: target(), name: 'other' })).name).toBe('other');
  });

  it.each(['Auth', 'a_b', 'a--b', '-a', 'a-', '', 'a'.repeat(33), 'a\nb', 'ä'])(
    'is refused: %j',
    async (name) => {
      await expect(planProject({ blueprint, target: target(), name })).rejects.toMatchObject({
        code: 'InvalidName',
        exit: 2,
        suggestions: ['Give another one: --name auth-manager'],
      });
    },
  );

  it('that is accepted is accepted by every name AWS makes of it', () => {
    const character = fc.constantFrom(...'abz09-_A. ');
    fc.assert(
      fc.property(fc.string({ unit: character, maxLength: 40 }), (name) => {
        if (!isProjectName(name)) return;
        // ECR's rule for a repository, and Lambda's for a function, with an environment of 16 characters.
        const full = `${name}-${'e'.repeat(16)}`;
        expect(full).toMatch(/^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/);
        expect(full).toMatch(/^[a-zA-Z0-9-_]{1,64}$/);
      }),
    );
  });
});

describe('the region', () => {
  it.each(['eu-west-3', 'us-gov-east-1', 'ap-southeast-2'])('%s is taken', async (region) => {
    expect((await planProject({ blueprint, target: target(), region })).region).toBe(region);
  });

  it.each(['paris', 'eu-west', 'EU-WEST-3', ''])('%j is refused', async (region) => {
    await expect(planProject({ blueprint, target: target(), region })).rejects.toMatchObject({
      code: 'InvalidRegion',
      exit: 2,
    });
  });
});

describe('the target', () => {
  it('may be missing, empty, or a repository without files', async () => {
    expect((await planProject({ blueprint, target: target('a/b/c') })).targetExists).toBe(false);
    expect((await planProject({ blueprint, target: folder })).targetExists).toBe(true);
    mkdirSync(path.join(folder, '.git'));
    expect((await planProject({ blueprint, target: folder })).targetExists).toBe(true);
  });

  it('that holds something is refused, and what it holds is named', async () => {
    for (const name of ['b.txt', '.env', '.git']) writeFileSync(path.join(folder, name), '');
    await expect(planProject({ blueprint, target: folder })).rejects.toMatchObject({
      code: 'FolderNotEmpty',
      exit: 5,
      why: 'In it: .env and b.txt.',
    });
  });

  it('that holds much is described in a line', async () => {
    for (let i = 1; i <= 8; i++) writeFileSync(path.join(folder, `f${i}`), '');
    await expect(planProject({ blueprint, target: folder })).rejects.toMatchObject({
      why: 'In it: f1, f2, f3, f4, f5 and 3 more entries.',
    });
  });

  it('that is a file is refused', async () => {
    writeFileSync(target(), '');
    await expect(planProject({ blueprint, target: target() })).rejects.toMatchObject({
      code: 'NotAFolder',
      exit: 2,
    });
  });

  it('is only read', async () => {
    await planProject({ blueprint, target: target('a/b') });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('the files', () => {
  it('carry no description of the blueprint, and a .gitignore under its own name', async () => {
    const planned = await paths();
    expect(planned).toEqual(expect.arrayContaining(['.gitignore', '.env.secrets', '.env.secrets.example']));
    expect(planned).toEqual(expect.arrayContaining(['infractl.yaml', 'app/Dockerfile', 'app/.dockerignore']));
    expect(planned.join('\n')).not.toMatch(/blueprint\.yaml|variants|(^|\/)gitignore/m);
    expect(planned).toEqual([...planned].sort());
  });

  it('of a variant replace those of the blueprint', async () => {
    const plan = await planProject({ blueprint, target: target(), variant: 'zip' });
    const template = plan.files.find((file) => file.path === 'infra/template.yaml');
    expect(template).toMatchObject({
      source: path.join(blueprint.folder, 'variants/zip/infra/template.yaml'),
    });
    const gone = (await paths()).filter((file) => !plan.files.some(({ path: kept }) => kept === file));
    expect(gone).toEqual(['app/.dockerignore', 'app/Dockerfile', 'infra/registry.yaml']);
  });

  it('that a variant leaves out exist in the blueprint', async () => {
    const all = await paths();
    for (const { without } of blueprint.variants) expect(all).toEqual(expect.arrayContaining([...without]));
  });

  it('leave behind what work in the blueprint itself made: secrets, modules, state', async () => {
    const source = path.join(folder, 'blue');
    mkdirSync(path.join(source, 'app/node_modules/x'), { recursive: true });
    for (const file of [
      '.env.secrets',
      'infractl.yaml',
      'app/index.js',
      'app/node_modules/x/i.js',
      'gitignore',
    ]) {
      writeFileSync(path.join(source, file), '');
    }
    const plan = await planProject({ blueprint: { ...blueprint, folder: source }, target: target() });
    expect(plan.files.map((file) => file.path)).toEqual(['.gitignore', 'app/index.js', 'infractl.yaml']);
  });
});

describe('the folder as it is shown', () => {
  it.each([
    ['/home/me/x', '/home/me', 'x'],
    ['/home/me', '/home/me', '.'],
    ['/home/x', '/home/me', '../x'],
    ['/srv/x', '/home/me', '/srv/x'],
  ])('%s from %s is %s', (to, from, expected) => expect(shownFolder(to, from)).toBe(expected));
});
