import { describe, expect, test } from 'vitest';
import { type FolderState, parseIgnore } from '../../../src/lib/images/ignore.ts';

/** Whether the patterns keep the path out, as a walk from the root would find it. */
function ignored(text: string, path: string): boolean {
  const rules = parseIgnore(text, '.dockerignore');
  let state: FolderState & { ignored?: boolean } = rules.root;
  const parts = path.split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    state = rules.enter(state, parts.slice(0, depth).join('/'));
  }
  return state.ignored === true;
}

// Expected values are those of Docker's own matcher (moby/patternmatcher 0.6).
const TABLE: [patterns: string, path: string, ignored: boolean][] = [
  ['node_modules', 'node_modules', true],
  ['node_modules', 'node_modules/a/b.js', true],
  ['node_modules', 'packages/a/node_modules', false],
  ['**/node_modules', 'packages/a/node_modules/x', true],
  ['**/node_modules', 'node_modules', true],
  ['/build', 'build/x', true],
  ['build/', 'build/x', true],
  ['./build', 'build', true],
  ['a//b', 'a/b', true],
  ['a/../b', 'b', true],
  ['../x', 'x', false],
  ['*.md', 'README.md', true],
  ['*.md', 'docs/README.md', false],
  ['**/*.md', 'docs/deep/README.md', true],
  ['**/*.md', 'README.md', true],
  ['docs/**', 'docs/a/b', true],
  ['docs/**', 'docs', false],
  ['docs/**/b', 'docs/b', true],
  ['docs/**/b', 'docs/x/y/b', true],
  ['docs/**/b', 'docs/xb', false],
  ['**', 'anything/at/all', true],
  ['**.log', 'a/b.log', true],
  ['te?t', 'test', true],
  ['te?t', 'te/t', false],
  ['[a-c]x', 'bx', true],
  ['[^a-c]x', 'bx', false],
  ['[^a-c]x', 'dx', true],
  ['a+b(1).txt', 'a+b(1).txt', true],
  ['a+b', 'aab', false],
  ['.git', '.gitignore', false],
  ['a.b', 'axb', false],
  ['x{1,2}', 'x1', false],
  ['\\*', '*', true],
  ['\\*', 'a', false],
  ['c\\[d', 'c[d', true],
  ['ä?', 'äö', true],
  ['# a comment\nx', 'x', true],
  ['#x', '#x', false],
  ['  spaced  ', 'spaced', true],
  ['\uFEFFx', 'x', true],
  ['x\r\ny', 'x', true],
  ['\n\n', 'x', false],
  ['*\n!keep', 'keep', false],
  ['*\n!keep', 'keep/in/here', false],
  ['*\n!keep', 'other', true],
  ['*\n! keep', 'keep', false],
  ['*.md\n!README.md', 'README.md', false],
  ['*.md\n!README*.md\nREADME-secret.md', 'README-secret.md', true],
  ['*.md\nREADME-secret.md\n!README*.md', 'README-secret.md', false],
  ['a\n!a/b', 'a/b', false],
  ['a\n!a/b', 'a/c', true],
  ['a\n!a/b\na/b/c', 'a/b/c', true],
  ['!x\nx', 'x', true],
  // Docker's two ways of looking at folders disagree here: the file counts as sent.
  ['a\n!a/b\n*', 'a/b', false],
];

describe('what .dockerignore keeps out', () => {
  test.each(TABLE)('%j and %s: %s', (patterns, path, expected) => {
    expect(ignored(patterns, path)).toBe(expected);
  });

  test.each(['[a', 'x/[', 'a\\', '!', '\\d'])('%j is refused with its line', (pattern) => {
    expect(() => parseIgnore(`ok\n\n${pattern}`, '/p/.dockerignore')).toThrow(
      expect.objectContaining({
        code: 'BadIgnorePattern',
        exit: 2,
        message: expect.stringContaining('/p/.dockerignore, line 3'),
      }),
    );
  });

  test('an ignored folder is entered only where an exception may be below it', () => {
    const rules = parseIgnore('*\n!src/**/*.ts\n!keep', 'x');
    expect(rules.mayHoldException('src')).toBe(true);
    expect(rules.mayHoldException('src/deep')).toBe(true);
    expect(rules.mayHoldException('node_modules')).toBe(false);
    expect(parseIgnore('*\n!**/x', 'x').mayHoldException('any')).toBe(true);
    expect(parseIgnore('*', 'x').mayHoldException('any')).toBe(false);
  });
});
