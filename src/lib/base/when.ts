const UNITS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};
const WORDS = /(\d+(?:\.\d+)?)\s*(weeks?|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|[wdhms])(?![a-z])/gi;
const ALL_WORDS = new RegExp(`^(?:${WORDS.source}[\\s,]*)+(ago)?$`, 'i');
const CLOCK = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * A moment as people write it: `5m`, `1h30m`, `2 hours ago`, `yesterday 14:00`, `14:05`, `2026-01-05`,
 * `2026-01-05 14:00`, ISO 8601, or `now`. Without a zone it is local time; a clock time that is still to
 * come today means yesterday's.
 *
 * @param now milliseconds since 1970
 * @returns milliseconds since 1970; undefined when it is no time
 */
export function parseWhen(written: string, now: number): number | undefined {
  const text = written.trim();
  if (text === '') return undefined;
  if (/^now$/i.test(text)) return now;
  if (ALL_WORDS.test(text)) {
    let ms = 0;
    for (const [, count, unit] of text.matchAll(WORDS))
      ms += Number(count) * (UNITS[(unit as string)[0]?.toLowerCase() ?? ''] ?? 0);
    return now - ms;
  }
  const [day = '', time = ''] = text.split(/\s+(?:at\s+)?/i);
  if (/^(?:today|yesterday)$/i.test(day)) {
    const start = midnight(now, /^y/i.test(day) ? -1 : 0);
    return time === '' ? start : atClock(start, time);
  }
  if (CLOCK.test(text)) {
    const today = atClock(midnight(now, 0), text);
    return today !== undefined && today > now ? atClock(midnight(now, -1), text) : today;
  }
  if (DAY.test(day)) {
    const start = new Date(`${day}T00:00:00`).getTime();
    if (Number.isNaN(start)) return undefined;
    if (time === '') return start;
    if (CLOCK.test(time)) return atClock(start, time);
  }
  const iso = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(text) ? new Date(text).getTime() : Number.NaN;
  return Number.isNaN(iso) ? undefined : iso;
}

function midnight(now: number, days: number): number {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days).getTime();
}

function atClock(day: number, time: string): number | undefined {
  const [, hours = '', minutes = '', seconds = '0'] = CLOCK.exec(time) ?? [];
  if (hours === '' || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const date = new Date(day);
  date.setHours(Number(hours), Number(minutes), Number(seconds), 0);
  return date.getTime();
}
