import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { environmentText } from '../../../src/lib/releases/order.ts';
import { root } from '../../helpers/cli.ts';

describe('the environment of a release', () => {
  it('is sorted, quoted, and read by systemd as it was', () => {
    const text = environmentText({ B: 'a "b" \\ $HOME `id`', A: 'x\ny' });
    expect(text).toBe('A="x\ny"\nB="a \\"b\\" \\\\ \\$HOME \\`id\\`"\n');
  });

  it('cannot break out of its line', () => {
    fc.assert(
      fc.property(
        fc.string().filter((value) => !value.includes('\0')),
        (value) => {
          const text = environmentText({ A: value });
          const inside = text.slice('A="'.length, -'"\n'.length);
          expect(inside.replace(/\\(["\\$`])/g, '$1')).toBe(value);
          expect(inside.replace(/\\./g, '')).not.toContain('"');
        },
      ),
    );
  });

  it('holds no zero byte', () => {
    expect(() => environmentText({ A: 'a\0b' })).toThrow(
      expect.objectContaining({ code: 'BadEnvironment', exit: 2 }),
    );
  });
});

const source = readFileSync(path.join(root, 'src/lib/releases/agent/2_place.py'), 'utf8');

describe('a release that is removed', () => {
  const remove = /^def remove_release[\s\S]*?\n(?=\n\n)/m.exec(source)?.[0] ?? '';

  it('is none any more when its host goes down half-way; the next order removes what is left', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'infractl-remove-'));
    const releases = path.join(folder, 'releases');
    const run = (name: string, more = '') =>
      spawnSync(
        'python3',
        [
          '-c',
          `import os,shutil,sys,types\n${remove}\n${more}\nremove_release(types.SimpleNamespace(releases=sys.argv[1], env=sys.argv[1]), sys.argv[2])`,
          releases,
          name,
        ],
        { encoding: 'utf8' },
      );
    try {
      mkdirSync(path.join(releases, 'a/app'), { recursive: true });
      writeFileSync(path.join(releases, 'a/app/index.js'), '');
      const dies = `def dies(path, ignore_errors):\n  if os.path.exists(path): os._exit(9)\nshutil.rmtree = dies`;
      expect(run('a', dies).status).toBe(9);
      expect(readdirSync(releases)).toEqual(['a.gone']);
      expect(run('a.gone')).toMatchObject({ status: 0, stderr: '' });
      expect(readdirSync(releases)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('which releases may go', () => {
  const decide = /^def to_prune[\s\S]*?\n(?=\n\n)/m.exec(source)?.[0] ?? '';
  interface Case {
    readonly entries: readonly { readonly id: string; readonly result: string }[];
    readonly here: readonly string[];
    readonly keep: number;
    readonly protected: readonly string[];
  }
  /** All cases in one Python: starting it takes longer than deciding. */
  function pruned(cases: readonly Case[]): string[][] {
    const program = `${decide}\nimport json,sys\nprint(json.dumps([to_prune(c["entries"],c["here"],c["keep"],c["protected"]) for c in json.load(sys.stdin)]))`;
    return JSON.parse(
      execFileSync('python3', ['-c', program], { input: JSON.stringify(cases), encoding: 'utf8' }),
    );
  }

  it('keeps what runs and the newest good ones; a failed one never pushes out a good one', () => {
    const id = fc.constantFrom(...'abcdefgh');
    const one = fc.record({
      entries: fc.array(fc.record({ id, result: fc.constantFrom('good', 'failed') }), { maxLength: 20 }),
      here: fc.uniqueArray(id),
      keep: fc.integer({ min: 1, max: 4 }),
      protected: fc.array(id, { maxLength: 2 }),
    });
    const cases = fc.sample(one, 500);
    pruned(cases).forEach((gone, i) => {
      const { entries, here, keep, protected: safe } = cases[i] as Case;
      const last = new Map(entries.map(({ id: name, result }) => [name, result]));
      const stays = here.filter((name) => !gone.includes(name));
      for (const name of gone) {
        expect(here).toContain(name);
        expect(safe).not.toContain(name);
      }
      const good = here.filter((name) => last.get(name) === 'good');
      expect(stays.filter((name) => last.get(name) === 'good').length).toBeGreaterThanOrEqual(
        Math.min(keep, good.length),
      );
      const newest = [...new Set(entries.toReversed().map(({ id: name }) => name))].filter((name) =>
        good.includes(name),
      );
      expect(stays).toEqual(expect.arrayContaining(newest.slice(0, keep)));
      for (const name of stays)
        expect(safe.includes(name) || newest.slice(0, keep).includes(name)).toBe(true);
    });
  });
});
