import { isInfractlError } from '../base/errors.ts';
import { run } from '../base/process.ts';

/**
 * The tag of the commit that the folder is at: `<short sha>`, `<short sha>-dirty` where something in the
 * folder is not committed. Undefined where the folder is in no repository, or there is no git.
 */
export async function commitTag(
  folder: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string | undefined> {
  // Without optional locks git does not refresh its index: a build context may hold it.
  const git = (...args: string[]) =>
    run('git', args, { cwd: folder, env: { ...env, GIT_OPTIONAL_LOCKS: '0' }, signal });
  try {
    const [head, status] = await Promise.all([
      git('rev-parse', '--short=12', '--verify', 'HEAD'),
      git('status', '--porcelain', '--', '.'),
    ]);
    const sha = head.stdout.trim();
    if (head.exitCode !== 0 || status.exitCode !== 0 || !/^[0-9a-f]{7,}$/.test(sha)) return undefined;
    return status.stdout.trim() === '' ? sha : `${sha}-dirty`;
  } catch (error) {
    if (isInfractlError(error) && error.code.startsWith('CommandNot')) return undefined;
    throw error;
  }
}
