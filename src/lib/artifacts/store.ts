/**
 * The project's private bucket in one account and region: templates and code on their way to AWS, and what
 * infractl itself remembers. Keys are plain paths: `templates/<sha256>.yaml`.
 */
export interface ArtifactStore {
  readonly bucket: string;
  /** HeadObject. */
  has(key: string): Promise<boolean>;
  /**
   * PutObject. With `ifAbsent` an object that is there already stays as it is, decided by S3 itself, so of
   * several writers exactly one wins.
   *
   * @returns whether it was written.
   */
  put(key: string, body: Uint8Array | string, options?: PutOptions): Promise<boolean>;
  /** GetObject. Undefined when there is none. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** ListObjectsV2, page by page, in key order. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** DeleteObject. Succeeds when there is none. */
  delete(key: string): Promise<void>;
  /** Where CloudFormation fetches the object (`TemplateURL`). */
  url(key: string): string;
}

/** The project's bucket with what several machines write to: the lock. */
export interface SharedStore extends ArtifactStore {
  /** GetObject, with what S3 says of the object and of the time: its clock is the one that all machines share. */
  look(key: string): Promise<Sight>;
  /**
   * PutObject on condition that the object is still the one that was seen, or that there is still none
   * (`undefined`). Decided by S3 itself, so of several writers exactly one wins.
   *
   * @returns the new ETag; undefined when another one was faster.
   */
  swap(key: string, body: string, seen: string | undefined): Promise<string | undefined>;
}

export interface PutOptions {
  /** Default `application/octet-stream`. */
  readonly contentType?: string;
  readonly ifAbsent?: boolean;
}

export interface Sight {
  /** Undefined when there is none. */
  readonly object?: { readonly body: Uint8Array; readonly etag: string };
  /** How long ago the object was written, by S3's own clock, in milliseconds; undefined where S3 did not say. */
  readonly age?: number;
  /** S3's time at the answer (its `Date`), in milliseconds since 1970. */
  readonly now?: number;
}

export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}
