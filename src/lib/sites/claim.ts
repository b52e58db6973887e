import { Exit, InfractlError } from '../base/errors.ts';
import type { SiteOwner, SitePlace, SitesPort, StoredFile } from './types.ts';

/** Says whose site a place is: a file of the site itself, since two projects share nothing else. */
export const MARKER = '.infractl.json';

const TAGS = { project: 'infractl:project', environment: 'infractl:environment' } as const;

/**
 * Whether the place is this site's: `ours`, or `free` where nobody has said so.
 *
 * @param there the files of the place
 * @throws InfractlError `NotOurBucket` (exit 5)
 */
export async function checkClaim(
  port: SitesPort,
  place: SitePlace,
  owner: SiteOwner,
  there: ReadonlyMap<string, StoredFile>,
): Promise<'ours' | 'free'> {
  if (there.has(MARKER)) {
    const text = await port.read(place, MARKER);
    const said = text === undefined ? undefined : parsed(text);
    if (said && !sameOwner(said, owner)) throw notOurs(place, wordsOf(said));
    if (said) return 'ours';
  }
  const tags = await port.tags(place.bucket);
  const project = tags?.[TAGS.project];
  if (project !== undefined && project !== owner.project) throw notOurs(place, `of the project ${project}`);
  const environment = tags?.[TAGS.environment];
  if (project !== undefined && environment !== undefined && environment !== owner.environment)
    throw notOurs(place, `of the environment ${environment} of ${project}`);
  return 'free';
}

/**
 * Makes the place this site's. Decided by S3 itself, so of two exactly one wins.
 *
 * @throws InfractlError `NotOurBucket` (exit 5) where somebody was faster
 */
export async function claim(port: SitesPort, place: SitePlace, owner: SiteOwner): Promise<void> {
  if (await port.claim(place, MARKER, markerText(owner))) return;
  const text = await port.read(place, MARKER);
  const said = text === undefined ? undefined : parsed(text);
  if (!said || !sameOwner(said, owner)) throw notOurs(place, said ? wordsOf(said) : 'of somebody else');
}

function markerText({ project, environment, site }: SiteOwner): string {
  return `${JSON.stringify({ project, environment, site })}\n`;
}

function parsed(text: string): SiteOwner | undefined {
  try {
    const { project, environment, site } = JSON.parse(text) as Partial<Record<keyof SiteOwner, unknown>>;
    return { project: String(project), environment: String(environment), site: String(site) };
  } catch {
    return undefined;
  }
}

function sameOwner(one: SiteOwner, other: SiteOwner): boolean {
  return one.project === other.project && one.environment === other.environment && one.site === other.site;
}

const wordsOf = ({ project, environment, site }: SiteOwner) =>
  `of the site ${site} of ${project} ${environment}`;

function notOurs({ bucket, prefix }: SitePlace, whose: string): InfractlError {
  return new InfractlError({
    code: 'NotOurBucket',
    message: `s3://${bucket}/${prefix} is ${whose}: nothing was put there.`,
    why: 'Two sites in one place would each take away what the other one needs.',
    suggestions: [
      'Give each environment a bucket of its own, or each site a `prefix`.',
      `If that other site is no more, delete s3://${bucket}/${prefix}${MARKER} and run the same command again.`,
    ],
    exit: Exit.declined,
  });
}
