/** A bucket as texts name it. An ArtifactStore is one. */
export interface Where {
  readonly bucket: string;
  /** Where CloudFormation fetches the object of a key. */
  url(key: string): string;
}

/**
 * The bucket that a deployed text takes its parcels from, read from the text itself: keys of content look
 * like nothing else. Undefined where it names none.
 */
export function whereIn(deployed: string): Where | undefined {
  const prefix = /"(https?:\/\/[^"]+\/)templates\/[0-9a-f]{64}\.yaml"/.exec(deployed)?.[1];
  if (prefix !== undefined) return { bucket: bucketOf(prefix), url: (key) => prefix + key };
  const bucket =
    /"(?:S3)?Bucket": "([^"]+)", "(?:S3)?Key": "(?:code|files)\/[0-9a-f]{64}/.exec(deployed)?.[1] ??
    /"s3:\/\/([^"/]+)\/(?:code|files)\/[0-9a-f]{64}/.exec(deployed)?.[1];
  if (bucket === undefined) return undefined;
  // Without any URL in it the deployed text has no nested template, so what is written for one differs anyway.
  return { bucket, url: (key) => `s3://${bucket}/${key}` };
}

/** Both ways of S3: the bucket as the first part of the host, or, at an endpoint of one's own, of the path. */
function bucketOf(prefix: string): string {
  const { hostname, pathname } = new URL(prefix);
  const inPath = pathname.split('/').filter(Boolean).at(-1);
  return inPath ?? hostname.slice(0, Math.max(0, hostname.indexOf('.s3.')));
}
