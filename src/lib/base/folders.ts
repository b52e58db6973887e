import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** A folder of infractl's under the user's cache folder (XDG base directories). It may not be there yet. */
export function cacheFolder(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const base = env.XDG_CACHE_HOME;
  return join(base && isAbsolute(base) ? base : join(env.HOME || homedir(), '.cache'), 'infractl', name);
}
