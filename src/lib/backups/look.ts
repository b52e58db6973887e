import { UsageError } from '../base/errors.ts';
import { listed, nearest } from '../base/text.ts';
import { backupsOf } from './catalogue.ts';
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
  const { project, environment } = deps.owner;
  const wanted = { [TAG.project]: project, [TAG.environment]: environment, ...tags };
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
 * One backup: by its id, by the id of one of its snapshots, or `latest`, the newest good one.
 *
 * @param of its subject, where several have that id
 * @throws UsageError `NoSuchBackup`, `SubjectNeeded`
 */
export function findBackup(all: readonly Backup[], wanted: string, of: string | undefined): Backup {
  const mine = of === undefined ? all : all.filter(({ subject }) => subject === of);
  const newest = mine.find(({ state }) => state === 'good');
  const found =
    wanted === 'latest'
      ? mine.filter(({ id }) => id === newest?.id)
      : mine.filter(({ id, snapshots }) => id === wanted || snapshots.some((one) => one.id === wanted));
  const [backup, second] = found;
  if (backup && !second) return backup;
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
