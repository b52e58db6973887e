import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/report.ts';

/** Where a site is: a bucket, and the folder of it. The prefix is empty, or ends with a slash. */
export interface SitePlace {
  readonly bucket: string;
  readonly prefix: string;
}

/** Whose site it is. */
export interface SiteOwner {
  readonly project: string;
  readonly environment: string;
  readonly site: string;
}

/** Headers that S3 keeps with a file and gives out with it, by their names in lower case. */
export type FileHeaders = Readonly<Record<string, string>>;

/** One file of a release. */
export interface ReleaseFile {
  /** Path in the site, with `/`. */
  readonly path: string;
  /** SHA-256 of its bytes, in hex. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly headers: FileHeaders;
}

/** Where the bytes of a file are. */
export type FileSource = { readonly file: string; readonly size: number } | { readonly bytes: Uint8Array };

/** What a site is made of, known by the hash of its manifest. */
export interface Release {
  /** SHA-256 of the manifest, in hex. */
  readonly id: string;
  /** Sorted by path. */
  readonly files: readonly ReleaseFile[];
}

/** A file of the bucket as S3 lists it. */
export interface StoredFile {
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, by S3's clock. */
  readonly modified: number;
}

/** What S3 says of a file that it has just taken. */
export type PutAnswer = Pick<StoredFile, 'etag' | 'modified'>;

/** An object of the project's own bucket. */
export interface Blob {
  readonly bucket: string;
  readonly key: string;
}

/** What a site needs of S3. Every call says which account must own the bucket. */
export interface SitesPort {
  /**
   * All files of the place, by path: ListObjectsV2.
   *
   * @throws InfractlError `SiteBucketMissing`, `NotOurBucket`
   */
  files(place: SitePlace): Promise<ReadonlyMap<string, StoredFile>>;
  /** Tags of the bucket: GetBucketTagging; undefined where there are none, or they may not be read. */
  tags(bucket: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** GetObject; undefined where there is none. */
  read(place: SitePlace, path: string): Promise<string | undefined>;
  /** PutObject, where there is none yet. @returns false where there was one */
  claim(place: SitePlace, path: string, text: string): Promise<boolean>;
  /** CopyObject out of the project's bucket: the bytes do not pass this machine again. */
  put(place: SitePlace, path: string, from: Blob, headers: FileHeaders): Promise<PutAnswer>;
  /** DeleteObjects, at most 1,000. @returns those that are still there, with the reason */
  remove(
    place: SitePlace,
    paths: readonly string[],
  ): Promise<readonly { readonly path: string; readonly reason: string }[]>;
  /**
   * Puts bytes into the project's bucket, in parts where they are many: PutObject, or UploadPart.
   *
   * @param sha256 of the bytes, in hex
   * @throws InfractlError `FileChanged` where they are others by now
   */
  upload(to: Blob, source: FileSource, sha256: string): Promise<void>;
}

export interface Distribution {
  readonly id: string;
  /** Where people find it: `https://www.example.com`. */
  readonly url: string;
  /** Its origins: where each takes files from, and below which path. */
  readonly origins: readonly { readonly domain: string; readonly path: string }[];
}

export interface Invalidation {
  readonly id: string;
  readonly status: string;
}

/** What a site needs of CloudFront. */
export interface CdnPort {
  /** GetDistribution; undefined where there is none, `denied` where it may not be looked at. */
  distribution(id: string): Promise<Distribution | 'denied' | undefined>;
  /** CreateInvalidation: the same reference with the same paths is the same invalidation. */
  invalidate(distribution: string, paths: readonly string[], reference: string): Promise<Invalidation>;
  /** GetInvalidation. */
  invalidation(distribution: string, id: string): Promise<Invalidation>;
}

/** The project's own bucket, as far as sites use it. */
export interface SiteStore {
  readonly bucket: string;
  has(key: string): Promise<boolean>;
  get(key: string): Promise<Uint8Array | undefined>;
  put(
    key: string,
    body: Uint8Array | string,
    options?: { readonly contentType?: string; readonly ifAbsent?: boolean },
  ): Promise<boolean>;
  delete(key: string): Promise<void>;
}

export interface SiteDeps {
  readonly port: SitesPort;
  readonly cdn: () => Promise<CdnPort>;
  /** The project's bucket, made where it is not there. */
  readonly store: () => Promise<SiteStore>;
  /** The project's bucket if it is there. */
  readonly existingStore: () => Promise<SiteStore | undefined>;
  /** Called before the first change; what it throws keeps all of them from being made. */
  readonly before: () => Promise<void>;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** Assets of so many earlier releases stay, or of those of the last so many milliseconds. */
export type Keep = { readonly releases: number } | { readonly ms: number };
