/** Static sites: a bucket holds a folder's files, and the CDN knows what changed. */
import type { BuildOrder } from './build.ts';
import type { LocalSite } from './local.ts';
import type { SiteLook, SiteOrder } from './look.ts';
import type { SiteResult } from './publish.ts';
import type { SiteEnding } from './remove.ts';
import type { FileSource, Release, SiteDeps, SiteOwner, SiteStore } from './types.ts';

export { cdnPaths } from './invalidation.ts';
export { isAsWanted } from './look.ts';
export { changedFiles } from './plan.ts';
export { blobKey, readRelease, shortRelease } from './release.ts';
export type * from './types.ts';
export type { BuildOrder, LocalSite, SiteEnding, SiteLook, SiteOrder, SiteResult };

// What only looks starts without what publishes.

/** See `buildSite` in build.ts. */
export async function buildSite(
  deps: Pick<SiteDeps, 'reporter' | 'signal'>,
  order: BuildOrder,
): Promise<void> {
  return (await import('./build.ts')).buildSite(deps, order);
}

/** Refuses what cannot be published: see `readFolder` in folder.ts. */
export async function checkFolder(
  order: Parameters<typeof import('./folder.ts').readFolder>[0],
): Promise<void> {
  await (await import('./folder.ts')).readFolder(order);
}

/** See `localRelease` in local.ts. */
export async function localRelease(
  site: LocalSite,
): Promise<{ readonly release: Release; readonly sources: ReadonlyMap<string, FileSource> }> {
  return (await import('./local.ts')).localRelease(site);
}

/** See `lookAtSite` in look.ts. */
export async function lookAtSite(deps: SiteDeps, order: SiteOrder): Promise<SiteLook> {
  return (await import('./look.ts')).lookAtSite(deps, order);
}

/** See `publishSite` in publish.ts. */
export async function publishSite(
  deps: SiteDeps,
  order: SiteOrder,
  sources?: ReadonlyMap<string, FileSource>,
): Promise<SiteResult> {
  return (await import('./publish.ts')).publishSite(deps, order, sources);
}

/** See `siteEnding` in remove.ts. */
export async function siteEnding(
  deps: Pick<SiteDeps, 'port'>,
  store: SiteStore | undefined,
  owner: SiteOwner,
): Promise<SiteEnding | undefined> {
  return (await import('./remove.ts')).siteEnding(deps, store, owner);
}

/** See `removeSite` in remove.ts. */
export async function removeSite(
  deps: Pick<SiteDeps, 'port' | 'clock' | 'signal' | 'before'>,
  store: SiteStore,
  owner: SiteOwner,
  ending: Pick<SiteEnding, 'place' | 'files' | 'marked'>,
) {
  return (await import('./remove.ts')).removeSite(deps, store, owner, ending);
}
