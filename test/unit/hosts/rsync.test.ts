import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bracketed, remoteShell } from '../../../src/lib/hosts/rsync.ts';

/** As rsync reads the value of --rsh: split at spaces; in quotes a doubled one stands for itself. */
function asRsyncSplits(text: string): string[] {
  const words: string[] = [];
  for (const [word] of text.matchAll(/(?:[^ '"]|'(?:[^']|'')*'|"(?:[^"]|"")*")+/g))
    words.push(word.replace(/'((?:[^']|'')*)'/g, (_, inside: string) => inside.replaceAll("''", "'")));
  return words;
}

describe('the way that rsync goes', () => {
  it.each([
    ['ubuntu@13.38.50.18', 'ubuntu@13.38.50.18'],
    ['web', 'web'],
    ['ubuntu@2a05:d012::1', 'ubuntu@[2a05:d012::1]'],
    ['::1', '[::1]'],
    ['root@[::1]', 'root@[::1]'],
  ])('leads to %s as %s', (where, wanted) => {
    expect(bracketed(where)).toBe(wanted);
  });

  it('has the same words after rsync has split it', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (words) => {
        expect(asRsyncSplits(remoteShell(words))).toEqual(words);
      }),
    );
  });
});
