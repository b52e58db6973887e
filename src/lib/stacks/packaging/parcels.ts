import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { messageOf, UsageError } from '../../base/errors.ts';
import { nameOf, type Place } from './places.ts';
import type { Kind } from './table.ts';

/** What goes to S3, known by its content. */
export interface Parcel {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly contentType?: string;
}

const suggestions = [
  'Leave out what is not needed: let the build write to a folder of its own, and name that.',
];
/** Lambda's limit of unzipped code: 250 MB, for a function with its layers. */
const LAMBDA = { bytes: 262_144_000, what: 'a Lambda function or layer', suggestions };
/** Elastic Beanstalk's limit of a source bundle: 500 MB. The others document none. */
const BUNDLE = { bytes: 524_288_000, what: 'an archive of this kind', suggestions };

const NOUNS: Readonly<Record<Kind, string>> = {
  lambda: 'code',
  zip: 'code',
  bundle: 'code',
  file: 'file',
  snippet: 'file',
  template: 'template',
};

/** Why a place cannot be packed, as the end of a sentence. Looks at the path, reads nothing. */
export async function obstacle({ template, path, kind }: Place): Promise<string | undefined> {
  const name = nameOf(template, path);
  const found = await stat(path).catch(() => undefined);
  if (!found) return `there is no ${NOUNS[kind]} at ${name}`;
  const takesFolder = kind === 'lambda' || kind === 'zip' || kind === 'bundle';
  if (found.isDirectory()) return takesFolder ? undefined : `${name} is a folder, and a file is needed here`;
  if (!found.isFile()) return `${name} is neither a file nor a folder`;
  return undefined;
}

/**
 * Packs what a place names. Equal content gives equal keys and bytes.
 *
 * @throws UsageError of `zipFolder` (`ZipTooLarge`, `FolderEmpty` …); `CodeMissing` when it cannot be read.
 */
export async function pack({ path, kind }: Place): Promise<Parcel> {
  const largest = kind === 'lambda' ? LAMBDA : BUNDLE;
  try {
    const { isArchive, zipFile, zipFolder } = await import('../../artifacts/zip.ts');
    if ((await stat(path)).isDirectory()) return archive(await zipFolder(path, { largest }));
    if ((kind === 'lambda' || kind === 'zip') && !(await isArchive(path)))
      return archive(await zipFile(path, largest));
    const bytes = await readFile(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    if (kind === 'lambda' || kind === 'zip') return archive({ bytes, sha256 });
    // API Gateway and Step Functions tell YAML from JSON by the name's ending; so do people.
    const ending = /^\.[\w-]{1,16}$/.test(extname(path)) ? extname(path) : '';
    return { key: `files/${sha256}${ending}`, bytes };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError({
      code: 'CodeMissing',
      message: `${path} cannot be read: ${messageOf(error)}.`,
      cause: error,
    });
  }
}

function archive({ bytes, sha256 }: { bytes: Uint8Array; sha256: string }): Parcel {
  return { key: `code/${sha256}.zip`, bytes, contentType: 'application/zip' };
}
