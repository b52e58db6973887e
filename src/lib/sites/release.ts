import { createHash } from 'node:crypto';
import { InfractlError } from '../base/errors.ts';
import type { FileHeaders, Release, ReleaseFile, SiteStore } from './types.ts';

/** A release by its files. Equal files, headers and all, are the same release on every machine. Pure. */
export function releaseOf(files: readonly ReleaseFile[]): Release {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { id: sha256(manifestText(sorted)), files: sorted };
}

/** What is kept of a release in the project's bucket. */
export function manifestText(files: readonly ReleaseFile[]): string {
  const lines = files.map(({ path, sha256: hash, size, headers }) =>
    JSON.stringify({ path, sha256: hash, size, headers }),
  );
  return `{"format":1,"files":[\n${lines.join(',\n')}\n]}\n`;
}

/** Where the bytes of a file are kept, and where the list of a release's files is. */
export const blobKey = (hash: string): string => `sites/blobs/${hash}`;
export const manifestKey = (release: string): string => `sites/manifests/${release}.json`;

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Tells two sets of headers apart. */
export function headersHash(headers: FileHeaders): string {
  return sha256(JSON.stringify(Object.entries(headers).sort())).slice(0, 16);
}

/** What people call a release. */
export const shortRelease = (id: string): string => id.slice(0, 12);

/**
 * Reads a release back.
 *
 * @throws InfractlError `ReleaseGone` where its manifest is missing or not what it was
 */
export async function readRelease(store: SiteStore | undefined, id: string): Promise<Release> {
  const bytes = await store?.get(manifestKey(id));
  const text = bytes && new TextDecoder().decode(bytes);
  if (text !== undefined && sha256(text) === id)
    return { id, files: (JSON.parse(text) as { files: ReleaseFile[] }).files };
  throw new InfractlError({
    code: 'ReleaseGone',
    message: `The release ${shortRelease(id)} of the site is not kept any more.`,
    why: `${store ? `s3://${store.bucket}/` : ''}${manifestKey(id)} is ${text === undefined ? 'missing' : 'damaged'}.`,
    suggestions: ['Check out the commit of that time and deploy it: infractl deploy'],
  });
}
