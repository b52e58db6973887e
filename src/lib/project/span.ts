const DAY = 86_400_000;
const UNITS: Readonly<Record<string, number>> = {
  y: 365 * DAY,
  mo: 30 * DAY,
  w: 7 * DAY,
  d: DAY,
  h: DAY / 24,
};

/** A long span, as retention is written: years, months, weeks, days and hours. */
export const SPAN = /^(?=\d)(\d+y)?(\d+mo)?(\d+w)?(\d+d)?(\d+h)?$/;

/** `7d`, `36h`, `1y6mo` in milliseconds, a month as 30 days; undefined when it is none, or nothing. */
export function parseSpan(written: string): number | undefined {
  if (!SPAN.test(written)) return undefined;
  let ms = 0;
  for (const [, count, unit] of written.matchAll(/(\d+)(y|mo|w|d|h)/g))
    ms += Number(count) * (UNITS[unit as string] ?? 0);
  return ms > 0 && Number.isSafeInteger(ms) ? ms : undefined;
}
