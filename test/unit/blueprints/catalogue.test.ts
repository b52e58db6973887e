import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  blueprintsFolder,
  findBlueprint,
  findVariant,
  listBlueprints,
} from '../../../src/lib/blueprints/index.ts';

const root = path.resolve(import.meta.dirname, '../../..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-blueprints-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function install(name: string, at = folder): void {
  mkdirSync(path.join(at, 'templates', 'one'), { recursive: true });
  mkdirSync(path.join(at, 'dist', 'chunks'), { recursive: true });
  writeFileSync(path.join(at, 'package.json'), JSON.stringify({ name }));
}

describe('the folder of the blueprints', () => {
  it('is found from the sources', () => {
    expect(blueprintsFolder()).toBe(path.join(root, 'templates'));
  });

  it('is found from any depth of the bundle', () => {
    install('infractl');
    for (const file of ['dist/main.js', 'dist/commands/init.js', 'dist/chunks/x-ABC.js']) {
      expect(blueprintsFolder(path.join(folder, file))).toBe(path.join(folder, 'templates'));
    }
  });

  it("is not another package's folder of that name", () => {
    install('infractl');
    const inner = path.join(folder, 'dist');
    install('something-else', inner);
    expect(blueprintsFolder(path.join(inner, 'x.js'))).toBe(path.join(folder, 'templates'));
  });

  it('is missed in words', () => {
    expect(() => blueprintsFolder(path.join(folder, 'dist/main.js'))).toThrow(
      expect.objectContaining({ code: 'BlueprintsMissing', exit: 1 }),
    );
  });
});

describe('the blueprints', () => {
  it('have a title, a description and variants', async () => {
    const all = await listBlueprints();
    expect(all.map(({ name }) => name)).toContain('auth-manager');
    for (const { title, description } of all) {
      expect(title).toMatch(/^[A-Z].{10,70}$/);
      expect(description.length).toBeGreaterThan(40);
    }
  });

  it('are listed in the order of their names; a folder without a description is none', async () => {
    for (const name of ['zeta', 'alpha', 'stray']) mkdirSync(path.join(folder, name));
    for (const name of ['zeta', 'alpha']) {
      writeFileSync(path.join(folder, name, 'blueprint.yaml'), `title: ${name}\ndescription: ${name}\n`);
    }
    const all = await listBlueprints(folder);
    expect(all.map(({ name }) => name)).toEqual(['alpha', 'zeta']);
    expect(all[0]).toMatchObject({ variants: [], generate: [], folder: path.join(folder, 'alpha') });
  });

  it('a typo gets a suggestion', async () => {
    await expect(findBlueprint('auth-manger')).rejects.toMatchObject({
      code: 'UnknownBlueprint',
      exit: 2,
      suggestions: ['Did you mean auth-manager?', expect.stringContaining('auth-manager')],
    });
  });

  it('a word that is near to nothing gets the list', async () => {
    await expect(findBlueprint('kubernetes-cluster')).rejects.toMatchObject({
      suggestions: [expect.stringMatching(/^The blueprints: .*auth-manager/)],
    });
  });

  it('a wrong variant too', async () => {
    const blueprint = await findBlueprint('auth-manager');
    expect(findVariant(blueprint, 'zip').title).toContain('zip');
    expect(() => findVariant(blueprint, 'zap')).toThrow(
      expect.objectContaining({
        code: 'UnknownVariant',
        exit: 2,
        suggestions: ['Did you mean zip?', 'The variants of auth-manager: zip.'],
      }),
    );
  });
});
