const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** A duration with its units, the larger first. */
export const DURATION = /^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/;

/**
 * A duration as it is written everywhere, on the command line and in the configuration: `90` (seconds), `5m`, `1h30m`,
 * `2d`.
 *
 * @returns milliseconds; undefined when it is none
 */
export function readDuration(written: string): number | undefined {
  const text = /^\d+$/.test(written) ? `${written}s` : written;
  if (!DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([dhms])/g))
    ms += Number(count) * (UNITS[unit as string] ?? 0);
  return Number.isSafeInteger(ms) ? ms : undefined;
}
