/** Buckets that are in the way of a deletion: how much is in them, and emptying them. */
import { isTransient } from '../aws/errors.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { InfractlError } from '../base/errors.ts';
import { plural } from '../base/text.ts';

/** One version of an object, or the marker that a deletion left. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
  /** Bytes; 0 of a marker. */
  readonly size: number;
}

/** What emptying needs of S3. The bucket must belong to the session's account: every call says so. */
export interface BucketsPort {
  /** ListObjectVersions, one page of at most 1,000; undefined when there is no such bucket. */
  versions(
    bucket: string,
    after?: string,
  ): Promise<{ readonly versions: readonly ObjectVersion[]; readonly next?: string } | undefined>;
  /** DeleteObjects, at most 1,000, by version. @returns those that are still there, with the reason */
  remove(
    bucket: string,
    versions: readonly ObjectVersion[],
  ): Promise<readonly { readonly key: string; readonly code: string; readonly reason: string }[]>;
}

export interface BucketDeps {
  readonly port: BucketsPort;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface Contents {
  readonly count: number;
  /** Bytes. */
  readonly size: number;
  /** There is more: counting stopped. */
  readonly more: boolean;
}

/** Counting goes so far; past it the figure says nothing new. */
const MOST_PAGES = 10;
/** A bucket that S3 slows down is asked again so often, with longer and longer pauses. */
const PATIENCE = 8;
const SLOW = /^(SlowDown|InternalError|ServiceUnavailable|RequestTimeout|503|500)$/;

/** What is in a bucket: versions and markers of deletions count, since both keep it from being deleted. */
export async function contentsOf(deps: BucketDeps, bucket: string): Promise<Contents> {
  let count = 0;
  let size = 0;
  let next: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await patiently(deps, () => deps.port.versions(bucket, next));
    count += page?.versions.length ?? 0;
    size += page?.versions.reduce((sum, version) => sum + version.size, 0) ?? 0;
    next = page?.next;
    if (next === undefined) return { count, size, more: false };
  }
  return { count, size, more: true };
}

/**
 * Deletes all objects of a bucket with all their versions and the markers of deletions. Cut off, it goes on
 * where it stopped when it is run again.
 *
 * @param told how many are gone so far
 * @returns how many were deleted
 * @throws InfractlError `BucketNotEmptied` when S3 keeps some (a lock, a policy); Interrupted (130)
 */
export async function emptyBucket(
  deps: BucketDeps,
  bucket: string,
  told: (count: number) => void = () => {},
): Promise<number> {
  const { port, clock, signal } = deps;
  let done = 0;
  for (let tries = 0; ; ) {
    throwIfAborted(signal);
    // Always the first page: what was on it is gone.
    const page = await patiently(deps, () => port.versions(bucket));
    if (!page || page.versions.length === 0) return done;
    const left = await patiently(deps, () => port.remove(bucket, page.versions));
    const gone = page.versions.length - left.length;
    done += gone;
    told(done);
    const slow = left.filter(({ code }) => SLOW.test(code));
    if (gone > 0 && slow.length === 0) {
      tries = 0;
      continue;
    }
    if (gone === 0 && slow.length === 0) throw notEmptied(bucket, left);
    tries++;
    if (gone === 0 && tries > PATIENCE) throw notEmptied(bucket, left);
    await clock.sleep(Math.min(30_000, 500 * 2 ** tries), signal);
  }
}

/** A call that S3 is too busy for, or whose answer is lost, is made again: deleting twice does no harm. */
async function patiently<T>(
  { clock, signal }: Pick<BucketDeps, 'clock' | 'signal'>,
  ask: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!isTransient(error) || tries > PATIENCE) throw error;
      await clock.sleep(Math.min(30_000, 500 * 2 ** tries), signal);
    }
  }
}

function notEmptied(
  bucket: string,
  left: readonly { readonly key: string; readonly code: string; readonly reason: string }[],
): InfractlError {
  return new InfractlError({
    code: 'BucketNotEmptied',
    message: `The bucket ${bucket} could not be emptied: S3 keeps at least ${plural(left.length, 'object')}.`,
    why: left
      .slice(0, 5)
      .map(({ key, code, reason }) => `${key}: ${reason || code}`)
      .join('\n'),
    suggestions: [
      'Objects under an object lock stay until it ends: keep their stack with --keep.',
      'Or a bucket policy denies it: look at the bucket in the S3 console. Then run the same command again.',
    ],
  });
}
