import { UsageError } from '../base/errors.ts';

/** A time of day on some days of the week. */
export interface When {
  readonly hour: number;
  readonly minute: number;
  /** 0 is Monday. In order; all seven for every day. */
  readonly days: readonly number[];
}

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const SHOWN = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const WORDS: Readonly<Record<string, string>> = {
  weekdays: 'mon-fri',
  weekends: 'sat-sun',
  daily: 'mon-sun',
};

/**
 * `20:00 Mon-Fri`, `07:30`, `6:00 Mon,Wed,Sat`, `22:00 weekdays`. Without days: every day.
 *
 * @throws UsageError `BadTime`
 */
export function parseWhen(text: string): When {
  const found = /^\s*([01]?\d|2[0-3]):([0-5]\d)(?:\s+([A-Za-z,-]+))?\s*$/.exec(text);
  const days = found && daysOf((found[3] ?? 'daily').toLowerCase());
  if (!found || !days) {
    throw new UsageError({
      code: 'BadTime',
      message: `"${text}" is no time of a schedule.`,
      suggestions: ['Write it as "20:00 Mon-Fri", "07:30" (every day) or "09:00 Mon,Wed,Sat".'],
    });
  }
  return { hour: Number(found[1]), minute: Number(found[2]), days };
}

function daysOf(text: string): number[] | undefined {
  const days = new Set<number>();
  for (const part of (WORDS[text] ?? text).split(',')) {
    const [from = '', to = from, ...more] = part.split('-').map((day) => day.slice(0, 3));
    const [first, last] = [DAYS.indexOf(from), DAYS.indexOf(to)];
    if (first === -1 || last === -1 || more.length > 0 || !/^([a-z]{3,9})(-[a-z]{3,9})?$/.test(part))
      return undefined;
    // Fri-Mon goes over the end of the week.
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return [...days].sort((a, b) => a - b);
}

/** As it is written back: `20:00 Mon-Fri`. */
export function writtenWhen({ hour, minute, days }: When): string {
  const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  if (days.length === 7) return time;
  const [first = 0, last = 0] = [days[0], days.at(-1)];
  const range = days.length > 2 && last - first === days.length - 1;
  return `${time} ${range ? `${SHOWN[first]}-${SHOWN[last]}` : days.map((day) => SHOWN[day]).join(',')}`;
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based */
export function schedulerCron({ hour, minute, days }: When): string {
  if (days.length === 7) return `cron(${minute} ${hour} * * ? *)`;
  return `cron(${minute} ${hour} ? * ${days.map((day) => DAYS[day]?.toUpperCase()).join(',')} *)`;
}

/** @throws UsageError `BadTimezone` */
export function checkTimezone(zone: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    throw new UsageError({
      code: 'BadTimezone',
      message: `"${zone}" is no time zone.`,
      suggestions: ['Write it as Europe/Paris, America/New_York or UTC.'],
    });
  }
}

/**
 * The moment at which a day begins in a zone, in milliseconds since 1970.
 *
 * @param day `2026-01-05`
 * @throws UsageError `BadDate`
 */
export function dayBegins(day: string, zone: string): number {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? [];
  const wanted = Date.UTC(Number(year), Number(month) - 1, Number(date));
  if (Number.isNaN(wanted) || new Date(wanted).toISOString().slice(0, 10) !== day) {
    throw new UsageError({
      code: 'BadDate',
      message: `"${day}" is no date.`,
      suggestions: ['Write it as 2026-01-05, or "now" to skip no longer.'],
    });
  }
  // Twice, because the offset at the first guess may be that of before a change of clocks.
  let at = wanted - offsetAt(wanted, zone);
  at = wanted - offsetAt(at, zone);
  return at;
}

/** How far a zone's clocks are ahead of UTC, in milliseconds. */
export function offsetAt(moment: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const part = Object.fromEntries(
    format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(moment / 1000) * 1000;
}
