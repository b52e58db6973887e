import { age } from '../base/text.ts';
import type { Finding, HealthLimits } from './health.ts';

/** A plan of backups, and what it must have backups of; nothing where tags choose. */
export interface WatchedPlan {
  readonly name: string;
  readonly subjects: readonly string[];
  /** Where it wants copies besides. */
  readonly regions: readonly string[];
}

export interface KnownBackup {
  readonly plan: string;
  readonly subject: string;
  readonly region: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly state: 'good' | 'pending' | 'failed';
}

/**
 * Whether each plan has a backup that is young enough, of each of its subjects where they are known; and, beside it,
 * in each region that it wants copies in.
 */
export function backupFindings(
  plan: WatchedPlan,
  backups: readonly KnownBackup[],
  now: number,
  limits: HealthLimits,
): Finding[] {
  const mine = backups.filter((one) => one.plan === plan.name);
  const here = mine.filter(({ region }) => !plan.regions.includes(region));
  const copies = plan.regions.flatMap((region) =>
    ageFindings(
      plan,
      mine.filter((one) => one.region === region),
      now,
      limits,
      ` in ${region}`,
    ),
  );
  return [...ageFindings(plan, here, now, limits, ''), ...copies];
}

function ageFindings(
  plan: WatchedPlan,
  mine: readonly KnownBackup[],
  now: number,
  { backupAge }: HealthLimits,
  place: string,
): Finding[] {
  const subjects: readonly (string | undefined)[] = plan.subjects.length > 0 ? plan.subjects : [undefined];
  return subjects.map((subject): Finding => {
    const name = `${subject === undefined ? plan.name : `${plan.name} ${subject}`}${place}`;
    const all = subject === undefined ? mine : mine.filter((one) => one.subject === subject);
    const newest = newestOf(all.filter(({ state }) => state === 'good'));
    const last = newestOf(all);
    const failed = last?.state === 'failed' ? `; the last one, ${age(now - last.at)} ago, failed` : '';
    const running = last?.state === 'pending' ? '; one is being made' : '';
    const old = newest === undefined || now - newest.at > backupAge;
    const why = newest ? `the newest good one is ${age(now - newest.at)} old` : 'there is no good one';
    return {
      kind: 'backup',
      name,
      verdict: old ? 'bad' : 'good',
      why: `${why}${old && newest ? `, the limit is ${age(backupAge)}` : ''}${failed || running}`,
      ...(old
        ? {
            mend: `infractl backup create ${plan.name} --wait; infractl backup schedule status says why none was made`,
          }
        : {}),
    };
  });
}

function newestOf(backups: readonly KnownBackup[]): KnownBackup | undefined {
  return backups.reduce<KnownBackup | undefined>(
    (newest, one) => (newest && newest.at >= one.at ? newest : one),
    undefined,
  );
}
