import { randomUUID } from 'node:crypto';
import { untilAnswered } from '../aws/retry.ts';
import { sideBySide } from '../base/side-by-side.ts';
import { plural } from '../base/text.ts';
import { claim } from './claim.ts';
import { cdnPaths, invalidate, untilGone } from './invalidation.ts';
import { isAsWanted, lookAtSite, type SiteLook, type SiteOrder } from './look.ts';
import { afterwards, aheadOf, type Put } from './plan.ts';
import { type SiteRecord, writeRecord } from './record.ts';
import { blobKey, manifestKey, manifestText, sha256 } from './release.ts';
import type { FileSource, PutAnswer, ReleaseFile, SiteDeps, SiteStore } from './types.ts';

/** Files that are under way at once. */
const AT_ONCE = 24;
/** What is larger stands in memory, so few of them at once. Bytes. */
const LARGE = 8 * 1024 * 1024;
const LARGE_AT_ONCE = 2;
/** DeleteObjects takes so many. */
const BATCH = 1000;
/** A status line for so many files. */
const TELL_EVERY = 25;

export interface SiteResult {
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly release: string;
  /** The release that was there before. */
  readonly before: string | undefined;
  readonly put: number;
  readonly removed: number;
  /** Of earlier releases, kept for pages that are open. */
  readonly kept: number;
  /** Paths that the CDN was told of. */
  readonly invalidated: readonly string[];
  /** Whether it has let go of them by now; undefined where nobody waited, or it was told of nothing. */
  readonly fresh: boolean | undefined;
  /** Where people find it. */
  readonly url: string | undefined;
}

/**
 * Makes a bucket hold a release: what is missing goes into the project's bucket first, and from there into the
 * site's, assets before the pages that name them; what is old goes last; then the CDN is told. Cut off at any
 * point, the next run ends it.
 *
 * @param sources where the bytes are, by their hash; what is not there must be in the project's bucket
 * @throws as `lookAtSite`; InfractlError `InvalidationRefused`, `FileChanged`; `Interrupted` (exit 130)
 */
export async function publishSite(
  deps: SiteDeps,
  order: SiteOrder,
  sources: ReadonlyMap<string, FileSource> = new Map(),
): Promise<SiteResult> {
  const look = await lookAtSite(deps, order);
  const { release, part } = order;
  const url = typeof look.distribution === 'object' ? look.distribution.url : undefined;
  const before = look.record?.release;
  const facts = { release: release.id, before, url, kept: look.plan.kept.length };
  if (isAsWanted(look))
    return { outcome: 'unchanged', put: 0, removed: 0, invalidated: [], fresh: undefined, ...facts };

  await deps.before();
  const store = await deps.store();
  warnOf(deps, part, look);
  const puts = look.plan.puts.flat();
  await keep(deps, store, order, puts, sources);
  if (look.claim === 'free') await claim(deps.port, order.place, order.owner);

  const pending = pendingOf(look, order);
  const ahead = aheadOf(look.record, look.plan, look.there, { place: order.place, pending });
  await writeRecord(deps, store, order.owner, ahead);
  const answers = await putAll(deps, order, look.plan.puts, store.bucket);
  const stuck = await removeAll(deps, order, look.plan.removals);
  const done = withStuck(
    afterwards(ahead, look.plan, { wanted: release, there: look.there, now: look.now }, answers),
    ahead,
    stuck,
  );
  // What the CDN has yet to be told is not forgotten, whatever it says.
  if (pending) await writeRecord(deps, store, order.owner, { ...done, pending });
  const told = pending ? await tell(deps, order, look, pending) : undefined;
  await writeRecord(deps, store, order.owner, done);

  return {
    outcome: look.record?.release ? 'updated' : 'created',
    put: puts.length,
    removed: look.plan.removals.length - stuck.length,
    invalidated: told?.paths ?? [],
    fresh: told && order.wait > 0 ? await untilGone(deps, { ...told, part, most: order.wait }) : undefined,
    ...facts,
  };
}

function warnOf({ reporter }: SiteDeps, part: string, { plan, moved }: SiteLook): void {
  const warn = (message: string) => reporter.emit({ type: 'warning', message: `${part}: ${message}` });
  if (moved)
    warn(`it was in s3://${moved.bucket}/${moved.prefix} before; what is left of it there stays as it is.`);
  if (plan.taken.length > 0)
    warn(`${few(plan.taken)} would be removed, but somebody else put something there: left as it is.`);
  if (plan.broken.length > 0)
    warn(
      `${few(plan.broken)} looks as if its name carried a hash, so browsers keep it for a year; but its content has changed under the same name. Give it a rule under \`cache\`: no-cache.`,
    );
}

const few = (paths: readonly string[]): string =>
  `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`;

/** What a rollback will need too: every file's bytes under their hash, and the list of them all. */
async function keep(
  deps: SiteDeps,
  store: SiteStore,
  { part, release }: SiteOrder,
  puts: readonly Put[],
  sources: ReadonlyMap<string, FileSource>,
): Promise<void> {
  const wanted = new Map(
    puts.flatMap(({ file }) => {
      const source = sources.get(file.sha256);
      return source ? [[file.sha256, source] as const] : [];
    }),
  );
  let done = 0;
  const upload = async ([hash, source]: readonly [string, FileSource]) => {
    const key = blobKey(hash);
    if (!(await untilAnswered(deps, () => store.has(key))))
      await untilAnswered(deps, () => deps.port.upload({ bucket: store.bucket, key }, source, hash));
    progress(deps, part, 'uploaded', ++done, wanted.size);
  };
  const isLarge = ([, source]: readonly [string, FileSource]) => 'size' in source && source.size > LARGE;
  await sideBySide(
    [...wanted].filter((one) => !isLarge(one)),
    AT_ONCE,
    upload,
  );
  await sideBySide([...wanted].filter(isLarge), LARGE_AT_ONCE, upload);
  const key = manifestKey(release.id);
  if (await untilAnswered(deps, () => store.has(key))) return;
  const text = manifestText(release.files);
  await untilAnswered(deps, () => store.put(key, text, { contentType: 'application/json', ifAbsent: true }));
}

function progress({ reporter }: SiteDeps, part: string, what: string, done: number, all: number): void {
  if (done % TELL_EVERY !== 0 && done !== all) return;
  reporter.emit({ type: 'part.status', part, status: `${what} ${done} of ${plural(all, 'file')}` });
}

async function putAll(
  deps: SiteDeps,
  { part, place }: SiteOrder,
  groups: readonly (readonly Put[])[],
  bucket: string,
): Promise<Map<string, PutAnswer>> {
  const answers = new Map<string, PutAnswer>();
  const all = groups.flat().length;
  const put = async ({ path, sha256: hash, headers }: ReleaseFile) => {
    const from = { bucket, key: blobKey(hash) };
    answers.set(path, await untilAnswered(deps, () => deps.port.put(place, path, from, headers)));
    progress(deps, part, 'put', answers.size, all);
  };
  for (const group of groups) await sideBySide(group, AT_ONCE, ({ file }) => put(file));
  return answers;
}

/** @returns those that S3 keeps; they are tried again by the next run */
async function removeAll(
  deps: SiteDeps,
  { part, place }: SiteOrder,
  removals: readonly string[],
): Promise<string[]> {
  const stuck: string[] = [];
  for (let from = 0; from < removals.length; from += BATCH) {
    const some = removals.slice(from, from + BATCH);
    const left = await untilAnswered(deps, () => deps.port.remove(place, some));
    stuck.push(...left.map(({ path }) => path));
    for (const { path, reason } of left.slice(0, 3))
      deps.reporter.emit({ type: 'warning', message: `${part}: ${path} could not be removed: ${reason}` });
  }
  return stuck;
}

/** What the CDN has to be told, with what a run that was cut off did not tell it. */
function pendingOf({ plan, record }: SiteLook, order: SiteOrder): SiteRecord['pending'] {
  if (order.distribution === undefined || order.invalidate === 'none') return undefined;
  const earlier = record?.pending;
  const changed = order.invalidate === 'all' && plan.newRelease ? ['*'] : plan.stale;
  const paths = [...new Set([...(earlier?.paths ?? []), ...changed])].sort();
  if (paths.length === 0) return undefined;
  const same = earlier && earlier.paths.length === paths.length;
  return { reference: same ? earlier.reference : `infractl-${randomUUID()}`, paths };
}

async function tell(
  deps: SiteDeps,
  order: SiteOrder,
  { distribution }: SiteLook,
  { paths: changed, reference }: NonNullable<SiteRecord['pending']>,
) {
  const id = order.distribution ?? '';
  const seen = typeof distribution === 'object' ? distribution : undefined;
  const paths = cdnPaths(changed, order.place, seen);
  // CloudFront refuses other paths under a reference that it knows.
  const unique = `${reference}-${sha256(paths.join('\n')).slice(0, 8)}`;
  const first = await invalidate(deps, { part: order.part, distribution: id, paths, reference: unique });
  return { paths, first, distribution: id, count: paths.length };
}

/** What could not be removed stays known, so that it is removed some other time. */
function withStuck(done: SiteRecord, ahead: SiteRecord, stuck: readonly string[]): SiteRecord {
  const files = Object.fromEntries(
    stuck.flatMap((path) => {
      const known = ahead.files[path];
      return known ? [[path, known]] : [];
    }),
  );
  return { ...done, files: { ...done.files, ...files } };
}
