import { grouped } from './catalogue.ts';
import type { BackupDeps } from './deps.ts';
import type { BlocksPort } from './port.ts';
import type { Backup, Snapshot } from './types.ts';

/** What one snapshot takes beyond the one before it, and what its end would free. */
export interface SnapshotCost {
  readonly snapshot: string;
  readonly backup: string;
  readonly subject: string;
  readonly region: string;
  readonly at: number;
  /** Bytes that it holds beyond the snapshot before it; null where that was not looked at. */
  readonly uniqueBytes: number | null;
  /**
   * Bytes that deleting it alone would free: what neither of its neighbours refers to. At most `uniqueBytes`; null
   * where the blocks were not looked at.
   */
  readonly freesBytes: number | null;
  /** US dollars a month for `uniqueBytes`; null where the price or the size is not known. */
  readonly perMonth: number | null;
}

export interface Costs {
  readonly snapshots: readonly SnapshotCost[];
  readonly totalBytes: number;
  /** US dollars a month of all whose size and price are known; null where there are snapshots, and none of them is. */
  readonly perMonth: number | null;
  /** Snapshots of a known size whose price is not known: they are not in `perMonth`. */
  readonly notPriced: number;
  /** Snapshots whose blocks were not counted: they are neither in `totalBytes` nor in `perMonth`. */
  readonly notCounted: number;
  /** Calls of the direct APIs that were made. */
  readonly calls: number;
}

const BLOCK = 524_288;
const GIB = 1024 ** 3;

/**
 * True sizes by block lists: of the oldest snapshot of a volume all of its blocks, of each later one what differs
 * from the one before. AWS bills exactly that. What deleting one frees is what it alone refers to: its own
 * changes, as far as the next one has changed them again; that is bounded by the smaller of the two.
 *
 * @param priceOf USD a month for a GiB of a snapshot in a region, where that is known
 * @param most calls of the direct APIs, each for up to 10,000 blocks; what is beyond is not counted
 */
export async function costsOf(
  deps: BackupDeps & { readonly blocks: () => Promise<BlocksPort> },
  backups: readonly Backup[],
  priceOf: (region: string) => Promise<number | undefined>,
  most: number,
): Promise<Costs> {
  const owner = new Map(backups.flatMap((backup) => backup.snapshots.map((one) => [one, backup] as const)));
  const port = await deps.blocks();
  const home = deps.ebs.store().region;
  const budget = { left: most };
  const sizes = new Map<Snapshot, number>();
  const next = new Map<Snapshot, Snapshot>();
  const done = [...owner.keys()].filter(({ state }) => state === 'completed');
  for (const chain of grouped(
    done.filter(({ kind, region }) => kind === 'ebs' && region === home),
    ({ source, encrypted }) => `${source} ${encrypted}`,
  )) {
    let before: Snapshot | undefined;
    for (const one of chain.sort((a, b) => a.startedAt - b.startedAt)) {
      const size = await sizeOf(port, before, one, budget);
      if (size !== undefined) sizes.set(one, size);
      if (before) next.set(before, one);
      before = one;
    }
  }
  const regions = [...new Set(done.map(({ region }) => region))];
  const prices = new Map(
    await Promise.all(regions.map(async (region) => [region, await priceOf(region)] as const)),
  );
  const snapshots = done.map((one) =>
    costOf(one, owner.get(one) as Backup, sizes, next.get(one), prices.get(one.region)),
  );
  const priced = snapshots.filter(({ perMonth }) => perMonth !== null);
  const sum = (values: readonly (number | null)[]) =>
    values.reduce((total: number, value) => total + (value ?? 0), 0);
  return {
    snapshots: snapshots.sort((a, b) => b.at - a.at),
    totalBytes: sum(snapshots.map(({ uniqueBytes }) => uniqueBytes)),
    perMonth:
      snapshots.length > 0 && priced.length === 0
        ? null
        : Math.round(sum(priced.map(({ perMonth }) => perMonth)) * 100) / 100,
    notPriced: snapshots.filter(({ uniqueBytes, perMonth }) => uniqueBytes !== null && perMonth === null)
      .length,
    notCounted: snapshots.filter(({ uniqueBytes }) => uniqueBytes === null).length,
    calls: most - budget.left,
  };
}

function costOf(
  one: Snapshot,
  backup: Backup,
  sizes: ReadonlyMap<Snapshot, number>,
  after: Snapshot | undefined,
  gibMonth: number | undefined,
): SnapshotCost {
  // RDS says nothing of blocks: the size of the instance is what one can cost at most.
  const uniqueBytes = one.kind === 'rds' ? one.sizeGiB * GIB : (sizes.get(one) ?? null);
  const changedAfter = after ? sizes.get(after) : sizes.get(one);
  const freesBytes =
    uniqueBytes === null || changedAfter == null ? null : Math.min(uniqueBytes, changedAfter);
  const price = one.kind === 'ebs' && one.tier !== 'archive' ? gibMonth : undefined;
  const perMonth = uniqueBytes === null || price === undefined ? null : (uniqueBytes / GIB) * price;
  const { id: snapshot, region, startedAt: at } = one;
  return {
    snapshot,
    backup: backup.id,
    subject: backup.subject,
    region,
    at,
    uniqueBytes,
    freesBytes,
    perMonth,
  };
}

async function sizeOf(
  port: BlocksPort,
  before: Snapshot | undefined,
  one: Snapshot,
  budget: { left: number },
): Promise<number | undefined> {
  let blocks = 0;
  if (budget.left <= 0) return undefined;
  const pages = before ? port.changed(before.id, one.id) : countsOf(port, one.id);
  for await (const count of pages) {
    blocks += count;
    budget.left--;
    // Half a list is no size.
    if (count > 0 && budget.left <= 0) return undefined;
  }
  return blocks * BLOCK;
}

async function* countsOf(port: BlocksPort, snapshot: string): AsyncIterable<number> {
  for await (const page of port.list(snapshot)) yield page.length;
}
