import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { messageOf } from './errors.ts';

/** A folder of infractl's under the user's cache folder (XDG base directories). It may not be there yet. */
export function cacheFolder(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  return join(base && isAbsolute(base) ? base : join(env.HOME || homedir(), '.cache'), 'infractl', name);
}

const NOT_WRITTEN: Readonly<Record<string, string>> = {
  EACCES: 'You may not write there.',
  EPERM: 'You may not write there.',
  EROFS: 'The disk is read-only.',
  ENOSPC: 'The disk is full.',
  EDQUOT: 'Your share of the disk is full.',
  ENOTDIR: 'A part of the path is a file.',
  ENOTEMPTY: 'Something was put there meanwhile.',
  ENAMETOOLONG: 'The path is too long.',
};

/**
 * Why something could not be written, in words.
 *
 * @param words for codes of the system that mean something special here: `EEXIST`
 */
export function whyNotWritten(cause: unknown, words: Readonly<Record<string, string>> = {}): string {
  const code = (cause as NodeJS.ErrnoException)?.code ?? '';
  return words[code] ?? NOT_WRITTEN[code] ?? messageOf(cause);
}
