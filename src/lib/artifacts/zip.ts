import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Zippable, zipSync } from 'fflate';
import ignore from 'ignore';
import { UsageError } from '../base/errors.ts';
import { type FolderEntry, folderFiles, unreadable } from '../base/folder-files.ts';
import { bytes as inWords } from '../base/text.ts';

/** Never part of an archive: the repository, and what other tools leave behind. */
const NEVER = ['.git', '.DS_Store', '*.pyc', '__pycache__'];
/** Lambda's limit for the unzipped code of a function: 250 MB. */
const LAMBDA: ZipLimit = {
  bytes: 262_144_000,
  what: 'a Lambda function',
  suggestions: [
    'Leave out what the function does not need: `exclude: [...]` of the function in infractl.yaml.',
    'Or deploy it as an image: those may have 10 GB.',
  ],
};
/** A zip holds local time without a zone, so these fields must not come from an instant. The first whole day it knows. */
const TIME = new Date(1980, 0, 1, 12);
const UNIX = 3;
const REGULAR = 0o100000;
const AT_ONCE = 32;

/** How large a folder may be, unzipped, and for what. */
export interface ZipLimit {
  readonly bytes: number;
  /** As in "too large for …". */
  readonly what: string;
  /** How to come under it. */
  readonly suggestions: readonly string[];
}

export interface Zip {
  readonly bytes: Uint8Array;
  /** SHA-256 of the archive, in hex. */
  readonly sha256: string;
  /** The same in base64, as Lambda's `CodeSha256`. */
  readonly codeSha256: string;
  /** How many files are in it. */
  readonly files: number;
}

export interface PackOptions {
  /** Patterns as in `.gitignore`. */
  readonly exclude?: readonly string[];
  /** By default Lambda's limit. */
  readonly largest?: ZipLimit;
  /** Where a path is left out, in words. Default: the function's patterns. */
  readonly exclusion?: string;
}

/**
 * A zip of a folder's content that depends on nothing but names, contents and executable bits: sorted,
 * fixed times, modes 0644 or 0755. Equal folders give equal bytes on every machine. Links are followed
 * inside the folder. `.git`, `.DS_Store`, `*.pyc` and `__pycache__` stay out.
 *
 * @param folder absolute path
 * @param options `exclude`: patterns as in `.gitignore`; `largest`: by default Lambda's limit
 * @throws UsageError `FolderNotFound`, `FolderEmpty`, `ZipTooLarge`,
 *   `BadLink`, `NotAFile`, `FileNotReadable`
 */
export async function zipFolder(folder: string, options: PackOptions): Promise<Zip> {
  return zipFiles(await filesToPack(folder, options));
}

/**
 * The code of a function: a zip of a folder, or a finished archive as it is.
 *
 * @param path absolute
 * @throws UsageError as `zipFolder`; `NotAnArchive`, `ExcludeFromArchive`, `FileNotReadable`
 */
export async function codeArchive(
  path: string,
  options: Pick<PackOptions, 'exclude'>,
): Promise<Pick<Zip, 'bytes' | 'sha256' | 'codeSha256'>> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return zipFolder(path, options);
  if (!(await isArchive(path).catch((error) => Promise.reject(unreadable(path, error)))))
    throw new UsageError({
      code: 'NotAnArchive',
      message: `${path} is neither a folder nor a zip archive.`,
      suggestions: ['Name the folder that holds the code; infractl zips it.'],
    });
  if (options.exclude && options.exclude.length > 0)
    throw new UsageError({
      code: 'ExcludeFromArchive',
      message: `Nothing can be left out of ${path}: it is zipped already.`,
      suggestions: ['Take `exclude` out of the function in infractl.yaml, or name the folder itself.'],
    });
  const bytes = await readFile(path).catch((error) => Promise.reject(unreadable(path, error)));
  return { bytes, ...digestsOf(bytes) };
}

/** By its name, or by its first bytes: those of an entry, or of the end of an empty archive. */
export async function isArchive(path: string): Promise<boolean> {
  if (/\.(zip|jar|war)$/i.test(path)) return true;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && ['PK\x03\x04', 'PK\x05\x06'].includes(buffer.toString('latin1'));
  } finally {
    await file.close();
  }
}

/** What `zipFolder` would pack, in the order of the archive; the same errors. */
export async function filesToPack(folder: string, options: PackOptions): Promise<FolderEntry[]> {
  const excluded = ignore()
    .add(NEVER)
    .add([...(options.exclude ?? [])]);
  const { exclusion = 'the `exclude` patterns of the function' } = options;
  const found = await folderFiles({ folder, excluded, done: 'zipped', exclusion });
  if (found === undefined)
    throw new UsageError({ code: 'FolderNotFound', message: `There is no folder ${folder} to zip.` });
  if (found.length === 0) {
    throw new UsageError({
      code: 'FolderEmpty',
      message: `The folder ${folder} has no file to zip.`,
      suggestions: [`Build the code first, or look at ${exclusion}.`],
    });
  }
  refuseTooLarge(folder, found, options.largest ?? LAMBDA);
  // By code units: the same order in every locale.
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * A zip of one file alone, in the same way.
 *
 * @throws UsageError `ZipTooLarge`, `FileNotReadable`
 */
export async function zipFile(file: string, largest: ZipLimit): Promise<Zip> {
  const { size, mode } = await stat(file);
  const found = [{ path: basename(file), file, size, executable: (mode & 0o111) !== 0 }];
  refuseTooLarge(file, found, largest);
  return zipFiles(found);
}

/** A zip of these files, in this order. */
export async function zipFiles(found: readonly FolderEntry[]): Promise<Zip> {
  const bytes = await archive(found);
  return { bytes, ...digestsOf(bytes), files: found.length };
}

function digestsOf(bytes: Uint8Array): Pick<Zip, 'sha256' | 'codeSha256'> {
  const digest = createHash('sha256').update(bytes).digest();
  return { sha256: digest.toString('hex'), codeSha256: digest.toString('base64') };
}

function refuseTooLarge(path: string, found: readonly FolderEntry[], limit: ZipLimit): void {
  const total = found.reduce((sum, { size }) => sum + size, 0);
  if (total <= limit.bytes) return;
  const largest = found.toSorted((a, b) => b.size - a.size).slice(0, 3);
  throw new UsageError({
    code: 'ZipTooLarge',
    message: `${path} is too large for ${limit.what}: ${inWords(total)} of at most ${inWords(limit.bytes)}.`,
    why: `The largest: ${largest.map(({ path, size }) => `${path} (${inWords(size)})`).join(', ')}.`,
    suggestions: limit.suggestions,
  });
}

async function archive(found: readonly FolderEntry[]): Promise<Uint8Array> {
  const files: Zippable = {};
  for (let from = 0; from < found.length; from += AT_ONCE) {
    const some = found.slice(from, from + AT_ONCE);
    const contents = await Promise.all(
      some.map(({ file }) => readFile(file).catch((error) => Promise.reject(unreadable(file, error)))),
    );
    some.forEach(({ path, executable }, index) => {
      const mode = REGULAR | (executable ? 0o755 : 0o644);
      const content = contents[index] ?? new Uint8Array();
      files[path] = [content, { mtime: TIME, os: UNIX, attrs: (mode << 16) >>> 0 }];
    });
  }
  // In this thread: fflate's workers cannot be loaded from a bundle.
  return zipSync(files);
}
