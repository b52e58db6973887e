import { MARKER } from './claim.ts';
import { isOurs } from './plan.ts';
import { readRecord } from './record.ts';
import { shortRelease } from './release.ts';
import type { SiteDeps, SiteOwner } from './types.ts';

/** How a site's bucket differs from what the last run left there. */
export interface SiteDrift {
  readonly site: string;
  readonly bucket: string | null;
  /** The release that should be there, as people call it. */
  readonly release: string | null;
  readonly status: 'in-sync' | 'drifted' | 'not-deployed';
  /** Put by us, and overwritten since. */
  readonly changed: readonly string[];
  /** Put by us, and gone. */
  readonly missing: readonly string[];
  /** Put by somebody else: the site does not use them, and leaves them alone. */
  readonly others: readonly string[];
}

/**
 * What was changed by hand in a site's bucket. Reads only: one list of the bucket.
 *
 * @throws InfractlError `SiteRecordDamaged`, `SiteBucketMissing`
 */
export async function siteDrift(
  { port, existingStore }: Pick<SiteDeps, 'port' | 'existingStore'>,
  owner: SiteOwner,
): Promise<SiteDrift> {
  const record = await readRecord(await existingStore(), owner);
  const nothing = { changed: [], missing: [], others: [] };
  if (!record?.release)
    return { site: owner.site, bucket: null, release: null, status: 'not-deployed', ...nothing };
  const there = await port.files(record.place);
  const current = Object.entries(record.files).filter(([, { left }]) => left === undefined);
  const changed = current.filter(([path, known]) => there.has(path) && !isOurs(known, there.get(path)));
  const missing = current.filter(([path]) => !there.has(path));
  const others = [...there.keys()].filter((path) => path !== MARKER && !Object.hasOwn(record.files, path));
  return {
    site: owner.site,
    bucket: record.place.bucket,
    release: shortRelease(record.release),
    status: changed.length + missing.length > 0 ? 'drifted' : 'in-sync',
    changed: changed.map(([path]) => path).sort(),
    missing: missing.map(([path]) => path).sort(),
    others: others.sort(),
  };
}
