import { InfractlError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import { ecrError, isMissing } from './publish.ts';
import type { EcrDeletion, EcrImage, ImageDeps, NewestImage, Repository } from './types.ts';

/** Signatures and attestations are kept beside images, with tags of their own. */
const IMAGE_CONFIG = /container\.image|image\.config|manifest/;
/** BatchDeleteImage takes so many at most. */
const BATCH = 100;

/**
 * The image that was pushed last, by the registry's own time (ecr:DescribeImages): what `--skip-build`
 * deploys.
 *
 * @throws InfractlError `NoImage` when the repository has none, `RepositoryNotFound`
 */
export async function newestImage(
  deps: Pick<ImageDeps, 'ecr' | 'clock'>,
  repository: Repository,
): Promise<NewestImage> {
  let newest: (EcrImage & { pushedAt: number }) | undefined;
  try {
    for await (const page of deps.ecr.taggedImages(repository)) {
      for (const image of page) {
        const { pushedAt } = image;
        if (pushedAt === undefined || !IMAGE_CONFIG.test(image.artifactType ?? 'manifest')) continue;
        // Of two in the same moment the one listed later.
        if (newest === undefined || pushedAt >= newest.pushedAt) newest = { ...image, pushedAt };
      }
    }
  } catch (error) {
    throw ecrError(error, repository);
  }
  if (newest === undefined) {
    throw new InfractlError({
      code: 'NoImage',
      message: `The repository ${repository.name} holds no image.`,
      suggestions: ['Build and push one, without --skip-build: infractl deploy'],
    });
  }
  return {
    uri: `${repository.uri}@${newest.digest}`,
    digest: newest.digest,
    tags: newest.tags,
    pushedAt: newest.pushedAt,
    age: Math.max(0, deps.clock.now() - newest.pushedAt),
  };
}

/**
 * Deletes all images of the repository (ecr:ListImages, ecr:BatchDeleteImage), so that its stack can be
 * deleted. A repository that is not there has none.
 *
 * @returns how many images were deleted
 * @throws InfractlError `ImagesNotDeleted`
 */
export async function emptyRepository(deps: Pick<ImageDeps, 'ecr'>, repository: Repository): Promise<number> {
  let deleted = 0;
  try {
    // An image that an index refers to can go only after the index: such rounds go on while they help.
    for (;;) {
      const digests = await allDigests(deps, repository);
      if (digests.length === 0) return deleted;
      const round = await deleteAll(deps, repository, digests);
      deleted += new Set(round.deleted).size;
      if (round.deleted.length === 0) throw notDeleted(repository, round.failures);
    }
  } catch (error) {
    if (isMissing(error)) return deleted;
    throw error;
  }
}

async function allDigests(deps: Pick<ImageDeps, 'ecr'>, repository: Repository): Promise<string[]> {
  const digests = new Set<string>();
  for await (const page of deps.ecr.digests(repository)) for (const digest of page) digests.add(digest);
  return [...digests];
}

async function deleteAll(
  deps: Pick<ImageDeps, 'ecr'>,
  repository: Repository,
  digests: readonly string[],
): Promise<EcrDeletion> {
  const answers: EcrDeletion[] = [];
  for (let at = 0; at < digests.length; at += BATCH) {
    answers.push(await deps.ecr.deleteImages(repository, digests.slice(at, at + BATCH)));
  }
  return {
    deleted: answers.flatMap((answer) => answer.deleted),
    failures: answers.flatMap((answer) => answer.failures),
  };
}

function notDeleted(repository: Repository, failures: EcrDeletion['failures']): InfractlError {
  return new InfractlError({
    code: 'ImagesNotDeleted',
    message: `${plural(failures.length, 'image')} of the repository ${repository.name} could not be deleted.`,
    why: failures
      .slice(0, 5)
      .map(({ digest, code, reason }) => `${digest}: ${reason || code}`)
      .join('\n'),
    suggestions: ['Run the same command again; if it stays so, look at the repository in the ECR console.'],
  });
}
