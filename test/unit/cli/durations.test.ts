import { expect, it } from 'vitest';
import { millisecondsOf, timeFlag } from '../../../src/lib/cli/flags/duration-flag.ts';
import { lockChoice, withWait } from '../../../src/lib/cli/flags/lock-flags.ts';
import { timeoutsOf } from '../../../src/lib/cli/flags/manage-flags.ts';
import { span } from '../../../src/lib/cli/flags/span-flag.ts';

const MINUTE = 60_000;
const parsed = (flag: { parse: unknown }, text: string) =>
  (flag.parse as (text: string) => Promise<number>)(text);
const wait = timeFlag('how long');
const older = span({ description: 'how old', default: '30d' });
/** Each way that a flag takes a time. */
const ways: readonly [string, (text: string) => Promise<unknown>][] = [
  ['--for', async (text) => millisecondsOf('--for', text)],
  ['--wait', (text) => parsed(wait, text)],
  ['--timeout of stages', async (text) => timeoutsOf([`checks=${text}`]).checks],
  ['--wait for the lock', async (text) => lockChoice({ wait: text, 'no-lock': false }).wait],
  ['--older-than', (text) => parsed(older, text)],
];

it.each(ways)(
  '%s takes days, hours, minutes and seconds, and no number behind a unit',
  async (_name, way) => {
    for (const [text, ms] of [
      ['90s', 90_000],
      ['5m', 5 * MINUTE],
      ['1h30m', 90 * MINUTE],
      ['2d', 2 * 24 * 60 * MINUTE],
    ] as const)
      expect(await way(text), text).toBe(ms);
    // Thirty minutes, who would think; never seconds.
    for (const text of ['1h30', 'soon', '', '-5m', '5m1h'])
      await expect(way(text), text).rejects.toMatchObject({ exit: 2 });
  },
);

it('a number alone is seconds where one waits, and nothing where one looks back', async () => {
  for (const [name, way] of ways.slice(0, 4)) expect(await way('90'), name).toBe(90_000);
  await expect(parsed(older, '30')).rejects.toMatchObject({ exit: 2 });
  expect(await parsed(older, '0s')).toBe(0);
  await expect(parsed(wait, '0')).rejects.toMatchObject({ code: 'BadDuration' });
});

it('--wait of the lock may stand alone, and takes whatever is a duration behind it', () => {
  expect(withWait(['app', '--wait'])).toEqual(['app', '--wait=1h']);
  expect(withWait(['--wait', 'app'])).toEqual(['--wait=1h', 'app']);
  expect(withWait(['--wait', '1d', 'app'])).toEqual(['--wait', '1d', 'app']);
  expect(() => lockChoice({ wait: '0', 'no-lock': false })).toThrow('--wait 0 is no duration.');
});
