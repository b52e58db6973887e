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

export interface PutOptions {
  /** Default `application/octet-stream`. */
  readonly contentType?: string;
  readonly ifAbsent?: boolean;
}

export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}
