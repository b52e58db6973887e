import { createHash, hash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { InfractlError, messageOf, UsageError } from '../base/errors.ts';
import { type ContextEntry, reading, scanContext } from './context.ts';
import { openHashCache } from './hash-cache.ts';
import { parseIgnore } from './ignore.ts';
import type { ImageSpec } from './types.ts';

/** Changes when what is hashed changes: every image is then built once more. */
const FORMAT = 'infractl image 1';

export interface Content {
  /** SHA-256 in hex. */
  readonly hash: string;
  /** Files that are in the context and are better kept out of it. */
  readonly unwanted: readonly string[];
}

/**
 * Reads everything that decides what the image is. No process is started and no call is made.
 *
 * @throws UsageError `ContextNotFound`, `DockerfileNotFound`, `BadIgnorePattern`; InfractlError
 *   `ContextUnreadable`, `ContextChanged`
 */
export async function readContent(
  spec: ImageSpec,
  env: NodeJS.ProcessEnv,
  clock: Clock,
  signal?: AbortSignal,
): Promise<Content> {
  if (!statSync(spec.context, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError({
      code: 'ContextNotFound',
      message: `The build context of the image ${spec.name} is not there: ${spec.context} is no folder.`,
      suggestions: [`Check images.${spec.name}.context in infractl.yaml.`],
    });
  }
  const dockerfile = readDockerfile(spec);
  const ignoreFile = ignoreFileOf(spec);
  const rules = parseIgnore(
    ignoreFile ? reading(ignoreFile, () => readFileSync(ignoreFile, 'utf8')) : '',
    ignoreFile ?? '',
  );
  const cache = openHashCache(`${spec.context}\0${spec.dockerfile}`, env, clock);
  const entries = await scanContext(spec.context, rules, cache, signal);
  cache.save();
  return {
    hash: contentHash(spec, hash('sha256', dockerfile, 'hex'), entries),
    unwanted: entries.map((entry) => entry.path).filter((path) => UNWANTED.test(path)),
  };
}

/** `.git` changes with every git command; the others hold secrets. */
const UNWANTED = /^(?:\.git|\.env\.secrets|\.aws|\.ssh)$/;

/** The file that Docker takes the patterns from: the Dockerfile's own, else the context's. */
export function ignoreFileOf(spec: Pick<ImageSpec, 'context' | 'dockerfile'>): string | undefined {
  return [`${spec.dockerfile}.dockerignore`, join(spec.context, '.dockerignore')].find((file) =>
    existsSync(file),
  );
}

/** The hash of all that decides what an image is; the order of the entries does not matter. */
export function contentHash(
  spec: Pick<ImageSpec, 'platform' | 'target' | 'args' | 'secrets'>,
  dockerfile: string,
  entries: readonly ContextEntry[],
): string {
  const sum = createHash('sha256');
  // A line of JSON each: no value can pass for two, nor two for one.
  const add = (...fields: readonly unknown[]) => sum.update(`${JSON.stringify(fields)}\n`);
  add(FORMAT, spec.platform, spec.target ?? null, dockerfile);
  for (const { name, value } of spec.args) add('argument', name, value);
  for (const { id } of spec.secrets) add('secret', id);
  for (const entry of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    add(entry.kind, entry.path, entry.executable, entry.content);
  }
  return sum.digest('hex');
}

export function contentTag(contentHash: string): string {
  return `content-${contentHash.slice(0, 20)}`;
}

function readDockerfile(spec: ImageSpec): Buffer {
  try {
    return readFileSync(spec.dockerfile);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new UsageError({
        code: 'DockerfileNotFound',
        message: `The image ${spec.name} has no Dockerfile: ${spec.dockerfile} is not there.`,
        suggestions: [`Check images.${spec.name}.dockerfile in infractl.yaml, or write the file.`],
        cause,
      });
    }
    throw new InfractlError({
      code: 'ContextUnreadable',
      message: `The Dockerfile ${spec.dockerfile} cannot be read.`,
      why: messageOf(cause),
      cause,
    });
  }
}
