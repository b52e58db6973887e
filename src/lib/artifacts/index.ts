import type { AwsSession } from '../aws/session.ts';
import { artifactBucketName } from './naming.ts';
import type { SharedStore } from './store.ts';
import type { Zip } from './zip.ts';

export type { ArtifactStore, PutOptions, SharedStore, Sight, StoredObject } from './store.ts';
export type { Zip } from './zip.ts';

/**
 * The artifact store of a project in the session's account and region.
 *
 * @param options `create` makes the bucket when there is none: private, versioned, encrypted, TLS only.
 * @returns undefined when there is no bucket and none was to be made.
 * @throws InfractlError `BucketTaken` (exit 5) when somebody else's account owns a bucket of that name.
 */
export async function openArtifactStore(
  session: AwsSession,
  project: string,
  options: { readonly create: boolean },
): Promise<SharedStore | undefined> {
  const [{ account }, s3] = await Promise.all([session.identity(), import('../aws/s3.ts')]);
  const bucket = artifactBucketName(project, account, session.region);
  return s3.openBucket(session, { bucket, account, project }, options.create);
}

/** See `codeArchive` in zip.ts: equal input gives equal bytes. */
export async function codeArchive(
  path: string,
  options: { readonly exclude?: readonly string[] },
): Promise<Pick<Zip, 'bytes' | 'sha256' | 'codeSha256'>> {
  return (await import('./zip.ts')).codeArchive(path, options);
}
