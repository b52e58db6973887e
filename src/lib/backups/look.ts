import { UsageError } from '../base/errors.ts';
import { listed, nearest } from '../base/text.ts';
import { backupsOf, grouped } from './catalogue.ts';
import type { BackupDeps, Plan } from './deps.ts';
import type { SnapshotStore } from './port.ts';
import { type Backup, type Snapshot, TAG } from './types.ts';

/** Every store that the plans put snapshots into: of EBS, of RDS where there are databases, in each region. */
export async function storesOf(deps: BackupDeps, plans: readonly Plan[]): Promise<SnapshotStore[]> {
  const elsewhere = plans.flatMap(({ copies }) =>
    copies.flatMap((copy) => ('region' in copy ? copy.region : [])),
  );
  const regions = [undefined, ...new Set(elsewhere)];
  const databases = plans.some(({ wanted }) => wanted.some(({ kind }) => kind === 'database'));
  const rds = databases ? await deps.rds() : undefined;
  return regions.flatMap((region) => [deps.ebs.store(region), ...(rds ? [rds.store(region)] : [])]);
}

/** Our snapshots in these stores, as backups, newest first. */
export async function lookUp(
  deps: BackupDeps,
  stores: readonly SnapshotStore[],
  tags: Readonly<Record<string, string>> = {},
): Promise<Backup[]> {
  const { project, environment, all } = deps.owner;
  const owned = all ? {} : { [TAG.project]: project, [TAG.environment]: environment };
  const wanted = { ...owned, ...tags };
  const lists = await Promise.all(
    stores.map(async (store) => {
      const found: Snapshot[] = [];
      for await (const page of store.list(wanted)) for (const one of page) found.push(one);
      return found;
    }),
  );
  return backupsOf(lists.flat(), deps.owner);
}

/** The store that a snapshot lies in. */
export async function storeOf(
  deps: BackupDeps,
  { kind, region }: Pick<Snapshot, 'kind' | 'region'>,
): Promise<SnapshotStore> {
  return kind === 'rds' ? (await deps.rds()).store(region) : deps.ebs.store(region);
}

/**
 * One backup: by its id, by the id of one of its snapshots, or `latest`, the newest good one. Where it is here and,
 * as a copy, elsewhere, the one that is here is meant.
 *
 * @param of its subject, where several have that id
 * @param here the region that is worked in: what is elsewhere cannot be used from it
 * @throws UsageError `NoSuchBackup`, `SubjectNeeded`, `BackupElsewhere`
 */
export function findBackup(
  all: readonly Backup[],
  wanted: string,
  of: string | undefined,
  here: string,
): Backup {
  const mine = of === undefined ? all : all.filter(({ subject }) => subject === of);
  const good = mine.filter(({ state }) => state === 'good');
  const newest = good.find(({ region }) => region === here) ?? good[0];
  const named =
    wanted === 'latest'
      ? mine.filter(({ id, region }) => id === newest?.id && region === newest.region)
      : mine.filter(({ id, snapshots }) => id === wanted || snapshots.some((one) => one.id === wanted));
  const found = grouped(named, ({ subject }) => subject).map(
    (copies) => copies.find(({ region }) => region === here) ?? (copies[0] as Backup),
  );
  const [backup, second] = found;
  if (backup && !second) {
    if (backup.region === here) return backup;
    throw new UsageError({
      code: 'BackupElsewhere',
      message: `The backup ${wanted === 'latest' ? backup.id : wanted} is a copy in ${backup.region}.`,
      suggestions: [`Work there: the same command with --region ${backup.region}`],
    });
  }
  if (backup) {
    throw new UsageError({
      code: 'SubjectNeeded',
      message: `${backup.id} is of several: ${listed(found.map(({ subject }) => subject))}.`,
      suggestions: [`Say which: --of ${backup.subject}`],
    });
  }
  const near = nearest(
    wanted,
    all.map(({ id }) => id),
  );
  throw new UsageError({
    code: 'NoSuchBackup',
    message:
      wanted === 'latest'
        ? 'There is no good backup.'
        : `There is no backup ${wanted}${of ? ` of ${of}` : ''}.`,
    suggestions: [...(near ? [`Did you mean: ${near}`] : []), 'All backups: infractl backup list'],
  });
}
