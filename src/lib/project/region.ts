import { resolve } from 'node:path';
import type { Tree } from './environments.ts';
import { isTree } from './merge.ts';
import { readSamconfig } from './parameters/samconfig.ts';
import { substitute } from './substitute.ts';

/** The region of the flag or of a variable, which stand above the file. */
export function givenRegion(flag: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  return flag ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined);
}

/** The region of the first samconfig.toml that has one. */
export async function samRegion(
  merged: Tree,
  names: { readonly project: string; readonly environment: string },
  root: string,
): Promise<{ region: string; file: string } | undefined> {
  for (const stack of Object.values(isTree(merged.stacks) ? merged.stacks : {})) {
    const written = isTree(stack) ? stack.samconfig : undefined;
    if (typeof written !== 'string') continue;
    const file = String(substitute(written, names, () => {}));
    const read = await readSamconfig(resolve(root, file), names.environment);
    // What is wrong with the file is reported where the stack is built.
    if ('settings' in read && read.settings.region) return { region: read.settings.region, file };
  }
  return undefined;
}
