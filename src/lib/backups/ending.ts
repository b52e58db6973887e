import { listed } from '../base/text.ts';
import type { CreatedBackup } from './create.ts';
import type { Plan } from './deps.ts';
import type { Backup } from './types.ts';

/** Where a run was made, and the flags that lead a further command there, each after a space. */
interface Place {
  readonly home: string;
  readonly where: string;
}

/**
 * What became of a subject once nothing is left to do. A backup of which a copy in another region failed has failed
 * too: who wants copies must hear of it as of any other failure.
 *
 * @param after the backups of all regions, newest first
 */
export function settled(
  result: CreatedBackup,
  after: readonly Backup[],
  plan: Pick<Plan, 'name' | 'copies'>,
  place: Place,
): CreatedBackup {
  if (result.outcome === 'failed') return result;
  const mine = after.filter(({ subject, plan: of }) => subject === result.subject && of === plan.name);
  const backup = mine.find(({ id, region }) => id === result.backup && region === place.home);
  if (!backup) {
    const detail = 'its snapshots are gone: somebody has deleted them';
    return { ...result, outcome: 'failed', snapshots: [], state: 'failed', detail };
  }
  const { state } = backup;
  const known = { ...result, snapshots: backup.snapshots.map(({ id }) => id), state };
  if (state !== 'good') {
    const again = 'Run the same command again: a backup that failed does not count.';
    const detail = `AWS could not finish its snapshots${becauseOf([backup])}`;
    return { ...known, outcome: 'failed', detail, suggestions: [...helpAgainst([backup]), again] };
  }
  const lacking = regionsWithout(backup, mine, plan, place.home);
  if (lacking.length === 0) return known;
  const failed = mine.filter(({ id, region }) => id === backup.id && lacking.includes(region));
  const detail = `${backup.id} is good, but has no good copy in ${listed(lacking)}${becauseOf(failed)}`;
  const again = `The next run tries it again: infractl backup create ${plan.name} --wait${place.where}`;
  return { ...known, outcome: 'failed', detail, suggestions: [...helpAgainst(failed), again] };
}

/** The regions in which a copy of it should be and none is good; older ones than the newest get no copies any more. */
function regionsWithout(
  backup: Backup,
  mine: readonly Backup[],
  { copies }: Pick<Plan, 'copies'>,
  home: string,
): string[] {
  const newest = mine.find(({ region, state }) => region === home && state !== 'failed');
  return copies.flatMap((copy): string[] => {
    if (!('region' in copy)) return [];
    const there = mine.find(({ id, region }) => id === backup.id && region === copy.region);
    const missing = there ? there.state !== 'good' : newest?.id === backup.id;
    return missing ? [copy.region] : [];
  });
}

function becauseOf(failed: readonly Backup[]): string {
  const reasons = [...new Set(failed.flatMap(({ troubles }) => troubles))];
  return reasons.length > 0 ? `. AWS says: ${reasons.join('; ')}` : '';
}

function helpAgainst(failed: readonly Backup[]): string[] {
  const reasons = failed.flatMap(({ troubles }) => troubles);
  const broken = failed.flatMap(({ snapshots }) => snapshots.filter(({ state }) => state === 'error'));
  const database = broken.find(({ kind }) => kind === 'rds');
  return [
    ...(reasons.some((reason) => /\b(key|kms)\b/i.test(reason))
      ? [
          'Whoever copies needs kms:CreateGrant, kms:DescribeKey, kms:GenerateDataKeyWithoutPlaintext and kms:ReEncrypt* on the key of the copy, and kms:Decrypt on that of the original.',
        ]
      : []),
    ...(database
      ? [
          `RDS says why in its events: aws rds describe-events --source-type db-snapshot --source-identifier ${database.id} --region ${database.region}`,
        ]
      : []),
  ];
}
