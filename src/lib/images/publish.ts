import { InfractlError, isInfractlError } from '../base/errors.ts';
import { build, checkImage, localImage } from './build.ts';
import { commitTag } from './commit.ts';
import { contentTag, readContent } from './content.ts';
import { contextChanged } from './context.ts';
import { docker, type Engine, findEngine } from './engine.ts';
import { push, repositoryMissing } from './push.ts';
import type { EcrImage, ImageDeps, ImagePlan, ImageSpec, PublishedImage, Repository } from './types.ts';

/** A context that changed during the build is built once more; one that changes again is a failure. */
const BUILDS = 2;
/** ECR may take a moment to show what was pushed: tries, and the pause between them in milliseconds. */
const LOOKS = 8;
const PAUSE = 250;

/** The hash of what an image is made of. Reads files of this machine alone. @throws those of `readContent` */
export async function contentOf(
  { env, clock, signal }: Pick<ImageDeps, 'env' | 'clock' | 'signal'>,
  spec: ImageSpec,
): Promise<string> {
  return (await readContent(spec, env, clock, signal)).hash;
}

/**
 * What `publishImage` would find: reads the build context, and asks the repository for its content tag
 * (ecr:DescribeImages). Changes nothing and starts no process.
 *
 * @throws UsageError and InfractlError of `readContent`; InfractlError `RepositoryNotFound`; those of AWS
 */
export async function planImage(deps: ImageDeps, spec: ImageSpec): Promise<ImagePlan> {
  const hash = await contentOf(deps, spec);
  const tag = contentTag(hash);
  const image = await describe(deps, spec.repository, { tag });
  return {
    contentHash: hash,
    tag,
    present: image !== undefined,
    tags: image?.tags ?? [],
    ...(image === undefined ? {} : { digest: image.digest }),
    ...(image?.bytes === undefined ? {} : { bytes: image.bytes }),
  };
}

/**
 * Makes sure that the repository has the image of this context, and says its digest. Where it has,
 * nothing is built and no process started. An image that the local engine still has from a push that
 * failed is pushed without a build.
 *
 * @throws UsageError and InfractlError: those of `planImage`, of the engine, `BuildFailed`, `NoHandler`,
 *   `WrongPlatform`, `ImageTooLarge`, `ContextChanged`, those of `push`, `PushUnconfirmed`, `ImageIndex`,
 *   `Interrupted`
 */
export async function publishImage(deps: ImageDeps, spec: ImageSpec): Promise<PublishedImage> {
  deps.reporter.emit({ type: 'part.status', part: spec.part, status: 'reading the build context' });
  const plan = await planImage(deps, spec);
  if (plan.digest !== undefined) return unchanged(spec, plan, plan.digest);

  const engine = await findEngine(deps);
  const { tag, hash } = await ensureBuilt(deps, engine, spec, plan);
  const reference = `${spec.repository.uri}:${tag}`;
  const image = await localImage(deps, reference);
  if (image === undefined) throw notLoaded(spec, engine);
  try {
    checkImage(spec, image);
  } catch (error) {
    // Another base image or builder may give a better one: the next run must not take this for done.
    await docker(deps, ['rmi', reference]);
    throw error;
  }

  const commit = await commitTag(spec.context, deps.env, deps.signal);
  const pushed = await push(deps, engine, spec, commit === undefined ? [tag] : [tag, commit]);
  const confirmed = await confirm(deps, spec, tag, pushed.digest);
  return {
    outcome: 'built',
    uri: `${spec.repository.uri}@${confirmed.digest}`,
    digest: confirmed.digest,
    tags: [tag, ...pushed.tags],
    contentHash: hash,
    ...(confirmed.bytes === undefined ? {} : { bytes: confirmed.bytes }),
  };
}

function unchanged(spec: ImageSpec, plan: ImagePlan, digest: string): PublishedImage {
  return {
    outcome: 'unchanged',
    uri: `${spec.repository.uri}@${digest}`,
    digest,
    tags: plan.tags,
    contentHash: plan.contentHash,
    ...(plan.bytes === undefined ? {} : { bytes: plan.bytes }),
  };
}

/** The local engine has the image under its content tag when this is done. */
async function ensureBuilt(
  deps: ImageDeps,
  engine: Engine,
  spec: ImageSpec,
  plan: ImagePlan,
): Promise<{ tag: string; hash: string }> {
  let { tag, contentHash: hash } = plan;
  if ((await localImage(deps, `${spec.repository.uri}:${tag}`)) !== undefined) {
    deps.reporter.emit({ type: 'part.status', part: spec.part, status: 'built already, to be pushed' });
    return { tag, hash };
  }
  for (let builds = 1; ; builds++) {
    await build(deps, engine, spec, `${spec.repository.uri}:${tag}`);
    const after = await readContent(spec, deps.env, deps.clock, deps.signal);
    if (after.hash === hash) {
      warnOfUnwanted(deps, spec, after.unwanted);
      return { tag, hash };
    }
    // The tag would promise another content than the image has.
    await docker(deps, ['rmi', `${spec.repository.uri}:${tag}`]);
    if (builds === BUILDS)
      throw contextChanged(`Files in ${spec.context} changed while the image was built.`);
    hash = after.hash;
    tag = contentTag(hash);
  }
}

function warnOfUnwanted(deps: ImageDeps, spec: ImageSpec, unwanted: readonly string[]): void {
  for (const path of unwanted) {
    const because =
      path === '.git'
        ? 'every git command then makes it a new image'
        : 'it may hold secrets, which then end up in the image';
    deps.reporter.emit({
      type: 'warning',
      message: `${path} is in the build context of the image ${spec.name}: ${because}. Add a line ${path} to .dockerignore.`,
    });
  }
}

/** The registry's own word that it has the image, by the digest that was pushed. */
async function confirm(
  deps: ImageDeps,
  spec: ImageSpec,
  tag: string,
  digest: string | undefined,
): Promise<EcrImage> {
  deps.reporter.emit({ type: 'part.status', part: spec.part, status: 'confirming the digest' });
  for (let looks = 1; looks <= LOOKS; looks++) {
    const image = await describe(deps, spec.repository, digest === undefined ? { tag } : { digest });
    if (image !== undefined) {
      if (/manifest\.list|image\.index/.test(image.manifestType ?? '')) throw isIndex(spec);
      return image;
    }
    await deps.clock.sleep(PAUSE, deps.signal);
  }
  throw new InfractlError({
    code: 'PushUnconfirmed',
    message: `The image ${spec.name} was pushed, but the repository ${spec.repository.name} does not show it.`,
    why: `Looked for ${digest ?? tag} for ${(LOOKS * PAUSE) / 1000} s.`,
    suggestions: [
      'Run the same command again.',
      'Check that the repository URI and the region belong together.',
    ],
  });
}

function isIndex(spec: ImageSpec): InfractlError {
  return new InfractlError({
    code: 'ImageIndex',
    message: `The image ${spec.name} was pushed as an index of several images, which Lambda refuses.`,
    suggestions: [
      'Turn attestations off in the builder, or use docker with the buildx plugin 0.10 or newer.',
    ],
  });
}

function notLoaded(spec: ImageSpec, engine: Engine): InfractlError {
  return new InfractlError({
    code: 'BuildFailed',
    message: `The image ${spec.name} was built, but the local engine does not have it.`,
    why: `${engine.command} said that all went well.`,
    suggestions: ['Use a builder that gives the image to the local engine: docker buildx use default'],
  });
}

/** DescribeImages of one image; a repository that is not there is told as what it is. */
export async function describe(
  deps: ImageDeps,
  repository: Repository,
  id: { tag: string } | { digest: string },
): Promise<EcrImage | undefined> {
  try {
    return await deps.ecr.describeImage(repository, id);
  } catch (error) {
    throw ecrError(error, repository);
  }
}

export function ecrError(error: unknown, repository: Repository): unknown {
  if (!isMissing(error)) return error;
  return repositoryMissing(repository, undefined, error);
}

export function isMissing(error: unknown): boolean {
  return isInfractlError(error) && error.code === 'RepositoryNotFoundException';
}
