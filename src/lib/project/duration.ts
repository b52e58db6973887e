const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
export const DURATION = /^(?=\d)(\d+h)?(\d+m)?(\d+s)?$/;

/** A duration of the configuration in milliseconds: `90` (seconds), `5m`, `1h30m`; undefined when it is none. */
export function parseDuration(written: unknown): number | undefined {
  if (typeof written === 'number') {
    return Number.isFinite(written) && written > 0 ? Math.round(written * 1000) : undefined;
  }
  if (typeof written !== 'string') return undefined;
  const text = /^\d+$/.test(written) ? `${written}s` : written;
  if (!DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([hms])/g))
    ms += Number(count) * (UNITS[unit as string] ?? 0);
  return ms > 0 && Number.isSafeInteger(ms) ? ms : undefined;
}

/** Milliseconds as the configuration would write them: `1h30m`. */
export function writtenDuration(ms: number): string | number {
  if (ms % 1000 !== 0) return ms / 1000;
  let rest = ms / 1000;
  let text = '';
  for (const [unit, seconds] of [
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) text += `${count}${unit}`;
  }
  return text;
}

/** Whether a word of a command line is a duration: `90`, `5m`, `1h30m`. */
export function isDuration(word: string | undefined): boolean {
  return word !== undefined && DURATION.test(/^\d+$/.test(word) ? `${word}s` : word);
}
