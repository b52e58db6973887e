import { messageOf } from '../base/errors.ts';
import { parseRepository } from './spec.ts';
import type { EcrPort, ImageDeps } from './types.ts';

/** What is in use, by the name of the function's part. */
const liveTag = (name: string) => `keep-${name}-live`;
const previousTag = (name: string) => `keep-${name}-previous`;

/**
 * Marks the image that a function runs, and the one that it ran before: `keep-<name>-live` and
 * `keep-<name>-previous` (ecr:DescribeImages, ecr:BatchGetImage, ecr:PutImage). A lifecycle policy counts by
 * the time of the push, and an old image can be the one that runs; its rules can spare tags that begin with
 * `keep-`. Nothing is lost where it cannot be done: it is said, and the deploy stands.
 *
 * @param uri the image by digest: `<repository>@sha256:…`
 */
export async function keepImage(
  deps: Pick<ImageDeps, 'reporter'> & { readonly ecr: Pick<EcrPort, 'describeImage' | 'tagImage'> },
  name: string,
  uri: string,
): Promise<void> {
  const [address = '', digest = ''] = uri.split('@');
  try {
    const repository = parseRepository(address);
    const before = await deps.ecr.describeImage(repository, { tag: liveTag(name) });
    if (before?.digest === digest) return;
    if (before) await deps.ecr.tagImage(repository, before.digest, previousTag(name));
    const done = await deps.ecr.tagImage(repository, digest, liveTag(name));
    if (done === 'immutable') {
      deps.reporter.emit({
        type: 'note',
        message: `The repository ${repository.name} does not let tags move, so ${liveTag(name)} stays where it was.`,
      });
    }
  } catch (error) {
    deps.reporter.emit({
      type: 'warning',
      message: `The image of ${name} could not be marked as in use: ${messageOf(error)}`,
    });
  }
}
