import type { Dirent, Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Ignore } from 'ignore';
import { UsageError } from './errors.ts';

/** One file of a folder. */
export interface FolderEntry {
  /** Path in the folder, with `/`. */
  readonly path: string;
  /** Where it really is: absolute, links followed. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly executable: boolean;
}

export interface FolderSearch {
  /** As it is said in messages. */
  readonly folder: string;
  readonly excluded: Ignore;
  /** What cannot be done with a file that will not do: `zipped`, `published`. */
  readonly done: string;
  /** Where a path is left out: "the `exclude` patterns of the function". */
  readonly exclusion: string;
}

/**
 * All files below a folder, in the order of the disk. Links are followed inside the folder.
 *
 * @returns undefined where there is no such folder
 * @throws UsageError `BadLink`, `NotAFile`, `FileNotReadable`
 */
export async function folderFiles(search: FolderSearch): Promise<FolderEntry[] | undefined> {
  const root = await realpath(search.folder).catch(() => undefined);
  if (root === undefined || !(await stat(root)).isDirectory()) return undefined;
  return collect(search, root, '', [root]);
}

/** @param trail the real paths of the folders above, to notice a link that leads back up */
async function collect(
  search: FolderSearch,
  folder: string,
  prefix: string,
  trail: readonly string[],
): Promise<FolderEntry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    throw unreadable(folder, error);
  });
  const found: FolderEntry[] = [];
  for (const entry of entries) {
    const path = prefix + entry.name;
    if (search.excluded.ignores(path)) continue;
    const [facts, file] = await follow(search, entry, join(folder, entry.name), path, trail[0] ?? '');
    if (facts.isDirectory()) {
      if (search.excluded.ignores(`${path}/`)) continue;
      if (trail.includes(file)) throw badLink(search, path, 'it leads back to a folder that it is in');
      found.push(...(await collect(search, file, `${path}/`, [...trail, file])));
    } else if (facts.isFile()) {
      found.push({ path, file, size: facts.size, executable: (facts.mode & 0o111) !== 0 });
    } else {
      throw new UsageError({
        code: 'NotAFile',
        message: `${path} in ${search.folder} is neither a file nor a folder: it cannot be ${search.done}.`,
        suggestions: [`Remove it, or add it to ${search.exclusion}.`],
      });
    }
  }
  return found;
}

async function follow(
  search: FolderSearch,
  entry: Dirent,
  file: string,
  path: string,
  root: string,
): Promise<[Stats, string]> {
  if (!entry.isSymbolicLink()) {
    // It may have gone since its folder was read.
    const facts = await stat(file).catch((error) => Promise.reject(unreadable(file, error)));
    return [facts, file];
  }
  const real = await realpath(file).catch(() => undefined);
  if (real === undefined) throw badLink(search, path, 'it leads nowhere');
  if (real !== root && !real.startsWith(root + sep))
    throw badLink(search, path, `it leaves the folder, to ${real}`);
  return [await stat(real), real];
}

function badLink({ folder, done, exclusion }: FolderSearch, path: string, why: string): UsageError {
  return new UsageError({
    code: 'BadLink',
    message: `The link ${path} in ${folder} cannot be ${done}: ${why}.`,
    suggestions: [`Copy what it points at into the folder, or add it to ${exclusion}.`],
  });
}

export function unreadable(path: string, cause: unknown): UsageError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UsageError({ code: 'FileNotReadable', message: `${path} cannot be read.`, why, cause });
}
