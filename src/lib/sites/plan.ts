import { posix } from 'node:path';
import { IMMUTABLE } from './headers.ts';
import { kindOf, ORDER } from './kinds.ts';
import type { RecordedFile, SiteRecord } from './record.ts';
import { headersHash } from './release.ts';
import type { Keep, Release, ReleaseFile, StoredFile } from './types.ts';

/** Why a file is put. `mended`: it is not what the last run left there. */
export type PutReason = 'new' | 'changed' | 'headers' | 'mended';

export interface Put {
  readonly file: ReleaseFile;
  readonly why: PutReason;
}

export interface SitePlan {
  /** What is put, one group after the other: no page before its assets. */
  readonly puts: readonly (readonly Put[])[];
  /** Put by us before, part of the site no more, and kept long enough. */
  readonly removals: readonly string[];
  /** Those that would be removed, but somebody else has put something there since. */
  readonly taken: readonly string[];
  /** Of earlier releases, kept for pages that are open. */
  readonly kept: readonly string[];
  /** Files of the bucket that somebody else put there: they are left alone. */
  readonly foreign: readonly string[];
  /** Paths whose answer is another one afterwards. */
  readonly stale: readonly string[];
  /** Browsers were told that these never change, and they do. */
  readonly broken: readonly string[];
  /** Whether it is another release than the one that is there. */
  readonly newRelease: boolean;
}

export interface PlanInput {
  readonly wanted: Release;
  /** What the last run left; undefined where there was none here. */
  readonly record: SiteRecord | undefined;
  readonly there: ReadonlyMap<string, StoredFile>;
  readonly keep: Keep;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** S3 tells the time of a file to the second in one answer and finer in another. Milliseconds. */
const SAME_TIME = 5000;

/** What to put and remove, in which order, so that the bucket holds a release. Pure. */
export function planSite({ wanted, record, there, keep, now }: PlanInput): SitePlan {
  const known = record?.files ?? {};
  const puts = wanted.files.flatMap((file): Put[] => {
    const why = reasonToPut(file, own(known, file.path), there.get(file.path));
    return why ? [{ file, why }] : [];
  });
  const paths = new Set(wanted.files.map(({ path }) => path));
  const newRelease = record?.release !== wanted.id;
  const serial = (record?.serial ?? 0) + (newRelease ? 1 : 0);
  const old = Object.entries(known).filter(([path]) => !paths.has(path) && there.has(path));
  const over = old.filter(([path, file]) => isOver(path, file, keep, serial, now));
  const removals = over.filter(([path, file]) => isOurs(file, there.get(path))).map(([path]) => path);
  const overwritten = puts.filter(({ file }) => there.has(file.path));
  return {
    puts: inOrder(puts),
    removals,
    taken: over.filter(([path, file]) => !isOurs(file, there.get(path))).map(([path]) => path),
    kept: old.filter((entry) => !over.includes(entry)).map(([path]) => path),
    foreign: [...there.keys()].filter((path) => !paths.has(path) && !Object.hasOwn(known, path)),
    stale: [...overwritten.map(({ file }) => file.path), ...removals].sort(),
    broken: puts.flatMap(({ file, why }) =>
      why === 'changed' && wasImmutable(own(known, file.path), file) ? [file.path] : [],
    ),
    newRelease,
  };
}

function own<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function reasonToPut(
  file: ReleaseFile,
  known: RecordedFile | undefined,
  stored: StoredFile | undefined,
): PutReason | undefined {
  if (!stored) return known?.etag && !known.left ? 'mended' : 'new';
  if (!known?.etag) return 'changed';
  if (known.sha256 !== file.sha256) return 'changed';
  if (!isOurs(known, stored)) return 'mended';
  return known.headers === headersHash(file.headers) ? undefined : 'headers';
}

/** Whether what is there is what we put there. Where a run was cut off, it may be what was there before it. */
export function isOurs(known: RecordedFile, stored: StoredFile | undefined): boolean {
  if (!stored) return false;
  if (known.etag === undefined) return stored.etag !== known.over;
  return stored.etag === known.etag && stored.modified - (known.modified ?? 0) < SAME_TIME;
}

/** Pages go at once: one that is no part of the site must not be found. What they name stays for a while. */
function isOver(path: string, { left }: RecordedFile, keep: Keep, serial: number, now: number): boolean {
  if (kindOf(path) !== 'asset') return true;
  if ('releases' in keep) return serial - (left?.serial ?? serial) >= keep.releases;
  return now - (left ? Date.parse(left.at) : now) >= keep.ms;
}

function wasImmutable(known: RecordedFile | undefined, { headers }: ReleaseFile): boolean {
  return headers['cache-control'] === IMMUTABLE && known?.headers === headersHash(headers);
}

/** Assets, then pages, the entry last, then what makes browsers fetch pages. */
function inOrder(puts: readonly Put[]): Put[][] {
  const groups = ORDER.flatMap((kind) => {
    const some = puts.filter(({ file }) => kindOf(file.path) === kind);
    if (kind !== 'page') return [some];
    const isEntry = ({ file }: Put) => file.path === 'index.html';
    return [some.filter((put) => !isEntry(put)), some.filter(isEntry)];
  });
  return groups.filter((group) => group.length > 0);
}

/** What is said of a plan before it is carried out: each file that changes, in the order of names. */
export function changedFiles({
  puts,
  removals,
}: Pick<SitePlan, 'puts' | 'removals'>): { readonly path: string; readonly change: PutReason | 'removed' }[] {
  return [
    ...puts.flat().map(({ file, why }) => ({ path: file.path, change: why })),
    ...removals.map((path) => ({ path, change: 'removed' as const })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The record before the first change: what is there, and what is about to be. Pure. */
export function aheadOf(
  record: SiteRecord | undefined,
  plan: SitePlan,
  there: PlanInput['there'],
  facts: Pick<SiteRecord, 'place'> & { readonly pending?: SiteRecord['pending'] | undefined },
): SiteRecord {
  const files = new Map(Object.entries(record?.files ?? {}));
  for (const { file } of plan.puts.flat()) {
    const before = files.get(file.path);
    const stored = there.get(file.path);
    const over = before ? before.over : stored?.etag;
    const facts = { sha256: file.sha256, headers: headersHash(file.headers) };
    files.set(file.path, { ...facts, ...(over === undefined ? {} : { over }) });
  }
  return {
    format: 1,
    place: facts.place,
    ...(record?.release ? { release: record.release } : {}),
    serial: record?.serial ?? 0,
    files: Object.fromEntries(files),
    ...(facts.pending ? { pending: facts.pending } : {}),
  };
}

/**
 * The record when all is done. Pure.
 *
 * @param put what S3 answered, by path
 */
export function afterwards(
  ahead: SiteRecord,
  plan: SitePlan,
  { wanted, there, now }: Pick<PlanInput, 'wanted' | 'there' | 'now'>,
  put: ReadonlyMap<string, { readonly etag: string; readonly modified: number }>,
): SiteRecord {
  const serial = ahead.serial + (plan.newRelease ? 1 : 0);
  const current = wanted.files.map(({ path, sha256, headers }) => {
    const answer = put.get(path);
    const { left: _, over, ...known } = ahead.files[path] ?? { sha256, headers: headersHash(headers) };
    return [path, { ...known, ...(answer ?? {}) }] as const;
  });
  const kept = plan.kept.map((path) => {
    const known = ahead.files[path] as RecordedFile;
    const stored = there.get(path);
    const seen = known.etag === undefined && stored ? { etag: stored.etag, modified: stored.modified } : {};
    return [
      path,
      { ...known, ...seen, left: known.left ?? { serial, at: new Date(now).toISOString() } },
    ] as const;
  });
  const files = Object.fromEntries([...current, ...kept].sort(([a], [b]) => (a < b ? -1 : 1)));
  return { format: 1, place: ahead.place, release: wanted.id, serial, files };
}

/** The folder of a path, with a slash at both ends. */
export const folderOf = (path: string): string => posix.join('/', posix.dirname(path), '/');
