import { untilAnswered } from '../aws/retry.ts';
import { isInfractlError } from '../base/errors.ts';
import { checkClaim, MARKER } from './claim.ts';
import { kindOf } from './kinds.ts';
import { isOurs } from './plan.ts';
import { deleteRecord, readRecord } from './record.ts';
import type { SiteDeps, SiteOwner, SitePlace, SiteStore, StoredFile } from './types.ts';

const BATCH = 1000;

/** What a site's removal would take away. */
export interface SiteEnding {
  readonly place: SitePlace;
  /** Files that we put there and that are still ours. */
  readonly files: readonly string[];
  /** Whether the place says whose it is. */
  readonly marked: boolean;
  /** Files of others in the same place, which stay. */
  readonly others: number;
}

/**
 * What we put into a site's bucket and that is still there; undefined where there is nothing. Reads only.
 *
 * @throws InfractlError `SiteRecordDamaged`, `NotOurBucket` (exit 5)
 */
export async function siteEnding(
  { port }: Pick<SiteDeps, 'port'>,
  store: SiteStore | undefined,
  owner: SiteOwner,
): Promise<SiteEnding | undefined> {
  const record = await readRecord(store, owner);
  if (!record) return undefined;
  const there = await filesIfThere(port, record.place);
  if (there.size > 0) await checkClaim(port, record.place, owner, there);
  const ours = Object.entries(record.files).filter(([path, known]) => isOurs(known, there.get(path)));
  const files = ours.map(([path]) => path);
  const marked = there.has(MARKER);
  return { place: record.place, files, marked, others: there.size - files.length - Number(marked) };
}

/** A bucket that is gone holds nothing. */
async function filesIfThere(
  port: SiteDeps['port'],
  place: SitePlace,
): Promise<ReadonlyMap<string, StoredFile>> {
  try {
    return await port.files(place);
  } catch (error) {
    if (isInfractlError(error) && error.code === 'SiteBucketMissing') return new Map();
    throw error;
  }
}

/**
 * Takes a site away: pages first, so that nobody finds one whose assets are gone, the mark of whose it is and what
 * is known of it last. What its releases were made of stays in the project's bucket, for a rollback.
 *
 * @returns how many files were removed, and those that S3 keeps, with the reason
 */
export async function removeSite(
  deps: Pick<SiteDeps, 'port' | 'clock' | 'signal' | 'before'>,
  store: SiteStore,
  owner: SiteOwner,
  { place, files, marked }: Pick<SiteEnding, 'place' | 'files' | 'marked'>,
): Promise<{ readonly removed: number; readonly stuck: readonly { path: string; reason: string }[] }> {
  await deps.before();
  const order = files.toSorted((a, b) => Number(isPage(b)) - Number(isPage(a)));
  const stuck: { path: string; reason: string }[] = [];
  for (let from = 0; from < order.length; from += BATCH) {
    const some = order.slice(from, from + BATCH);
    stuck.push(...(await untilAnswered(deps, () => deps.port.remove(place, some))));
  }
  if (stuck.length > 0) return { removed: order.length - stuck.length, stuck };
  if (marked) await untilAnswered(deps, () => deps.port.remove(place, [MARKER]));
  await deleteRecord(store, owner);
  return { removed: order.length, stuck };
}

const isPage = (path: string): boolean => kindOf(path) === 'page';
