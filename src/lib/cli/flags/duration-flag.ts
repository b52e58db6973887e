import * as Flags from '@oclif/core/flags';
import { readDuration } from '../../base/duration.ts';
import { UsageError } from '../../base/errors.ts';

/**
 * A duration of the command line in milliseconds: see `readDuration`. A flag wants some time.
 *
 * @throws UsageError `BadDuration`
 */
export function millisecondsOf(flag: string, written: string): number {
  const ms = readDuration(written);
  if (ms) return ms;
  throw bad(`${flag} ${written}`);
}

/** A flag that takes some time, given on as milliseconds. */
export const timeFlag = (description: string, fallback?: string) =>
  Flags.custom<number>({
    description,
    ...(fallback === undefined ? {} : { default: readDuration(fallback), defaultHelp: async () => fallback }),
    parse: async (text) => {
      const ms = readDuration(text);
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
