import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration, writtenDuration } from '../../../src/lib/project/duration.ts';
import { merge } from '../../../src/lib/project/merge.ts';
import { formatProblem } from '../../../src/lib/project/problems.ts';
import { applyRenames } from '../../../src/lib/project/renames.ts';
import { parseSource } from '../../../src/lib/project/source.ts';

describe('durations', () => {
  it.each([
    [90, 90_000],
    ['90', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['2h5s', 7_205_000],
    ['5d', 432_000_000],
    [0.5, 500],
  ])('%s is %i ms', (written, ms) => expect(parseDuration(written)).toBe(ms));

  it.each([[0], [-1], [''], ['m'], ['5 m'], ['30s5m'], ['0m'], [Number.NaN], [null], [true], [[5]]])(
    '%s is none',
    (written) => expect(parseDuration(written)).toBeUndefined(),
  );

  it('are written as they are read', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (ms) => {
        expect(parseDuration(writtenDuration(ms))).toBe(ms);
      }),
    );
  });
});

const tree = fc.letrec((tie) => ({
  map: fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), tie('any'), { maxKeys: 4 }),
  any: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.constant(null), fc.array(fc.integer()), tie('map')),
})).map;

describe('merging', () => {
  it('with nothing changes nothing, and twice is as good as once', () => {
    fc.assert(
      fc.property(tree, tree, (base, override) => {
        const once = merge(base, override);
        expect(merge(base, {})).toEqual(merge(base, undefined));
        expect(merge(once, override)).toEqual(once);
      }),
    );
  });

  it('leaves no null behind, changes neither input, and the override wins', () => {
    fc.assert(
      fc.property(tree, tree, (base, override) => {
        const before = JSON.stringify([base, override]);
        const merged = merge(base, override) as Record<string, unknown>;
        expect(JSON.stringify([base, override])).toBe(before);
        expect(JSON.stringify(merged)).not.toContain('null');
        for (const [key, value] of Object.entries(override)) {
          if (value === null) expect(Object.hasOwn(merged, key)).toBe(false);
          else if (typeof value !== 'object' || Array.isArray(value)) expect(merged[key]).toEqual(value);
        }
        for (const key of Object.keys(base)) {
          if (!Object.hasOwn(override, key) && base[key] !== null)
            expect(Object.hasOwn(merged, key)).toBe(true);
        }
      }),
    );
  });

  it('replaces what is whole, and one of several that exclude each other', () => {
    const rules = { wholes: [['*', 'ref']], exclusive: ['image', 'zip'] };
    const base = { f: { ref: { a: 1, b: 2 }, image: 'x', other: { c: 1 } } };
    expect(merge(base, { f: { ref: { c: 3 }, zip: 'z', other: { d: 2 } } }, rules)).toEqual({
      f: { ref: { c: 3 }, zip: 'z', other: { c: 1, d: 2 } },
    });
    expect(merge(base, { f: { zip: null } }, rules)).toEqual(base);
  });
});

describe('a key with a new name', () => {
  const parse = (text: string) =>
    parseSource({ path: '/x/infractl.yaml', shown: 'infractl.yaml', text, warnings: [] });
  const renames = [{ within: ['stacks', '*'], from: 'stackName', to: 'name' }];

  it('goes on working, in overrides too, with a warning each', () => {
    const source = parse(
      'stacks:\n  a:\n    stackName: x\nenvironments:\n  dev: { stacks: { a: { stackName: y } } }\n',
    );
    expect(applyRenames(source, renames)).toEqual([
      'infractl.yaml:3: "stackName" is now called "name"; the old name still works.',
      'infractl.yaml:5: "stackName" is now called "name"; the old name still works.',
    ]);
    expect(source.data()).toEqual({
      stacks: { a: { name: 'x' } },
      environments: { dev: { stacks: { a: { name: 'y' } } } },
    });
    expect(source.locate(['stacks', 'a', 'name'])).toEqual({ file: 'infractl.yaml', line: 3, column: 16 });
  });

  it('beside its new name stays what it is', () => {
    const source = parse('stacks: { a: { stackName: x, name: y } }\n');
    expect(applyRenames(source, renames)).toEqual([]);
    expect(source.data()).toEqual({ stacks: { a: { stackName: 'x', name: 'y' } } });
  });
});

describe('a quoted line', () => {
  it('has its caret under the column, at any length, and no control characters', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.nat(99_999), (column, line) => {
        const quote = `${'\t'.repeat(column - 1)}X${'\u001b[31m'.repeat(60)}`;
        const text = formatProblem({ file: 'f', line: line + 1, column, message: 'm', quote });
        const [, quoted, caret] = text.split('\n') as [string, string, string];
        expect(quoted[caret.indexOf('^')]).toBe('X');
        expect(quoted.length).toBeLessThan(120);
        expect(text).not.toMatch(/[\u001b\t]/);
      }),
    );
  });
});
