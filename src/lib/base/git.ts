import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isInfractlError } from './errors.ts';
import { run } from './process.ts';

export interface GitFacts {
  /** The full hash of the commit that is checked out. */
  readonly commit: string;
  /** Undefined when no branch is checked out. */
  readonly branch?: string;
  /** Something differs from the commit, or is not in git at all (ignored files aside). */
  readonly dirty: boolean;
}

/** Longer than that, and a deploy should not wait for it. Milliseconds. */
const PATIENCE = 5_000;

/**
 * Commit, branch and state of the repository that a folder is in. One git process; none where no `.git` is
 * above the folder. Undefined where there is no repository, no commit, or no git that answers.
 */
export async function gitFacts(
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
  signal?: AbortSignal,
): Promise<GitFacts | undefined> {
  if (!insideRepository(folder)) return undefined;
  try {
    const args = ['status', '--porcelain=v2', '--branch', '--untracked-files=normal'];
    // Without optional locks git leaves its index alone: another git may be at work.
    const child = { ...env, GIT_OPTIONAL_LOCKS: '0' };
    const { exitCode, stdout } = await run('git', args, {
      cwd: folder,
      env: child,
      signal,
      timeout: PATIENCE,
    });
    return exitCode === 0 ? parseStatus(stdout) : undefined;
  } catch (error) {
    if (isInfractlError(error) && error.code.startsWith('CommandNot')) return undefined;
    throw error;
  }
}

/** Whether a `.git` is in the folder or above it. */
export function insideRepository(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return true;
    if (dirname(at) === at) return false;
  }
}

/** Reads `git status --porcelain=v2 --branch`. */
export function parseStatus(text: string): GitFacts | undefined {
  const lines = text.split('\n').filter((line) => line !== '');
  const header = (name: string) =>
    lines.find((line) => line.startsWith(`# branch.${name} `))?.slice(`# branch.${name} `.length);
  const commit = header('oid');
  if (!commit || !/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
  const branch = header('head');
  return {
    commit,
    ...(branch && branch !== '(detached)' ? { branch } : {}),
    dirty: lines.some((line) => !line.startsWith('#')),
  };
}
