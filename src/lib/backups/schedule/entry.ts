import { UsageError } from '../../base/errors.ts';
import { type CronLine, cronCommand, shellLine } from '../../cron/index.ts';

/** What is to be run at its time, and everything it needs to be run without anybody's shell. */
export interface Entry {
  /** `mbot-prod`: names the entry among others. */
  readonly name: string;
  /** The folder with infractl.yaml. */
  readonly folder: string;
  /** Absolute path of Node, absolute path of infractl's launcher, and the words of the command. */
  readonly argv: readonly string[];
  readonly at: Moment;
  /** Where cron writes what was printed. */
  readonly log: string;
}

/** A time of day on some days of the week, in the time zone of the machine. */
export interface Moment {
  readonly hour: number;
  readonly minute: number;
  /** 1 is Monday, 7 is Sunday; in order, each once. */
  readonly days: readonly number[];
  readonly written: string;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const EVERY = [1, 2, 3, 4, 5, 6, 7];

/**
 * `02:00`, `02:00 Mon-Fri`, `14:30 Sat,Sun`.
 *
 * @throws UsageError `BadMoment`
 */
export function parseMoment(written: string): Moment {
  const [, hour, minute, days] = /^([01]?\d|2[0-3]):([0-5]\d)(?:\s+(\S+))?$/.exec(written.trim()) ?? [];
  const chosen = days === undefined ? EVERY : parseDays(days);
  if (hour === undefined || minute === undefined || chosen === undefined) {
    throw new UsageError({
      code: 'BadMoment',
      message: `"${written}" is no time of the day.`,
      suggestions: ['Write it as 02:00, "02:00 Mon-Fri" or "14:30 Sat,Sun".'],
    });
  }
  return { hour: Number(hour), minute: Number(minute), days: chosen, written: written.trim() };
}

function parseDays(text: string): number[] | undefined {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [from, to, more] = part.split('-').map(dayOf);
    if (from === undefined || more !== undefined) return undefined;
    const last = part.includes('-') ? to : from;
    if (last === undefined) return undefined;
    // Sat-Mon goes over the end of the week.
    for (let day = from; ; day = (day % 7) + 1) {
      found.add(day);
      if (day === last) break;
    }
  }
  return [...found].sort((a, b) => a - b);
}

function dayOf(name: string): number | undefined {
  const at = DAYS.findIndex((day) => day.toLowerCase() === name.slice(0, 3).toLowerCase());
  return at < 0 ? undefined : at + 1;
}

/** As cron writes it: `0 2 * * 1-5`. */
export function cronTime({ hour, minute, days }: Moment): string {
  return `${minute} ${hour} * * ${days.length === 7 ? '*' : days.join(',')}`;
}

/** As systemd writes it: `Mon,Tue *-*-* 02:00:00`. */
export function calendarTime({ hour, minute, days }: Moment): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const names = days.length === 7 ? '' : `${days.map((day) => DAYS[day - 1]).join(',')} `;
  return `${names}*-*-* ${two(hour)}:${two(minute)}:00`;
}

/** Marks our line in a crontab. */
export const cronMark = (name: string) => `infractl backup ${name}`;

/** Our line of a crontab for an entry. */
export function entryLine(entry: Entry): CronLine {
  const line = `${cronTime(entry.at)} ${cronCommand(shellLine(entry), entry.log)}`;
  return { mark: cronMark(entry.name), line };
}
