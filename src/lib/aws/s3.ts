import { setTimeout as wait } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketTaggingCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { SharedStore } from '../artifacts/store.ts';
import { Exit, InfractlError } from '../base/errors.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { partitionOf } from './partition.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** How long an old version of an object is kept, in days. */
const KEEP_OLD_VERSIONS_DAYS = 90;
/** Set last, so a bucket that carries it has every setting. */
const READY_TAG = 'infractl:ready';

export interface BucketFacts {
  readonly bucket: string;
  /** The 12-digit account that must own it: said in every call, so no other owner ever gets our data. */
  readonly account: string;
  readonly project: string;
}

/** Opens the bucket; makes it or finishes making it when `create` is set. */
export async function openBucket(
  session: AwsSession,
  facts: BucketFacts,
  create: boolean,
): Promise<SharedStore | undefined> {
  const client = traced(
    new S3Client({ ...session.config, forcePathStyle: session.endpoint !== undefined }),
    session,
  );
  const owned = { Bucket: facts.bucket, ExpectedBucketOwner: facts.account };
  const ready = await bucketIsReady(session, client, facts);
  if (ready === undefined && !create) return undefined;
  if (!ready && create) await makeBucket(session, client, facts, ready === undefined);

  return {
    bucket: facts.bucket,

    async has(key) {
      return found(
        call(session, 's3:GetObject', () => client.send(new HeadObjectCommand({ ...owned, Key: key }))),
      ).then((answer) => answer !== undefined);
    },

    async put(key, body, options = {}) {
      const send = () =>
        client.send(
          new PutObjectCommand({
            ...owned,
            Key: key,
            // An empty string would be taken for a stream of unknown length.
            Body: typeof body === 'string' ? Buffer.from(body) : body,
            ContentType: options.contentType ?? 'application/octet-stream',
            ...(options.ifAbsent ? { IfNoneMatch: '*' } : {}),
          }),
        );
      try {
        await onConflictAgain(() => call(session, 's3:PutObject', send));
        return true;
      } catch (error) {
        if (options.ifAbsent && underneath(error).name === 'PreconditionFailed') return false;
        throw error;
      }
    },

    async get(key) {
      const answer = await found(
        call(session, 's3:GetObject', async () => {
          const { Body } = await client.send(new GetObjectCommand({ ...owned, Key: key }));
          return Body?.transformToByteArray() ?? new Uint8Array();
        }),
      );
      return answer;
    },

    async look(key) {
      let date: string | undefined;
      const answer = await found(
        call(session, 's3:GetObject', async () => {
          const command = new GetObjectCommand({ ...owned, Key: key });
          // The innermost place: there the answer's head is to be had, also where there is no object.
          command.middlewareStack.add(
            (next) => async (args) => {
              const result = await next(args);
              date = (result.response as { headers?: Record<string, string> } | undefined)?.headers?.date;
              return result;
            },
            { step: 'deserialize', priority: 'low', name: 'infractlDate' },
          );
          const { Body, ETag, LastModified } = await client.send(command);
          return { body: (await Body?.transformToByteArray()) ?? new Uint8Array(), ETag, LastModified };
        }),
      );
      const now = date ? Date.parse(date) : Number.NaN;
      const written = answer?.LastModified?.getTime() ?? Number.NaN;
      return {
        ...(answer ? { object: { body: answer.body, etag: answer.ETag ?? '' } } : {}),
        ...(Number.isNaN(now) ? {} : { now }),
        ...(Number.isNaN(now - written) ? {} : { age: Math.max(0, now - written) }),
      };
    },

    async swap(key, body, seen) {
      const condition = seen === undefined ? { IfNoneMatch: '*' } : { IfMatch: seen };
      const send = () =>
        client.send(
          new PutObjectCommand({
            ...owned,
            Key: key,
            Body: Buffer.from(body),
            ContentType: 'application/json',
            ...condition,
          }),
        );
      try {
        return (await onConflictAgain(() => call(session, 's3:PutObject', send))).ETag ?? '';
      } catch (error) {
        // An object that was deleted meanwhile is none that matches: S3 answers 404 there.
        if (['PreconditionFailed', 'NoSuchKey'].includes(underneath(error).name)) return undefined;
        throw error;
      }
    },

    async *list(prefix) {
      let page: string | undefined;
      do {
        const token = page;
        const answer = await call(session, 's3:ListBucket', () =>
          client.send(new ListObjectsV2Command({ ...owned, Prefix: prefix, ContinuationToken: token })),
        );
        for (const item of answer.Contents ?? [])
          yield {
            key: item.Key ?? '',
            size: item.Size ?? 0,
            modifiedAt: item.LastModified ?? new Date(0),
          };
        page = answer.NextContinuationToken;
      } while (page);
    },

    async delete(key) {
      await call(session, 's3:DeleteObject', () =>
        client.send(new DeleteObjectCommand({ ...owned, Key: key })),
      );
    },

    url: (key) => objectUrl(facts.bucket, session.region, session.endpoint, key),
  };
}

/** Whether the bucket has all its settings; undefined when there is no bucket. */
async function bucketIsReady(
  session: AwsSession,
  client: S3Client,
  { bucket, account }: BucketFacts,
): Promise<boolean | undefined> {
  const owned = { Bucket: bucket, ExpectedBucketOwner: account };
  try {
    await client.send(new HeadBucketCommand(owned));
  } catch (error) {
    const status = underneath(error).$metadata?.httpStatusCode;
    if (status === 404) return undefined;
    // HEAD has no body, so S3 cannot say which of the two it is.
    if (status === 403) throw refused(bucket, account, error);
    if (status === 301) throw elsewhere(session, bucket, error);
    return call(session, 's3:ListBucket', () => Promise.reject(error));
  }
  try {
    const { TagSet } = await client.send(new GetBucketTaggingCommand(owned));
    return TagSet?.some((tag) => tag.Key === READY_TAG) ?? false;
  } catch {
    // No tags yet, or no right to read them: setting everything again does no harm.
    return false;
  }
}

function refused(bucket: string, account: string, cause: unknown): InfractlError {
  return new InfractlError({
    code: 'BucketTaken',
    message: `The bucket ${bucket} cannot be used.`,
    why: `Another account than ${account} owns a bucket of that name, or these credentials may not look at it (s3:ListBucket).`,
    suggestions: [
      `See who may use it: aws s3api get-bucket-location --bucket ${bucket} --expected-bucket-owner ${account}`,
      'If another account owns it, give the project another name in infractl.yaml: bucket names are shared by all of AWS.',
    ],
    exit: Exit.declined,
    cause,
  });
}

function elsewhere(session: AwsSession, bucket: string, cause: unknown): InfractlError {
  return new InfractlError({
    code: 'BucketElsewhere',
    message: `The bucket ${bucket} does not lie in ${session.region}, where this project looks for it.`,
    suggestions: [
      session.sandbox
        ? 'The sandbox was killed and has forgotten where it lies. Empty it: infractl sandbox reset'
        : `See where it lies: aws s3api get-bucket-location --bucket ${bucket}`,
    ],
    cause,
  });
}

async function makeBucket(
  session: AwsSession,
  client: S3Client,
  facts: BucketFacts,
  missing: boolean,
): Promise<void> {
  if (missing) await createBucket(session, client, facts);
  const owned = { Bucket: facts.bucket, ExpectedBucketOwner: facts.account };
  const set = (action: string, send: () => Promise<unknown>) =>
    onConflictAgain(() => call(session, action, send));

  // Closed to the public before anything else; the rest in any order, the tag that says "ready" last.
  await set('s3:PutBucketPublicAccessBlock', () =>
    client.send(
      new PutPublicAccessBlockCommand({
        ...owned,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      }),
    ),
  );
  await Promise.all([
    set('s3:PutBucketVersioning', () =>
      client.send(
        new PutBucketVersioningCommand({ ...owned, VersioningConfiguration: { Status: 'Enabled' } }),
      ),
    ),
    set('s3:PutEncryptionConfiguration', () =>
      client.send(
        new PutBucketEncryptionCommand({
          ...owned,
          ServerSideEncryptionConfiguration: {
            Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
        }),
      ),
    ),
    set('s3:PutBucketPolicy', () =>
      client.send(
        new PutBucketPolicyCommand({ ...owned, Policy: tlsOnlyPolicy(facts.bucket, session.region) }),
      ),
    ),
    set('s3:PutLifecycleConfiguration', () =>
      client.send(
        new PutBucketLifecycleConfigurationCommand({
          ...owned,
          LifecycleConfiguration: {
            Rules: [
              {
                ID: 'expire-old-versions',
                Status: 'Enabled',
                Filter: { Prefix: '' },
                NoncurrentVersionExpiration: { NoncurrentDays: KEEP_OLD_VERSIONS_DAYS },
                AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
              },
              {
                // A lock is written four times a minute, and only its newest version means anything.
                ID: 'expire-old-locks',
                Status: 'Enabled',
                Filter: { Prefix: 'locks/' },
                NoncurrentVersionExpiration: { NoncurrentDays: 1 },
              },
            ],
          },
        }),
      ),
    ),
  ]);
  await set('s3:PutBucketTagging', () =>
    client.send(
      new PutBucketTaggingCommand({
        ...owned,
        Tagging: {
          TagSet: [
            { Key: 'infractl:project', Value: facts.project },
            { Key: READY_TAG, Value: 'true' },
          ],
        },
      }),
    ),
  );
}

async function createBucket(
  session: AwsSession,
  client: S3Client,
  { bucket, account }: BucketFacts,
): Promise<void> {
  // us-east-1 is the one region that must not be named.
  const where =
    session.region === 'us-east-1'
      ? {}
      : { CreateBucketConfiguration: { LocationConstraint: session.region as never } };
  try {
    await onConflictAgain(() =>
      call(session, 's3:CreateBucket', () =>
        client.send(new CreateBucketCommand({ Bucket: bucket, ...where })),
      ),
    );
  } catch (error) {
    const { name } = underneath(error);
    if (name === 'BucketAlreadyExists') throw refused(bucket, account, error);
    // Somebody of the same account was faster.
    if (name !== 'BucketAlreadyOwnedByYou') throw error;
  }
}

function tlsOnlyPolicy(bucket: string, region: string): string {
  const partition = partitionOf(region).id;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'TlsOnly',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:*',
        Resource: [`arn:${partition}:s3:::${bucket}`, `arn:${partition}:s3:::${bucket}/*`],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ],
  });
}

/** S3 answers 409 while another change of the same bucket or object is under way: a moment later it works. */
async function onConflictAgain<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const { name } = underneath(error);
      if (!['OperationAborted', 'ConditionalRequestConflict'].includes(name) || attempt === 6) throw error;
      await wait(100 * 2 ** attempt);
    }
  }
}

async function found<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const e = underneath(error);
    if (e.name === 'NoSuchKey' || e.name === 'NotFound') return undefined;
    throw error;
  }
}

/**
 * The https address of an object, for CloudFormation to read. A bucket behind an endpoint of its own (an
 * emulator) is addressed by path: its host name would not resolve.
 */
export function objectUrl(bucket: string, region: string, endpoint: string | undefined, key: string): string {
  const path = key.split('/').map(encodeURIComponent).join('/');
  if (endpoint) return `${endpoint.replace(/\/+$/, '')}/${bucket}/${path}`;
  return `https://${bucket}.s3.${region}.${partitionOf(region).suffix}/${path}`;
}
