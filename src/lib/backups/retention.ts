import type { BackupPolicy } from '../project/model.ts';

/** Anything with a moment: a backup, as far as retention looks at it. */
export interface Dated {
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface Retained<T extends Dated> {
  readonly item: T;
  /** Why it is kept: `last`, `daily`, `within 7d`; empty when no rule wants it. */
  readonly reasons: readonly string[];
}

const DAY = 86_400_000;

interface Rule {
  readonly name: string;
  left: number;
  last: string | undefined;
  readonly bucket: (parts: DateParts, nth: number) => string;
}

/**
 * Which of a subject's good backups a policy keeps, newest first, by the rules of restic's `forget`: each rule
 * keeps the newest of each of its last n hours, days, weeks, months or years that have one; `within` counts from
 * the newest backup, so that nothing goes when backups have stopped; a rule with counts left over also keeps the
 * oldest. Pure. The newest is always kept, whatever the policy.
 */
export function retain<T extends Dated>(items: readonly T[], policy: BackupPolicy): Retained<T>[] {
  const newestFirst = [...items].sort((a, b) => b.at - a.at);
  const newest = newestFirst[0]?.at ?? 0;
  const rules = rulesOf(policy);
  const parts = calendar(policy.timeZone);
  return newestFirst.map((item, nth) => {
    const reasons: string[] = nth === 0 ? ['newest good'] : [];
    if (policy.within && item.at > newest - policy.within.ms) reasons.push(`within ${policy.within.written}`);
    const date = rules.length > 0 ? parts(item.at) : undefined;
    for (const rule of date ? rules : []) {
      if (rule.left === 0) continue;
      const value = rule.bucket(date as DateParts, nth);
      const oldest = nth === newestFirst.length - 1;
      if (value === rule.last && !oldest) continue;
      reasons.push(value === rule.last ? `oldest ${rule.name}` : rule.name);
      rule.last = value;
      rule.left--;
    }
    return { item, reasons };
  });
}

function rulesOf(policy: BackupPolicy): Rule[] {
  const rule = (name: string, count: number | undefined, bucket: Rule['bucket']): Rule[] =>
    count ? [{ name, left: count, last: undefined, bucket }] : [];
  return [
    ...rule('last', policy.last, (_, nth) => String(nth)),
    ...rule('hourly', policy.hourly, ({ day, hour }) => `${day} ${hour}`),
    ...rule('daily', policy.daily, ({ day }) => day),
    ...rule('weekly', policy.weekly, ({ week }) => week),
    ...rule('monthly', policy.monthly, ({ month }) => month),
    ...rule('yearly', policy.yearly, ({ year }) => year),
  ];
}

interface DateParts {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  /** With the distance to UTC: the hour that comes twice in autumn is two hours. */
  readonly hour: string;
  /** ISO 8601: a week belongs to the year that has its Thursday. */
  readonly week: string;
}

/** The calendar of a time zone. UTC unless named: the same decision on every machine. */
function calendar(timeZone: string | undefined): (at: number) => DateParts {
  if (!timeZone || timeZone === 'UTC') return (at) => partsOf(at, at);
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const local = `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}Z`;
    return partsOf(Date.parse(local), at);
  };
}

/** @param local the wall clock's time, read as if it were UTC */
function partsOf(local: number, at: number): DateParts {
  const iso = new Date(local).toISOString();
  const offset = Math.round((local - Math.floor(at / 1000) * 1000) / 60_000);
  return {
    year: iso.slice(0, 4),
    month: iso.slice(0, 7),
    day: iso.slice(0, 10),
    hour: `${iso.slice(11, 13)} ${offset}`,
    week: isoWeek(local),
  };
}

function isoWeek(at: number): string {
  const date = new Date(at);
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = new Date(Math.floor(at / DAY) * DAY + (3 - weekday) * DAY);
  const firstOfYear = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return `${thursday.getUTCFullYear()}-W${1 + Math.floor((thursday.getTime() - firstOfYear) / (7 * DAY))}`;
}

/** The rules that a policy has, in words: `daily 7, weekly 4, within 7d`. */
export function policyWords(policy: BackupPolicy): string {
  const counts = (['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const).flatMap((name) =>
    policy[name] ? [`${name} ${policy[name]}`] : [],
  );
  return [...counts, ...(policy.within ? [`within ${policy.within.written}`] : [])].join(', ');
}

/** Whether a policy keeps anything by itself: one that does not is a mistake, not a wish. */
export function keepsSomething(policy: BackupPolicy): boolean {
  const { within, timeZone: _, ...counts } = policy;
  const numbers = Object.values(counts);
  const sane = numbers.every((count) => Number.isInteger(count) && count >= 0);
  return sane && (numbers.some((count) => count > 0) || (within?.ms ?? 0) > 0);
}
