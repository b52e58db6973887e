import { UsageError } from '../../base/errors.ts';

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/**
 * A duration given as a flag, in milliseconds: `90` (seconds), `5m`, `1h30m`, `2d`.
 *
 * @throws UsageError `BadDuration`
 */
export function millisecondsOf(flag: string, written: string): number {
  const text = /^\d+$/.test(written) ? `${written}s` : written;
  let ms = 0;
  if (/^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/.test(text))
    for (const [, count, unit] of text.matchAll(/(\d+)([dhms])/g))
      ms += Number(count) * (UNITS[unit as string] ?? 0);
  if (ms > 0 && Number.isSafeInteger(ms)) return ms;
  throw new UsageError({
    code: 'BadDuration',
    message: `${flag} ${written} is no duration.`,
    suggestions: ['Write it as 90 (seconds), 5m, 1h30m or 2d.'],
  });
}
