import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { Exit, InfractlError, UsageError } from '../base/errors.ts';
import { sideBySide } from '../base/side-by-side.ts';
import type { Blob, FileSource, SitesPort, StoredFile } from '../sites/index.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { clockedPacing, paced } from './pacing.ts';
import { untilAnswered } from './retry.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** S3 takes 3,500 requests a second that write below one prefix; others may write there, too. */
const PACE = { burst: 1000, rate: 1500, most: 3000 };
/** Larger files go in parts: a part that is cut off is sent again, not the whole. */
const PART = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 4;
const OCTETS = 'application/octet-stream';

/** S3 for `lib/sites`. @param account the only owner whose buckets are touched */
export function sitesPort(
  session: AwsSession,
  account: string,
  clock: Clock,
  signal?: AbortSignal,
): SitesPort {
  const config = {
    ...session.config,
    forcePathStyle: session.endpoint !== undefined,
    followRegionRedirects: true,
  };
  const client = traced(paced(new S3Client(config), clockedPacing(session, clock, 's3', PACE)), session);
  const options = signal ? { abortSignal: signal } : {};
  const owned = (Bucket: string) => ({ Bucket, ExpectedBucketOwner: account });
  const ask = <T>(action: string, bucket: string, send: () => Promise<T>): Promise<T> =>
    call(session, `s3:${action}`, send).catch((error: unknown) => {
      throwIfAborted(signal);
      throw inWords(error, bucket, account);
    });

  return {
    async files({ bucket, prefix }) {
      const found = new Map<string, StoredFile>();
      let page: string | undefined;
      do {
        const token = page;
        const input = { ...owned(bucket), Prefix: prefix, ContinuationToken: token };
        const answer = await ask('ListBucket', bucket, () =>
          client.send(new ListObjectsV2Command(input), options),
        );
        // A key that ends with a slash is a folder that a console made.
        for (const { Key = '', ETag = '', Size = 0, LastModified } of answer.Contents ?? [])
          if (!Key.endsWith('/'))
            found.set(Key.slice(prefix.length), {
              etag: ETag,
              size: Size,
              modified: LastModified?.getTime() ?? 0,
            });
        page = answer.NextContinuationToken;
      } while (page);
      return found;
    },

    async tags(bucket) {
      try {
        const { TagSet = [] } = await ask('GetBucketTagging', bucket, () =>
          client.send(new GetBucketTaggingCommand(owned(bucket)), options),
        );
        return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
      } catch (error) {
        if (['NoSuchTagSet', 'AccessDenied'].includes(underneath(error).name)) return undefined;
        throw error;
      }
    },

    async read({ bucket, prefix }, path) {
      try {
        return await ask('GetObject', bucket, async () => {
          const command = new GetObjectCommand({ ...owned(bucket), Key: prefix + path });
          return (await client.send(command, options)).Body?.transformToString();
        });
      } catch (error) {
        if (underneath(error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },

    async claim({ bucket, prefix }, path, text) {
      const input = {
        ...owned(bucket),
        Key: prefix + path,
        Body: Buffer.from(text),
        ContentType: 'application/json',
        CacheControl: 'no-store',
        IfNoneMatch: '*',
      };
      try {
        await ask('PutObject', bucket, () => client.send(new PutObjectCommand(input), options));
        return true;
      } catch (error) {
        if (['PreconditionFailed', 'ConditionalRequestConflict'].includes(underneath(error).name))
          return false;
        throw error;
      }
    },

    async put({ bucket, prefix }, path, from, headers) {
      const input = {
        ...owned(bucket),
        Key: prefix + path,
        CopySource: [from.bucket, ...from.key.split('/')].map(encodeURIComponent).join('/'),
        ExpectedSourceBucketOwner: account,
        MetadataDirective: 'REPLACE' as const,
        ContentType: headers['content-type'],
        CacheControl: headers['cache-control'],
        ContentDisposition: headers['content-disposition'],
        ContentEncoding: headers['content-encoding'],
        ContentLanguage: headers['content-language'],
      };
      const { CopyObjectResult } = await ask('PutObject', bucket, () =>
        client.send(new CopyObjectCommand(input), options),
      ).catch((error: unknown) => {
        throw underneath(error).name === 'NoSuchKey' ? bytesGone(path, from, error) : error;
      });
      return {
        etag: CopyObjectResult?.ETag ?? '',
        modified: CopyObjectResult?.LastModified?.getTime() ?? clock.now(),
      };
    },

    async remove({ bucket, prefix }, paths) {
      const Objects = paths.map((path) => ({ Key: prefix + path }));
      const { Errors = [] } = await ask('DeleteObject', bucket, () =>
        client.send(
          new DeleteObjectsCommand({ ...owned(bucket), Delete: { Objects, Quiet: true } }),
          options,
        ),
      );
      return Errors.map(({ Key = '', Code = '', Message }) => ({
        path: Key.slice(prefix.length),
        reason: Message || Code,
      }));
    },

    async upload(to, source, sha256) {
      if ('file' in source && source.size > PART) return inParts(to, source, sha256);
      const body =
        'bytes' in source
          ? source.bytes
          : await readFile(source.file).catch((error) => Promise.reject(changed(source, error)));
      const hash = createHash('sha256').update(body).digest('hex');
      if (hash !== sha256) throw changed(source);
      const input = { ...owned(to.bucket), Key: to.key, Body: body, ContentType: OCTETS };
      await ask('PutObject', to.bucket, () => client.send(new PutObjectCommand(input), options));
    },
  };

  async function inParts(
    to: Blob,
    source: Extract<FileSource, { readonly file: string }>,
    sha256: string,
  ): Promise<void> {
    const file = await open(source.file).catch((error) => Promise.reject(changed(source, error)));
    try {
      const begin = { ...owned(to.bucket), Key: to.key, ContentType: OCTETS };
      const { UploadId } = await ask('PutObject', to.bucket, () =>
        client.send(new CreateMultipartUploadCommand(begin), options),
      );
      await sendParts(file, { ...owned(to.bucket), Key: to.key, UploadId }, source, sha256);
    } finally {
      await file.close();
    }
  }

  /** Parts that were put and never put together cost money: they are taken away where anything fails. */
  async function sendParts(
    file: FileHandle,
    place: Pick<UploadPartCommandInput, 'Bucket' | 'Key' | 'UploadId' | 'ExpectedBucketOwner'>,
    source: Extract<FileSource, { readonly file: string }>,
    sha256: string,
  ): Promise<void> {
    const bucket = String(place.Bucket);
    const hash = createHash('sha256');
    let reading: Promise<unknown> = Promise.resolve();
    // One after the other, so that the hash sees the bytes in their order.
    const read = (at: number): Promise<Uint8Array> => {
      const bytes = reading.then(async () => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(PART), 0, PART, at * PART);
        hash.update(buffer.subarray(0, bytesRead));
        return buffer.subarray(0, bytesRead);
      });
      reading = bytes;
      return bytes;
    };
    try {
      const numbers = Array.from({ length: Math.ceil(source.size / PART) }, (_, at) => at);
      const Parts = await sideBySide(numbers, PARTS_AT_ONCE, async (at) => {
        const input = { ...place, PartNumber: at + 1, Body: await read(at) };
        const { ETag } = await ask('PutObject', bucket, () =>
          client.send(new UploadPartCommand(input), options),
        );
        return { ETag, PartNumber: at + 1 };
      });
      if (hash.digest('hex') !== sha256) throw changed(source);
      const done = { ...place, MultipartUpload: { Parts } };
      await ask('PutObject', bucket, () => client.send(new CompleteMultipartUploadCommand(done), options));
    } catch (error) {
      await untilAnswered({ clock }, () => client.send(new AbortMultipartUploadCommand(place))).catch(
        () => {},
      );
      throw error;
    }
  }
}

function changed(source: FileSource, cause?: unknown): UsageError {
  const name = 'file' in source ? source.file : 'A file';
  return new UsageError({
    code: 'FileChanged',
    message: `${name} changed while it was published.`,
    why: 'Something still writes to the folder: a build that is not over, or one that watches.',
    suggestions: ['Wait until it is done, then run the same command again.'],
    cause,
  });
}

function bytesGone(path: string, from: Blob, cause: unknown): InfractlError {
  return new InfractlError({
    code: 'ReleaseGone',
    message: `The bytes of ${path} are not kept any more.`,
    why: `s3://${from.bucket}/${from.key} is missing.`,
    suggestions: ['Check out the commit of that time and deploy it: infractl deploy'],
    cause,
  });
}

function inWords(error: unknown, bucket: string, account: string): unknown {
  const { name } = underneath(error);
  if (name === 'NoSuchBucket')
    return new InfractlError({
      code: 'SiteBucketMissing',
      message: `There is no bucket ${bucket}.`,
      suggestions: [
        'Create its stack: infractl deploy --create-stack',
        'If it should be there, look at `bucket` of the site in infractl.yaml, and at the profile and the region.',
      ],
      cause: error,
    });
  if (name !== 'AccessDenied') return error;
  const said = error instanceof InfractlError ? error : undefined;
  return new InfractlError({
    code: 'AccessDenied',
    message: said?.message ?? `The bucket ${bucket} may not be used.`,
    why: `Or another account than ${account} owns the bucket ${bucket}: then nothing is put there.`,
    suggestions: said?.suggestions ?? [],
    exit: Exit.credentials,
    cause: said?.cause ?? error,
  });
}
