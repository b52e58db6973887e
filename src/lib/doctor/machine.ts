import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isInfractlError } from '../base/errors.ts';
import { run } from '../base/process.ts';

/** The first line that a program says of its version; undefined where it is not there or says nothing well. */
export async function versionOf(
  command: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly timeout: number; readonly signal: AbortSignal },
): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr, timedOut } = await run(command, args, options);
    // ssh says it on standard error.
    return exitCode === 0 && !timedOut ? `${stdout}${stderr}`.trim().split('\n')[0] : undefined;
  } catch (error) {
    if (isInfractlError(error) && /^Command/.test(error.code)) return undefined;
    throw error;
  }
}

/** Bytes that this user can still write where a folder is, or will be. */
export async function freeSpace(folder: string): Promise<number> {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const { bavail, bsize } = await statfs(there);
  return bavail * bsize;
}
