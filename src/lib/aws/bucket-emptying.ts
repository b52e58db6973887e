import { DeleteObjectsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import type { BucketsPort, ObjectVersion } from '../buckets/index.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** S3 for `lib/buckets`. @param account the only owner whose buckets are touched */
export function bucketsPort(session: AwsSession, account: string): BucketsPort {
  const config = { ...session.config, forcePathStyle: session.endpoint !== undefined };
  const client = traced(new S3Client(config), session);
  const owned = (Bucket: string) => ({ Bucket, ExpectedBucketOwner: account });

  return {
    async versions(bucket, after) {
      const [KeyMarker, VersionIdMarker] = after === undefined ? [] : (JSON.parse(after) as string[]);
      try {
        const answer = await call(session, 's3:ListBucketVersions', () =>
          client.send(new ListObjectVersionsCommand({ ...owned(bucket), KeyMarker, VersionIdMarker })),
        );
        const versions = [...(answer.Versions ?? []), ...(answer.DeleteMarkers ?? [])].map(
          (one): ObjectVersion => ({
            key: one.Key ?? '',
            versionId: one.VersionId ?? 'null',
            size: ('Size' in one ? (one.Size as number | undefined) : undefined) ?? 0,
          }),
        );
        const next = JSON.stringify([answer.NextKeyMarker, answer.NextVersionIdMarker]);
        return answer.IsTruncated ? { versions, next } : { versions };
      } catch (error) {
        if (underneath(error).name === 'NoSuchBucket') return undefined;
        throw error;
      }
    },

    async remove(bucket, versions) {
      const Objects = versions.map(({ key, versionId }) => ({ Key: key, VersionId: versionId }));
      const { Errors } = await call(session, 's3:DeleteObjectVersion', () =>
        client.send(new DeleteObjectsCommand({ ...owned(bucket), Delete: { Objects, Quiet: true } })),
      );
      return (Errors ?? []).map(({ Key = '', Code = '', Message = '' }) => ({
        key: Key,
        code: Code,
        reason: Message,
      }));
    },
  };
}
