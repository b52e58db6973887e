import { isThrottling, isTransient, underneath } from '../aws/errors.ts';
import { throwIfAborted } from '../base/clock.ts';
import { Exit, InfractlError, isInfractlError, withMore } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import { folderOf } from './plan.ts';
import type { Distribution, Invalidation, SiteDeps, SitePlace } from './types.ts';

/** So many paths are named one by one; past it one with a star counts as one, of the 1,000 a month that are free. */
export const MOST_PATHS = 30;

/** Milliseconds. */
const LOOK_EVERY = 3000;
const SLOWEST_LOOK = 20_000;
const BUSY_PAUSE = 10_000;
const BUSY_TRIES = 60;

/**
 * The paths that a distribution is told of, as viewers ask for them. Pure.
 *
 * @param paths of the site
 * @param distribution undefined where it may not be looked at: then it is told of everything
 */
export function cdnPaths(
  paths: readonly string[],
  { bucket, prefix }: SitePlace,
  distribution: Pick<Distribution, 'origins'> | undefined,
): string[] {
  if (paths.length === 0) return [];
  if (!distribution) return ['/*'];
  const roots = rootsOf({ bucket, prefix }, distribution);
  const named = [...new Set(roots.flatMap((root) => paths.flatMap((path) => asked(root, path))))];
  if (named.length <= MOST_PATHS && !paths.includes('*')) return named.sort();
  const folder = paths.includes('*') ? '/' : sharedFolder(paths.map(folderOf));
  return roots.map((root) => `${encoded(root + folder.slice(1))}*`);
}

/** Where the site begins for viewers: an origin may show a folder of the bucket as its root. */
function rootsOf({ bucket, prefix }: SitePlace, { origins }: Pick<Distribution, 'origins'>): string[] {
  const full = `/${prefix}`;
  const roots = ofBucket(origins, bucket).flatMap(({ path }) => {
    const shown = path.replace(/\/+$/, '');
    return full.startsWith(`${shown}/`) ? [full.slice(shown.length)] : [];
  });
  return [...new Set(roots.length > 0 ? roots : [full])];
}

/** The origins that are this bucket: by its own name, or its website's. */
export function ofBucket(origins: Distribution['origins'], bucket: string): Distribution['origins'] {
  return origins.filter(({ domain }) => domain === bucket || domain.startsWith(`${bucket}.s3`));
}

/** A folder's index answers for the folder, too. */
function asked(root: string, path: string): string[] {
  const whole = encoded(root + path);
  const folder = /^(.*\/)index\.html?$/.exec(whole)?.[1];
  return folder ? [whole, folder] : [whole];
}

/** CloudFront wants what is unsafe in a URL encoded, and nothing else: its own paths are compared as text. */
function encoded(path: string): string {
  return path.replace(/[^\x21-\x7e]|["<>#%{}|\\^[\]`]/gu, encodeURIComponent);
}

/** The longest folder that all of these are in. Pure. */
export function sharedFolder(folders: readonly string[]): string {
  const [first = '/', ...rest] = folders.map((folder) => folder.split('/').slice(0, -1));
  let shared = [...first];
  for (const one of rest) {
    const at = shared.findIndex((part, i) => one[i] !== part);
    if (at >= 0) shared = shared.slice(0, at);
  }
  return `${shared.join('/')}/`;
}

/**
 * Tells the CDN, waiting for its turn while too many other invalidations are under way.
 *
 * @throws InfractlError `InvalidationRefused`
 */
export async function invalidate(
  deps: Pick<SiteDeps, 'cdn' | 'clock' | 'signal' | 'reporter'>,
  order: {
    readonly part: string;
    readonly distribution: string;
    readonly paths: readonly string[];
    readonly reference: string;
  },
): Promise<Invalidation> {
  const cdn = await deps.cdn();
  for (let tries = 1; ; tries++) {
    throwIfAborted(deps.signal);
    try {
      return await cdn.invalidate(order.distribution, order.paths, order.reference);
    } catch (error) {
      const busy = underneath(error).name === 'TooManyInvalidationsInProgress';
      if (!busy && !isThrottling(error) && !isTransient(error)) throw inPlace(error);
      if (tries >= BUSY_TRIES) throw refused(order.distribution, error);
      const status = busy
        ? 'waiting: CloudFront is busy with other invalidations'
        : 'asking CloudFront again';
      deps.reporter.emit({ type: 'part.status', part: order.part, status });
      await deps.clock.sleep(busy ? BUSY_PAUSE : Math.min(BUSY_PAUSE, 500 * 2 ** tries), deps.signal);
    }
  }
}

const IN_PLACE = 'The files of the site are in place; what CloudFront had of them before may still be seen.';
const AGAIN = 'Run the same command again: nothing but the invalidation is left to do.';

function refused(distribution: string, cause: unknown): InfractlError {
  return new InfractlError({
    code: 'InvalidationRefused',
    message: `CloudFront took no invalidation for ${distribution}: too many are under way.`,
    why: IN_PLACE,
    suggestions: [AGAIN],
    cause,
  });
}

/** The failure, and what there is all the same. */
function inPlace(error: unknown): unknown {
  if (!isInfractlError(error) || error.exit === Exit.interrupted) return error;
  return withMore(error, { why: [IN_PLACE], suggestions: [AGAIN] });
}

/**
 * Waits until the CDN has let go of what changed.
 *
 * @param most milliseconds
 * @returns false where it has not by then; the files are in place all the same
 */
export async function untilGone(
  deps: Pick<SiteDeps, 'cdn' | 'clock' | 'signal' | 'reporter'>,
  {
    part,
    distribution,
    count,
    most,
    first,
  }: {
    readonly part: string;
    readonly distribution: string;
    readonly count: number;
    readonly most: number;
    readonly first: Invalidation;
  },
): Promise<boolean> {
  const { clock, signal } = deps;
  const cdn = await deps.cdn();
  const until = clock.now() + most;
  let { status } = first;
  for (let pause = LOOK_EVERY; status !== 'Completed'; pause = Math.min(SLOWEST_LOOK, pause * 1.5)) {
    const rest = until - clock.now();
    if (rest <= 0) return false;
    const text = `waiting until CloudFront has let go of ${plural(count, 'path')}`;
    deps.reporter.emit({ type: 'part.status', part, status: text });
    await clock.sleep(Math.min(pause, rest), signal);
    try {
      ({ status } = await cdn.invalidation(distribution, first.id));
    } catch (error) {
      // Not being able to look does not undo what was done.
      if (!isTransient(error) && underneath(error).name !== 'AccessDenied') throw error;
      if (underneath(error).name === 'AccessDenied') return false;
    }
  }
  return true;
}
