import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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

describe('which releases may go', () => {
  const source = readFileSync(path.join(root, 'src/lib/releases/agent/2_place.py'), 'utf8');
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
