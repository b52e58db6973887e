import { Exit, InfractlError, UsageError } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import { checkClaim, MARKER } from './claim.ts';
import { ofBucket } from './invalidation.ts';
import { planSite, type SitePlan } from './plan.ts';
import { readRecord, type SiteRecord, samePlace } from './record.ts';
import type { Distribution, Keep, Release, SiteDeps, SiteOwner, SitePlace, StoredFile } from './types.ts';

/** A site as it shall be. */
export interface SiteOrder {
  /** Its name in reports: `site web`. */
  readonly part: string;
  readonly owner: SiteOwner;
  readonly place: SitePlace;
  /** The id of the distribution in front of it. */
  readonly distribution?: string | undefined;
  readonly keep: Keep;
  readonly invalidate: 'changed' | 'all' | 'none';
  /** How long to wait until the CDN has let go of what changed, in milliseconds; 0: not at all. */
  readonly wait: number;
  readonly release: Release;
}

/** What there is, and what would be done about it. */
export interface SiteLook {
  readonly record: SiteRecord | undefined;
  /** The record is of another place, where files of the site may still be. */
  readonly moved: SitePlace | undefined;
  readonly there: ReadonlyMap<string, StoredFile>;
  readonly plan: SitePlan;
  readonly claim: 'ours' | 'free';
  readonly distribution: Distribution | 'denied' | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Compares a site with its bucket, by reading calls alone.
 *
 * @throws InfractlError `SiteBucketMissing`, `NotOurBucket` (exit 5), `WrongDistribution` (exit 2),
 *   `SiteRecordDamaged`
 */
export async function lookAtSite(deps: SiteDeps, order: SiteOrder): Promise<SiteLook> {
  const { place, owner, release: wanted, keep } = order;
  const [found, recorded, distribution] = await Promise.all([
    deps.port.files(place),
    deps.existingStore().then((store) => readRecord(store, owner)),
    order.distribution === undefined ? undefined : distributionOf(deps, order.distribution, place),
  ]);
  const whose = await checkClaim(deps.port, place, owner, found);
  const there = new Map([...found].filter(([path]) => path !== MARKER));
  const record = recorded && samePlace(recorded.place, place) ? recorded : undefined;
  const now = deps.clock.now();
  return {
    record,
    moved: recorded && !record ? recorded.place : undefined,
    there,
    plan: planSite({ wanted, record, there, keep, now }),
    claim: whose,
    distribution,
    now,
  };
}

/** Whether nothing is left to do. */
export function isAsWanted({ plan, record, claim }: SiteLook): boolean {
  const { puts, removals, newRelease } = plan;
  return (
    puts.length + removals.length === 0 && !newRelease && record?.pending === undefined && claim === 'ours'
  );
}

async function distributionOf(
  { cdn }: SiteDeps,
  id: string,
  { bucket }: SitePlace,
): Promise<Distribution | 'denied'> {
  const found = await (await cdn()).distribution(id);
  if (found === undefined)
    throw new UsageError({
      code: 'WrongDistribution',
      message: `There is no CloudFront distribution ${id} in this account.`,
      suggestions: ['Look at `distribution` of the site in infractl.yaml: its id begins with E.'],
    });
  if (found === 'denied' || found.origins.some(({ domain }) => !isBucketDomain(domain))) return found;
  if (ofBucket(found.origins, bucket).length > 0) return found;
  throw new InfractlError({
    code: 'WrongDistribution',
    message: `The distribution ${id} does not show the bucket ${bucket}: nothing was put there.`,
    why: `It takes files from ${listed(found.origins.map(({ domain }) => domain))}.`,
    suggestions: ['Look at `bucket` and `distribution` of the site in infractl.yaml.'],
    exit: Exit.usage,
  });
}

/** Another origin may be a proxy of ours in front of the bucket: nothing is said of that. */
const isBucketDomain = (domain: string): boolean => /\.s3[.-].*amazonaws\.com(\.cn)?$/.test(domain);
