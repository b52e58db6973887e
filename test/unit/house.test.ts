import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** The rules of the house, read from the code itself. */

const root = path.resolve(import.meta.dirname, '../..');

function files(folder: string, ending: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name).replaceAll('\\', '/'))
    .filter((name) => statSync(path.join(root, name)).isFile());
}

interface Import {
  readonly from: string;
  readonly to: string;
  /** An `import type`: it is gone at run time, and it may cross where code may not. */
  readonly typeOnly: boolean;
  /** An `import()`: loaded on use, so it cannot close a cycle at start-up. */
  readonly dynamic: boolean;
}

const STATIC = /^(?:import|export)\s+(type\s+)?(?:[^;]*?\sfrom\s+)?'(\.{1,2}\/[^']+)';/gm;
const DYNAMIC = /\bimport\('(\.{1,2}\/[^']+)'\)/g;

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  const target = (specifier: string) =>
    path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier));
  const found: Import[] = [];
  for (const match of text.matchAll(STATIC)) {
    found.push({ from: file, to: target(match[2] ?? ''), typeOnly: match[1] !== undefined, dynamic: false });
  }
  for (const match of text.matchAll(DYNAMIC)) {
    found.push({ from: file, to: target(match[1] ?? ''), typeOnly: false, dynamic: true });
  }
  return found;
}

const sources = files('src', '.ts');
const imports = sources.flatMap(importsOf);

/** The folder of `src/lib` that a file is in, `commands`, or `main`. */
function place(file: string): string {
  const parts = file.split('/');
  return parts[1] === 'lib' ? (parts[2] ?? '') : parts[1] === 'commands' ? 'commands' : 'main';
}

/** What every place may use: words, time, errors; and the types of a project. */
const GROUND = new Set(['base']);
/** Layers that capabilities stand on. */
const BELOW = new Set(['base', 'aws', 'artifacts', 'hosts', 'prices', 'cron']);
/** What a project is made of: the words that all capabilities share. */
const MODEL = 'src/lib/project/model.ts';
/** Places that join capabilities; only these may import several of them. */
const COMPOSERS = new Set(['commands', 'main', 'cli', 'deploy', 'desks']);
/** Two composers that share what joining takes: what a value is now, a project's outputs, the services of a run. */
const JOINED = new Set(['deploy', 'desks']);

describe('the layers', () => {
  it('reads the whole import graph', () => {
    expect(sources.length).toBeGreaterThan(30);
    expect(imports.length).toBeGreaterThan(100);
    for (const { from, to } of imports) expect(sources, `${from} imports ${to}`).toContain(to);
  });

  it('lib never imports a command, and only composers import cli', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        (from.startsWith('src/lib/') && place(to) === 'commands') ||
        (place(to) === 'cli' && !['cli', 'commands', 'main'].includes(place(from))),
    );
    expect(wrong).toEqual([]);
  });

  it('base stands on nothing, aws, artifacts and hosts on what is below them', () => {
    const wrong = imports.filter(({ from, to, typeOnly }) => {
      if (place(from) === 'base') return place(to) !== 'base';
      if (place(from) === 'aws') return !typeOnly && !['base', 'aws'].includes(place(to));
      if (place(from) === 'cron') return !['base', 'cron'].includes(place(to));
      if (place(from) === 'artifacts') return !['base', 'aws', 'artifacts'].includes(place(to));
      if (place(from) === 'hosts') return !['base', 'aws', 'hosts'].includes(place(to)) && to !== MODEL;
      return false;
    });
    expect(wrong).toEqual([]);
  });

  it("a capability imports no other capability, but for a project's words", () => {
    const wrong = imports.filter(({ from, to }) => {
      if (COMPOSERS.has(place(from)) || BELOW.has(place(from)) || place(from) === place(to)) return false;
      if (GROUND.has(place(to)) || BELOW.has(place(to))) return false;
      return to !== MODEL;
    });
    expect(wrong).toEqual([]);
  });

  it('composers enter a capability by its index', () => {
    const wrong = imports.filter(({ from, to, typeOnly }) => {
      const inside = place(to);
      if (place(from) === inside || !COMPOSERS.has(place(from)) || typeOnly) return false;
      if (JOINED.has(place(from)) && JOINED.has(inside)) return false;
      if (GROUND.has(inside) || BELOW.has(inside) || ['cli', 'commands', 'main'].includes(inside))
        return false;
      return !to.endsWith('/index.ts') && to !== MODEL;
    });
    expect(wrong).toEqual([]);
  });

  it('has no import cycle at load time', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to, typeOnly, dynamic } of imports) {
      if (!typeOnly && !dynamic) edges.set(from, [...(edges.get(from) ?? []), to]);
    }
    const done = new Set<string>();
    const walk = (file: string, trail: string[]): void => {
      if (trail.includes(file)) throw new Error(`cycle: ${[...trail, file].join(' → ')}`);
      if (done.has(file)) return;
      for (const next of edges.get(file) ?? []) walk(next, [...trail, file]);
      done.add(file);
    };
    for (const file of sources) walk(file, []);
  });
});

describe('start-up', () => {
  it('loads an SDK client in one file a service, and nowhere else', () => {
    const wrong = sources.filter(
      (file) =>
        !file.startsWith('src/lib/aws/') &&
        /^import (?!type)[\s\S]*?from '@aws-sdk\/client-/m.test(readFileSync(path.join(root, file), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  it('imports those files only on use', () => {
    const clients = new Set(
      sources.filter((file) =>
        /^import (?!type)[\s\S]*?from '@aws-sdk\/client-/m.test(readFileSync(path.join(root, file), 'utf8')),
      ),
    );
    // What is inside `aws` is loaded on use already.
    const wrong = imports.filter(
      ({ from, to, typeOnly, dynamic }) => clients.has(to) && !typeOnly && !dynamic && !clients.has(from),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the style of the house', () => {
  const lines = (file: string) => readFileSync(path.join(root, file), 'utf8').split('\n').length - 1;

  it('keeps files short enough to be one thought', () => {
    const long = [
      ...sources.map((file) => ({ file, most: file.startsWith('src/commands/') ? 80 : 400 })),
      ...files('test', '.ts').map((file) => ({ file, most: 600 })),
    ].filter(({ file, most }) => lines(file) > most);
    expect(long).toEqual([]);
  });

  it('capabilities neither print nor throw bare errors', () => {
    const wrong = sources
      .filter((file) => file.startsWith('src/lib/') && !file.startsWith('src/lib/cli/'))
      .filter((file) =>
        /console\.(log|error|warn)|process\.std(out|err)\.write|throw new Error\(/.test(
          readFileSync(path.join(root, file), 'utf8'),
        ),
      );
    expect(wrong).toEqual([]);
  });
});
