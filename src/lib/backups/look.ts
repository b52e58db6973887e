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
