import { describe, expect, it } from 'vitest';
import { type LogEvent, Matches } from '../../../src/lib/logs/index.ts';

let ms = 0;
const line = (message: string, more: Partial<LogEvent> = {}): LogEvent => ({
  id: `${ms}`,
  at: ms++,
  group: 'g',
  stream: 's',
  message,
  ...more,
});
const ERROR = line('TypeError: x is not a function');
const OTHER = line('GET / 200', { stream: 't' });
const FRAMES = [line('    at a (index.js:1)'), line('    at b (store.js:2)')];
const CAUSE = line('Caused by: no database');
const NEXT = line('next');
const ALL = [ERROR, OTHER, ...FRAMES, CAUSE, NEXT];
const STACK = [ERROR, ...FRAMES, CAUSE];

describe('what matches', () => {
  it('an error and its stack are one, whichever of its lines matches', () => {
    for (const pattern of [/TypeError/, /store\.js/, /no database/])
      expect(new Matches(pattern).of(ALL)).toEqual(STACK);
    expect(new Matches(/GET/).of(ALL)).toEqual([OTHER]);
    expect(new Matches(/next/).of(ALL)).toEqual([NEXT]);
    expect(new Matches(/nowhere/).of(ALL)).toEqual([]);
  });

  it('the same where the lines come one after the other', () => {
    const matches = new Matches(/TypeError/);
    expect(ALL.flatMap((event) => matches.of([event]))).toEqual(STACK);
  });

  it('a line of another stream, of much later or of before is none of it', () => {
    const strangers = [
      line('  indented', { stream: 't' }),
      line('  indented', { group: 'h' }),
      line('  indented', { at: ERROR.at + 5000 }),
      line('  indented', { at: ERROR.at - 5000 }),
    ];
    for (const stranger of strangers) expect(new Matches(/TypeError/).of([ERROR, stranger])).toEqual([ERROR]);
  });
});
