import fc from 'fast-check';
import { parse, stringify } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { tomlPlaces } from '../../../src/lib/starting/toml-places.ts';

const TEXT = `# [not.a.table]
version = 0.1

[default.deploy.parameters] # behind it
stack_name = "app = [x]"
parameter_overrides = [
  "A=1", # stack_name = "comment"
  "B=]",
]
notes = """
[in.a.text]
region = "x"
"""
'quoted key' = 1
a."b c".d = { e = 1, f = "}" }
  [prod.deploy.parameters]
  region = 'eu-west-3'`;

describe('tomlPlaces', () => {
  it.each([
    [['version'], 2, 1],
    [['default', 'deploy', 'parameters'], 4, 1],
    [['default', 'deploy', 'parameters', 'stack_name'], 5, 1],
    [['default', 'deploy', 'parameters', 'notes'], 10, 1],
    [['default', 'deploy', 'parameters', 'quoted key'], 14, 1],
    [['default', 'deploy', 'parameters', 'a', 'b c', 'd'], 15, 1],
    [['prod', 'deploy', 'parameters', 'region'], 17, 3],
  ])('%j is at %i:%i', (path, line, column) => {
    expect(tomlPlaces(TEXT)(path)).toEqual({ line, column });
  });

  it('what is in a text, a comment or a list is no table and no key', () => {
    const at = tomlPlaces(TEXT);
    for (const path of [
      ['not', 'a', 'table'],
      ['in', 'a', 'text'],
      ['default', 'deploy', 'parameters', 'region'],
    ])
      expect(at(path)).toBeUndefined();
  });

  it('finds every key of any file, where the text says its name; never hangs', () => {
    const key = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,8}$/);
    const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
    const table = fc.dictionary(
      key,
      fc.dictionary(key, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
      {
        noNullPrototype: true,
        maxKeys: 4,
      },
    );
    fc.assert(
      fc.property(table, (tables) => {
        const text = stringify(tables);
        const at = tomlPlaces(text);
        const lines = text.split('\n');
        for (const [name, own] of Object.entries(parse(text) as Record<string, object>))
          for (const inner of Object.keys(own)) {
            const place = at([name, inner]);
            expect(place && lines[place.line - 1]?.slice(place.column - 1)).toMatch(
              new RegExp(`^${inner} =`),
            );
          }
      }),
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '"', "'", '=', '\n', 'a', '#', '{', '\\') }),
        (text) => {
          tomlPlaces(text)(['a']);
        },
      ),
    );
  });
});
