import { jsonService, required } from './json.ts';
import type { Context } from './server.ts';
import type { EcrImage } from './state.ts';
import { FakeError, type Parameters, page } from './wire.ts';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

interface ImageId {
  readonly imageDigest?: string;
  readonly imageTag?: string;
}

function repository(p: Parameters, { state }: Context): EcrImage[] {
  const name = required(p, 'repositoryName');
  const images = state.ecr.repositories.get(name);
  if (!images) {
    throw new FakeError(
      'RepositoryNotFoundException',
      `The repository with name '${name}' does not exist in the registry with id '${state.account}'`,
    );
  }
  return images;
}

function atMost(ids: readonly ImageId[] | undefined, most: number): void {
  if (ids && (ids.length === 0 || ids.length > most))
    throw new FakeError(
      'InvalidParameterException',
      `Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length between 1 and ${most}'`,
    );
}

const matching = (images: readonly EcrImage[], id: ImageId) =>
  images.find(
    (one) => one.digest === id.imageDigest || (id.imageTag !== undefined && one.tags.has(id.imageTag)),
  );

function ids(image: EcrImage, filter: unknown): ImageId[] {
  const status = (filter as { tagStatus?: string } | undefined)?.tagStatus ?? 'ANY';
  if (image.tags.size === 0) return status === 'TAGGED' ? [] : [{ imageDigest: image.digest }];
  if (status === 'UNTAGGED') return [];
  return [...image.tags].map((imageTag) => ({ imageDigest: image.digest, imageTag }));
}

/** ECR: the images of a repository, and the login. Layers are pushed to a real registry, not here. */
export const ecr = jsonService('ecr', {
  GetAuthorizationToken(_p, { state, region, clock }) {
    const token = Buffer.from(`AWS:${state.ecr.password}`).toString('base64');
    return {
      authorizationData: [
        {
          authorizationToken: token,
          expiresAt: clock.now() / 1000 + 12 * 3600,
          proxyEndpoint:
            state.ecr.proxyEndpoint ?? `https://${state.account}.dkr.ecr.${region}.amazonaws.com`,
        },
      ],
    };
  },
  DescribeImages(p, context) {
    const images = repository(p, context);
    const wanted = p.imageIds as ImageId[] | undefined;
    atMost(wanted, 100);
    if (wanted && (p.maxResults !== undefined || p.nextToken !== undefined))
      throw new FakeError(
        'InvalidParameterException',
        'imageIds cannot be used with maxResults or nextToken',
      );
    const chosen = wanted
      ? wanted.map((id) => {
          const found = matching(images, id);
          if (found) return found;
          throw new FakeError(
            'ImageNotFoundException',
            `The image with imageId {imageDigest:'${id.imageDigest ?? 'null'}', imageTag:'${id.imageTag ?? 'null'}'} does not exist within the repository with name '${p.repositoryName}' in the registry with id '${context.state.account}'`,
          );
        })
      : images;
    const { items, next } = page(chosen, p.nextToken, Number(p.maxResults ?? context.state.ecr.pageSize));
    return {
      imageDetails: items.map((image) => ({
        registryId: context.state.account,
        repositoryName: p.repositoryName,
        imageDigest: image.digest,
        imageTags: image.tags.size > 0 ? [...image.tags] : undefined,
        imageSizeInBytes: image.sizeInBytes,
        imagePushedAt: image.pushedAt / 1000,
        lastRecordedPullTime: image.pulledAt === undefined ? undefined : image.pulledAt / 1000,
        imageManifestMediaType: image.children ? INDEX : MANIFEST,
      })),
      nextToken: next,
    };
  },
  GetRepositoryPolicy(p, context) {
    repository(p, context);
    const policyText = context.state.ecr.policies.get(String(p.repositoryName));
    if (policyText !== undefined) return { repositoryName: p.repositoryName, policyText };
    throw new FakeError(
      'RepositoryPolicyNotFoundException',
      `Repository policy does not exist for the repository with name '${p.repositoryName}' in the registry with id '${context.state.account}'`,
    );
  },
  BatchGetImage(p, context) {
    const images = repository(p, context);
    atMost(p.imageIds as ImageId[] | undefined, 100);
    const found = ((p.imageIds ?? []) as ImageId[]).map((id) => [id, matching(images, id)] as const);
    return {
      images: found.flatMap(([, image]) =>
        image
          ? [
              {
                repositoryName: p.repositoryName,
                imageId: { imageDigest: image.digest },
                imageManifest: JSON.stringify(
                  image.children
                    ? { schemaVersion: 2, manifests: image.children.map((digest) => ({ digest })) }
                    : { schemaVersion: 2, digest: image.digest },
                ),
                imageManifestMediaType: image.children ? INDEX : MANIFEST,
              },
            ]
          : [],
      ),
      failures: found.flatMap(([imageId, image]) =>
        image ? [] : [{ imageId, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }],
      ),
    };
  },
  PutImage(p, context) {
    const images = repository(p, context);
    const tag = required(p, 'imageTag');
    const image = matching(images, { imageDigest: required(p, 'imageDigest') });
    if (!image) throw new FakeError('LayersNotFoundException', 'Nothing can be pushed to the fake.');
    if (image.tags.has(tag)) {
      throw new FakeError(
        'ImageAlreadyExistsException',
        `Image with digest '${image.digest}' and tag '${tag}' already exists in the repository with name '${p.repositoryName}'`,
      );
    }
    const holder = images.find((one) => one.tags.has(tag));
    if (holder && context.state.ecr.immutable) {
      throw new FakeError(
        'ImageTagAlreadyExistsException',
        `The image tag '${tag}' already exists in the '${p.repositoryName}' repository and cannot be overwritten because the tag is immutable.`,
      );
    }
    holder?.tags.delete(tag);
    image.tags.add(tag);
    return {
      image: { repositoryName: p.repositoryName, imageId: { imageDigest: image.digest, imageTag: tag } },
    };
  },
  ListImages(p, context) {
    const all = repository(p, context).flatMap((image) => ids(image, p.filter));
    const { items, next } = page(all, p.nextToken, Number(p.maxResults ?? context.state.ecr.pageSize));
    return { imageIds: items, nextToken: next };
  },
  BatchDeleteImage(p, context) {
    const images = repository(p, context);
    atMost(p.imageIds as ImageId[] | undefined, 100);
    const deleted: ImageId[] = [];
    const failures: object[] = [];
    for (const id of p.imageIds as ImageId[]) {
      const image = matching(images, id);
      if (!image) {
        failures.push({
          imageId: id,
          failureCode: 'ImageNotFound',
          failureReason: 'Requested image not found',
        });
        continue;
      }
      if (images.some(({ children }) => children?.includes(image.digest))) {
        const failureReason = `Requested image referenced by manifest list`;
        failures.push({ imageId: id, failureCode: 'ImageReferencedByManifestList', failureReason });
        continue;
      }
      // A tag alone is taken off; the image goes with its last tag, or when it is named by digest.
      if (id.imageTag && !id.imageDigest) image.tags.delete(id.imageTag);
      if (id.imageDigest || image.tags.size === 0) images.splice(images.indexOf(image), 1);
      deleted.push({ imageDigest: image.digest, ...(id.imageTag ? { imageTag: id.imageTag } : {}) });
    }
    return { imageIds: deleted, failures };
  },
});
