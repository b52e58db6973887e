import { type RetryDeps, untilAnswered } from '../aws/retry.ts';
import { InfractlError } from '../base/errors.ts';
import type { SiteOwner, SitePlace, SiteStore } from './types.ts';

/**
 * What a site's bucket holds of ours, as its own last run left it: an object of the project's bucket. Written
 * before the first change with all that is about to be put, so that a run that dies leaves nothing that nobody
 * knows, and last of all when it is done.
 */
export interface SiteRecord {
  readonly format: 1;
  readonly place: SitePlace;
  /** The release that is there; absent until a first one is whole. */
  readonly release?: string;
  /** How many releases there were. */
  readonly serial: number;
  readonly files: Readonly<Record<string, RecordedFile>>;
  /** What the CDN has yet to be told. */
  readonly pending?: PendingInvalidation;
}

export interface RecordedFile {
  readonly sha256: string;
  /** Of its headers. */
  readonly headers: string;
  /** As S3 answered when it was put; absent while that is under way. */
  readonly etag?: string;
  /** Milliseconds since 1970, by S3's clock. */
  readonly modified?: number;
  /** While it is put: the ETag of somebody else's file in its place, which is theirs until it is replaced. */
  readonly over?: string;
  /** Since when it is no part of the site: the number of the release, and when. ISO 8601. */
  readonly left?: { readonly serial: number; readonly at: string };
}

export interface PendingInvalidation {
  /** The same in every try, so that there is one invalidation. */
  readonly reference: string;
  /** Of the site, before the CDN's own view of them. */
  readonly paths: readonly string[];
}

const keyOf = ({ environment, site }: SiteOwner): string => `sites/state/${environment}/${site}.json`;

/** @throws InfractlError `SiteRecordDamaged` */
export async function readRecord(
  store: SiteStore | undefined,
  owner: SiteOwner,
): Promise<SiteRecord | undefined> {
  const bytes = await store?.get(keyOf(owner));
  if (!store || !bytes) return undefined;
  try {
    const record = JSON.parse(new TextDecoder().decode(bytes)) as SiteRecord;
    if (record.format === 1 && typeof record.files === 'object') return record;
  } catch {
    // Told below.
  }
  throw new InfractlError({
    code: 'SiteRecordDamaged',
    message: `What is known of the site ${owner.site} in ${owner.environment} cannot be read.`,
    why: `s3://${store.bucket}/${keyOf(owner)} is damaged.`,
    suggestions: [
      'Put its version of before back (the bucket is versioned), or delete it: then all files are put again.',
    ],
  });
}

export async function writeRecord(
  deps: RetryDeps,
  store: SiteStore,
  owner: SiteOwner,
  record: SiteRecord,
): Promise<void> {
  const text = JSON.stringify(record);
  await untilAnswered(deps, () => store.put(keyOf(owner), text, { contentType: 'application/json' }));
}

export async function deleteRecord(store: SiteStore, owner: SiteOwner): Promise<void> {
  await store.delete(keyOf(owner));
}

export function samePlace(one: SitePlace, other: SitePlace): boolean {
  return one.bucket === other.bucket && one.prefix === other.prefix;
}
