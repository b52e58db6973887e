import { UsageError } from '../../base/errors.ts';
import { parseWhen } from '../../base/when.ts';

/**
 * A moment given as a flag, in milliseconds since 1970: see `parseWhen`.
 *
 * @throws UsageError `BadTime`
 */
export function whenOf(flag: string, written: string, now: number): number {
  const when = parseWhen(written, now);
  if (when !== undefined) return when;
  throw new UsageError({
    code: 'BadTime',
    message: `${flag} ${JSON.stringify(written)} is no time.`,
    suggestions: ['Write it as 5m, 1h30m, "2 hours ago", "yesterday 14:00" or 2026-01-05T09:00:00Z.'],
  });
}
