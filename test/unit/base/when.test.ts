import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWhen } from '../../../src/lib/base/when.ts';

const NOW = new Date(2026, 0, 5, 9, 30, 0).getTime();
const local = (...parts: [number, number, number, number?, number?, number?]) => new Date(...parts).getTime();

describe('a moment as people write it', () => {
  it.each([
    ['5m', NOW - 300_000],
    ['1h30m', NOW - 5_400_000],
    ['90s', NOW - 90_000],
    ['2 hours ago', NOW - 7_200_000],
    ['1 day, 2 hours ago', NOW - 26 * 3_600_000],
    ['3 days', NOW - 3 * 86_400_000],
    ['1w', NOW - 7 * 86_400_000],
    ['1.5h', NOW - 5_400_000],
    ['now', NOW],
    ['today', local(2026, 0, 5)],
    ['yesterday', local(2026, 0, 4)],
    ['yesterday 14:00', local(2026, 0, 4, 14)],
    ['yesterday at 14:00', local(2026, 0, 4, 14)],
    ['Today 08:15', local(2026, 0, 5, 8, 15)],
    ['08:15', local(2026, 0, 5, 8, 15)],
    ['22:00', local(2026, 0, 4, 22)],
    ['2026-01-03', local(2026, 0, 3)],
    ['2026-01-03 14:05:09', local(2026, 0, 3, 14, 5, 9)],
    ['2026-01-03T14:05:09Z', Date.UTC(2026, 0, 3, 14, 5, 9)],
    ['2026-01-03T14:05:09.123+02:00', Date.UTC(2026, 0, 3, 12, 5, 9, 123)],
  ])('%s', (written, expected) => expect(parseWhen(written, NOW)).toBe(expected));

  it.each(['', '5', 'm5', 'tomorrow', '25:00', '2026-13-40', '5 parsecs', 'ago', 'yesterday 99:00', '-5m'])(
    '%j is none',
    (written) => expect(parseWhen(written, NOW)).toBeUndefined(),
  );

  it('is never in the future for a time that says how long ago', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.constantFrom('s', 'm', 'h', 'd', 'w', ' minutes ago'), (count, unit) => {
        expect(parseWhen(`${count}${unit}`, NOW)).toBeLessThanOrEqual(NOW);
      }),
    );
  });
});
