import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../base/errors.ts';

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** A time of the command line in milliseconds: `90` (seconds), `5m`, `1h30m`, `2d`; undefined when it is none. */
export function parseTime(written: string): number | undefined {
  const text = /^\d+$/.test(written) ? `${written}s` : written;
  if (!/^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([dhms])/g))
    ms += Number(count) * (UNITS[unit as string] ?? 0);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/**
 * The same of a flag, which wants some time.
 *
 * @throws UsageError `BadDuration`
 */
export function millisecondsOf(flag: string, written: string): number {
  const ms = parseTime(written);
  if (ms) return ms;
  throw bad(`${flag} ${written}`);
}

/** A flag that takes some time, given on as milliseconds. */
export const timeFlag = (description: string, fallback?: string) =>
  Flags.custom<number>({
    description,
    ...(fallback === undefined ? {} : { default: parseTime(fallback), defaultHelp: async () => fallback }),
    parse: async (text) => {
      const ms = parseTime(text);
      if (ms) return ms;
      throw bad(JSON.stringify(text));
    },
  })();

const bad = (what: string) =>
  new UsageError({
    code: 'BadDuration',
    message: `${what} is no duration.`,
    suggestions: ['Write it as 90 (seconds), 5m, 1h30m or 2d.'],
  });
