import { readDuration } from '../base/duration.ts';

/** A duration of the configuration in milliseconds, more than none: see `readDuration`. A number is seconds. */
export function parseDuration(written: unknown): number | undefined {
  if (typeof written === 'number')
    return Number.isFinite(written) && written > 0 ? Math.round(written * 1000) : undefined;
  return typeof written === 'string' ? readDuration(written) || undefined : undefined;
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
