import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { painter } from '../../../src/lib/cli/terminal.ts';
import { harmlessJson, tamed } from '../../../src/lib/cli/views/harmless.ts';

const DRIVES = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/;
/** Texts in which control characters are frequent. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        '\u001B[2J',
        '\u001B]0;title\u0007',
        '\u009B1A',
        '\r',
        '\r\n',
        '\n',
        '\t',
        '\u001B[31m',
        '\u202E',
      ),
    ),
  )
  .map((parts) => parts.join(''));

describe('what is shown drives no terminal', () => {
  it('whatever came from AWS or a host', () => {
    fc.assert(fc.property(hostile, (text) => !DRIVES.test(tamed(text, false))));
    fc.assert(
      fc.property(hostile, (text) => !DRIVES.test(tamed(text, true).replace(/\u001B\[[\d;]*m/g, ''))),
    );
  });

  it('and keeps its own colours, lines and tabs', () => {
    const paint = painter(true, 8);
    const text = `${paint('red', 'failed')}\tone\ntwo`;
    expect(tamed(text, true)).toBe(text);
    expect(tamed('a\u001B[2Jb\r\nc', true)).toBe('a\\x1b[2Jb\nc');
    expect(tamed(paint('red', 'x'), false)).not.toContain('\u001B');
    expect(tamed('a\u202Eb', true)).toBe('a\\u202eb');
  });

  it('JSON says the same as before', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const json = harmlessJson(JSON.stringify({ text }));
        return !DRIVES.test(json) && JSON.parse(json).text === text;
      }),
    );
  });
});
