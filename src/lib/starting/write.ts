import { existsSync } from 'node:fs';
import { constants, copyFile, link, mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Exit, InfractlError, isInfractlError } from '../base/errors.ts';
import { whyNotWritten } from '../base/folders.ts';
import { listed } from '../base/text.ts';
import type { NewFile, Start } from './draft.ts';
import { renderDraft } from './render.ts';
import { secretFiles } from './secrets-files.ts';

const CONFIGURATION = 'infractl.yaml';
const IGNORED = ['.env.secrets', '.env.secrets.*', '.infractl/'];

/** What will be written into a folder. */
export interface WritePlan {
  /** Absolute. */
  readonly folder: string;
  readonly files: readonly NewFile[];
  /** What whoever starts the project should know beside the start's own remarks. */
  readonly remarks: readonly string[];
}

/**
 * The files of a start. A folder may hold anything else: only what has the name of one of these is in the way. Files of
 * secrets that are there already stay as they are, and what they lack is told.
 *
 * @throws InfractlError `FileInTheWay` (exit 5), naming every one
 */
export function planFiles(folder: string, start: Start): WritePlan {
  const there = (path: string) => existsSync(join(folder, path));
  const needed = [{ path: CONFIGURATION, text: renderDraft(start.draft) }, ...start.files];
  const inTheWay = [...needed.map(({ path }) => path), 'infractl.yml'].filter(there);
  if (inTheWay.length > 0)
    throw new InfractlError({
      code: 'FileInTheWay',
      message: `${listed(inTheWay)} ${inTheWay.length > 1 ? 'are' : 'is'} here already: nothing was written.`,
      why: 'init overwrites nothing. Other files may be in the folder.',
      suggestions: [
        `Move ${inTheWay.length > 1 ? 'them' : 'it'} out of the way, or do it in another folder.`,
      ],
      exit: Exit.declined,
    });
  const secrets = secretFiles(start.secrets);
  const kept = secrets.filter(({ path }) => there(path));
  const ignore = secrets.length > 0 ? gitignore(there) : { files: [], remarks: [] };
  return {
    folder,
    files: [...needed, ...secrets.filter(({ path }) => !there(path)), ...ignore.files],
    remarks: [
      ...kept.map(
        ({ path, text }) =>
          `${path} is here already and stays as it is. infractl.yaml takes from it: ${listed(variablesOf(text))}.`,
      ),
      ...ignore.remarks,
    ],
  };
}

function gitignore(there: (path: string) => boolean): Pick<WritePlan, 'files' | 'remarks'> {
  if (there('.gitignore'))
    return { files: [], remarks: ['See that .gitignore has .env.secrets and .env.secrets.*'] };
  return { files: [{ path: '.gitignore', text: `${IGNORED.join('\n')}\n` }], remarks: [] };
}

const variablesOf = (text: string) =>
  [...text.matchAll(/^(?:# )?([A-Z_][A-Z0-9_]*)=/gm)].map(([, name = '']) => name);

/**
 * Writes what was planned: all of it, or nothing, and never over anything, also where a file came up since. Everything is
 * written beside first.
 *
 * @param check looks at the files where they were written first; what it throws leaves nothing behind
 * @throws InfractlError `ProjectNotWritten`
 */
export async function writeFiles(
  { folder, files }: WritePlan,
  check: (staging: string) => Promise<void>,
): Promise<void> {
  const made: string[] = [];
  const folders: string[] = [];
  let staging: string | undefined;
  try {
    staging = await mkdtemp(join(folder, '.infractl-init-'));
    for (const { path, text, private: own } of files) {
      await mkdir(join(staging, dirname(path)), { recursive: true });
      await writeFile(join(staging, path), text, { mode: own ? 0o600 : 0o644, flag: 'wx' });
    }
    await check(staging);
    // infractl.yaml, the first of them, comes last: before it is there, there is no project.
    for (const { path } of files.toReversed()) {
      const first = await mkdir(join(folder, dirname(path)), { recursive: true });
      if (first) folders.push(join(folder, dirname(path)));
      await put(join(staging, path), join(folder, path));
      made.push(join(folder, path));
    }
  } catch (error) {
    for (const path of made) await rm(path, { force: true }).catch(() => {});
    for (const path of folders.reverse()) await rmdir(path).catch(() => {});
    throw isInfractlError(error) ? error : notWritten(folder, error);
  } finally {
    if (staging) await rm(staging, { recursive: true, force: true }).catch(() => {});
  }
}

/** A link is made whole or not at all, and never over a file; where a disk knows none, a copy that is refused as well. */
async function put(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

function notWritten(folder: string, cause: unknown): InfractlError {
  return new InfractlError({
    code: 'ProjectNotWritten',
    message: `The project could not be written to ${folder}.`,
    why: whyNotWritten(cause, {
      EEXIST: 'Something was put there meanwhile.',
      ENOENT: 'The folder is gone.',
    }),
    suggestions: ['Nothing was left behind: run the command again once that is mended.'],
    cause,
  });
}
