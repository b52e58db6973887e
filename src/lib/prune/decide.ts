import type { Item, Policy, User, Verdict } from './types.ts';

/**
 * Tags that infractl gives by itself: the content, and the commit. Any other was given by somebody who wants the
 * image. Digits alone are taken for a date or a build: a commit is one in three hundred such.
 */
const OWN_TAG = /^(content-[0-9a-f]+|(?=\d*[a-f])[0-9a-f]{7,40}(-dirty)?)$/;

/** ECR notes a pull once a day, so one that it does not tell of may be as young as that. Milliseconds. */
const PULL_GRAIN = 24 * 3_600_000;

/** The digests and the hashes of keys that a text names. */
export function namesIn(text: string): Set<string> {
  return new Set(text.match(/(?<![0-9a-fA-F])[0-9a-f]{64}(?![0-9a-fA-F])/g) ?? []);
}

/** The hash by which others name a thing; undefined for what no text can name. */
function hashOf({ kind, id }: Item): string | undefined {
  return kind === 'entry' ? undefined : /[0-9a-f]{64}/.exec(id)?.[0];
}

/**
 * What goes and what stays, and why. Pure. A thing stays when anything names its hash, when it is young, when
 * somebody gave it a tag, when it is part of an index that stays or signs an image that does. Of objects only
 * those go whose key is made of a hash: no other is known to be infractl's.
 *
 * @param kept ids of journal entries that stay, with the reason
 */
export function decide(
  items: readonly Item[],
  users: readonly User[],
  kept: ReadonlyMap<string, string>,
  { now, grace }: Policy,
): Verdict[] {
  const named = new Map<string, string>();
  for (const { who, text } of users)
    for (const hash of namesIn(text)) if (!named.has(hash)) named.set(hash, who);
  const reasons = new Map<Item, string>();
  for (const item of items) {
    const reason = ownReason(item, named, kept, now - grace);
    if (reason !== undefined) reasons.set(item, reason);
  }
  spread(items, reasons);
  return items.map((item) => {
    const because = reasons.get(item);
    return { ...item, remove: because === undefined, because: because ?? unused(item) };
  });
}

function ownReason(
  item: Item,
  named: ReadonlyMap<string, string>,
  kept: ReadonlyMap<string, string>,
  youngest: number,
): string | undefined {
  const hash = hashOf(item);
  if (item.kind === 'entry') return kept.get(item.id) ?? (item.at > youngest ? 'it is young' : undefined);
  if (hash === undefined) return 'it is not known to be made by a deploy';
  const who = named.get(hash);
  if (who !== undefined) return `${who} names it`;
  const marked = item.tags.find((tag) => tag.startsWith('keep-'));
  if (marked) return `it is marked as in use: ${marked}`;
  const foreign = item.tags.find((tag) => !OWN_TAG.test(tag) && signed(tag) === undefined);
  if (foreign) return `somebody tagged it ${foreign}`;
  if ((item.pulledAt ?? 0) > youngest - PULL_GRAIN) return 'it was pulled lately';
  return item.at > youngest ? 'it is young' : undefined;
}

/** The image that a signature or an attestation belongs to, which its tag names: `sha256-<hex>.sig`. */
function signed(tag: string): string | undefined {
  return /^sha256-([0-9a-f]{64})(\.\w+)?$/.exec(tag)?.[1];
}

/** What an index that stays is made of, stays; and what signs something that stays. */
function spread(items: readonly Item[], reasons: Map<Item, string>): void {
  const images = items.filter(({ kind }) => kind === 'image');
  const byDigest = new Map<string, Item[]>();
  for (const image of images) byDigest.set(image.id, [...(byDigest.get(image.id) ?? []), image]);
  for (let size = -1; size !== reasons.size; ) {
    size = reasons.size;
    for (const image of images) {
      const of = image.tags
        .map(signed)
        .find((digest) => digest && isKept(byDigest.get(`sha256:${digest}`), reasons));
      if (of && !reasons.has(image)) reasons.set(image, 'it signs an image that stays');
      if (!reasons.has(image)) continue;
      for (const child of image.children.flatMap((digest) => byDigest.get(digest) ?? []))
        if (!reasons.has(child)) reasons.set(child, 'it is part of an image that stays');
    }
  }
}

function isKept(items: readonly Item[] | undefined, reasons: ReadonlyMap<Item, string>): boolean {
  return items?.some((item) => reasons.has(item)) ?? false;
}

function unused({ kind }: Item): string {
  return kind === 'entry' ? 'no kept state rests on it' : 'nothing names it';
}

/**
 * Whether a repository's policy lets another account pull: then images may run where nobody here can look.
 * Pure. Lambda pulls from another account only where the policy names that account (Lambda developer guide,
 * "Amazon ECR cross-account permissions").
 *
 * @param policy the text of GetRepositoryPolicy
 */
export function isShared(policy: string | undefined, account: string): boolean {
  if (policy === undefined) return false;
  const others = policy.match(/\b\d{12}\b/g)?.some((one) => one !== account) ?? false;
  return others || /"(AWS|Principal)"\s*:\s*\[?\s*"\*"|aws:PrincipalOrg/i.test(policy);
}
