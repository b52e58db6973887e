import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { substitute } from '../../../src/lib/project/substitute.ts';
import type { Draft } from '../../../src/lib/starting/draft.ts';
import { renderDraft, scalar } from '../../../src/lib/starting/render.ts';
import { envLine, secretFiles } from '../../../src/lib/starting/secrets-files.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', ':', '#', ' ', '"', "'", '\n', '-', '\u0007', '0') }),
  fc.constantFrom(
    'yes',
    'null',
    '~',
    '0123',
    '1e3',
    '2012-10-17',
    '<<',
    '*a',
    '&a',
    '!x',
    ['$', '{project}'].join(''),
    ['$$', '{x}'].join(''),
    '0x1F',
  ),
);

describe('scalar', () => {
  it('comes back from YAML as the text that it was, with nothing filled in', () => {
    fc.assert(
      fc.property(text, (value) => {
        const read = parse(`k: ${scalar(value)}\n`) as { k: unknown };
        expect(substitute(read.k, { project: 'P', x: 'X', a: 'A' }, () => {})).toBe(value);
      }),
    );
  });
});

describe('a line of .env.secrets', () => {
  it('comes back as the value that it was, or is not written', () => {
    fc.assert(
      fc.property(text, (value) => {
        const line = envLine('A_SECRET', value);
        if (line !== undefined) expect(parseEnv(line)).toEqual({ A_SECRET: value });
      }),
    );
    expect(envLine('A', `it's "so" # x`)).toBeDefined();
  });

  it('is commented out where nobody knows the value: an empty one would be a value', () => {
    const [file] = secretFiles([
      { variable: 'A', environment: undefined, value: undefined },
      { variable: 'B', environment: undefined, value: 'b' },
    ]);
    expect(file).toMatchObject({ path: '.env.secrets', private: true });
    expect(parseEnv(file?.text ?? '')).toEqual({ B: 'b' });
    expect(file?.text).toContain('# A=');
  });
});

const draft: Draft = {
  from: 'a test',
  project: 'shop',
  region: 'eu-west-3',
  profile: 'work',
  environments: [
    { name: 'dev', about: 'One.', stacks: [] },
    {
      name: 'prod',
      about:
        'Another one, which is explained with so many words that no terminal has room for them behind the line itself.',
      region: 'eu-west-1',
      profile: 'production',
      protected: true,
      stacks: [{ name: 'app', stackName: 'shop-live', parameters: {}, tags: { 'a: b': 'c # d' } }],
    },
  ],
  stacks: [
    {
      name: 'app',
      template: 'infra/app.yaml',
      terminationProtection: true,
      parameters: {
        A: { value: { is: 'literal', text: '1: 2' }, about: 'A\nB' },
        B: { value: { is: 'variable', name: 'B' }, about: 'b' },
        C: { value: { is: 'open' }, about: 'c' },
      },
      tags: {},
    },
  ],
  hosts: [{ name: 'web', about: 'w', output: 'app.Id' }],
  functions: [{ name: 'api', functionName: 'shop-api' }],
};

describe('renderDraft', () => {
  it('explains each line, behind it or above it', () => {
    const lines = renderDraft(draft).split('\n');
    for (const [at, line] of lines.entries()) {
      if (line.trim() === '' || line.trim().startsWith('#')) continue;
      const explained = / {2}# \S/.test(line) || /^ *# \S/.test(lines[at - 1] ?? '');
      expect([line, explained]).toEqual([line, true]);
    }
  });

  it('says what the draft says', () => {
    expect(parse(renderDraft(draft))).toEqual({
      project: 'shop',
      region: 'eu-west-3',
      profile: 'work',
      environments: {
        dev: {},
        prod: {
          region: 'eu-west-1',
          profile: 'production',
          protected: true,
          stacks: { app: { name: 'shop-live', tags: { 'a: b': 'c # d' } } },
        },
      },
      stacks: {
        app: {
          template: 'infra/app.yaml',
          terminationProtection: true,
          parameters: { A: '1: 2', B: { env: 'B' } },
        },
      },
      hosts: { web: { instance: { output: 'app.Id' } } },
    });
  });
});
