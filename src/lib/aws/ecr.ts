import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImagesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  type ImageDetail,
  ListImagesCommand,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import type { EcrImage, EcrPort, Repository } from '../images/types.ts';
import { call } from './call.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** The most that ListImages and DescribeImages give at once. */
const PAGE = 1000;

/** ECR for `lib/images`. A repository of another region or account than the session's is asked there. */
export function ecrPort(session: AwsSession, signal?: AbortSignal): EcrPort {
  const clients = new Map<string, ECRClient>();
  const options = signal ? { abortSignal: signal } : {};

  function clientFor({ region = session.region }: Repository): ECRClient {
    const client = clients.get(region) ?? traced(new ECRClient({ ...session.config, region }), session);
    clients.set(region, client);
    return client;
  }

  const ask = <T>(action: string, send: () => Promise<T>) => call(session, action, send, signal);

  return {
    async describeImage(repository, id) {
      const imageId = 'tag' in id ? { imageTag: id.tag } : { imageDigest: id.digest };
      try {
        const answer = await ask('ecr:DescribeImages', () =>
          clientFor(repository).send(
            new DescribeImagesCommand({ ...named(repository), imageIds: [imageId] }),
            options,
          ),
        );
        return answer.imageDetails?.map(toImage).at(0);
      } catch (error) {
        if (isInfractlError(error) && error.code === 'ImageNotFoundException') return undefined;
        throw error;
      }
    },

    async *taggedImages(repository) {
      let nextToken: string | undefined;
      do {
        const answer = await ask('ecr:DescribeImages', () =>
          clientFor(repository).send(
            new DescribeImagesCommand({
              ...named(repository),
              filter: { tagStatus: 'TAGGED' },
              maxResults: PAGE,
              nextToken,
            }),
            options,
          ),
        );
        yield (answer.imageDetails ?? []).map(toImage).filter(({ tags }) => tags.length > 0);
        nextToken = answer.nextToken;
      } while (nextToken);
    },

    async *digests(repository) {
      let nextToken: string | undefined;
      do {
        const answer = await ask('ecr:ListImages', () =>
          clientFor(repository).send(
            new ListImagesCommand({ ...named(repository), maxResults: PAGE, nextToken }),
            options,
          ),
        );
        yield (answer.imageIds ?? []).flatMap(({ imageDigest }) => imageDigest ?? []);
        nextToken = answer.nextToken;
      } while (nextToken);
    },

    async deleteImages(repository, digests) {
      const answer = await ask('ecr:BatchDeleteImage', () =>
        clientFor(repository).send(
          new BatchDeleteImageCommand({
            ...named(repository),
            imageIds: digests.map((imageDigest) => ({ imageDigest })),
          }),
          options,
        ),
      );
      return {
        deleted: (answer.imageIds ?? []).flatMap(({ imageDigest }) => imageDigest ?? []),
        failures: (answer.failures ?? []).map(({ imageId, failureCode, failureReason }) => ({
          digest: imageId?.imageDigest ?? '',
          code: failureCode ?? '',
          reason: failureReason ?? '',
        })),
      };
    },

    async tagImage(repository, digest, tag) {
      const { images } = await ask('ecr:BatchGetImage', () =>
        clientFor(repository).send(
          new BatchGetImageCommand({ ...named(repository), imageIds: [{ imageDigest: digest }] }),
          options,
        ),
      );
      const [image] = images ?? [];
      if (!image?.imageManifest) {
        throw new InfractlError({
          code: 'ImageNotFound',
          message: `There is no image ${digest} in ${repository.name}.`,
        });
      }
      const { imageManifest, imageManifestMediaType } = image;
      try {
        await ask('ecr:PutImage', () =>
          clientFor(repository).send(
            new PutImageCommand({
              ...named(repository),
              imageManifest,
              ...(imageManifestMediaType ? { imageManifestMediaType } : {}),
              imageDigest: digest,
              imageTag: tag,
            }),
            options,
          ),
        );
        return 'tagged';
      } catch (error) {
        if (isInfractlError(error) && error.code === 'ImageAlreadyExistsException') return 'present';
        if (isInfractlError(error) && error.code === 'ImageTagAlreadyExistsException') return 'immutable';
        throw error;
      }
    },

    async login(repository) {
      const answer = await ask('ecr:GetAuthorizationToken', () =>
        clientFor(repository).send(new GetAuthorizationTokenCommand({}), options),
      );
      const token = answer.authorizationData?.[0]?.authorizationToken ?? '';
      const [username, password] = Buffer.from(token, 'base64')
        .toString('utf8')
        .split(/:([\s\S]*)/);
      if (!username || !password) {
        throw new InfractlError({
          code: 'NoAuthorizationToken',
          message: 'ecr:GetAuthorizationToken gave no login for the registry.',
          suggestions: ['Run the same command again.'],
        });
      }
      return { username, password };
    },
  };
}

function named({ name, registryId }: Repository): { repositoryName: string; registryId?: string } {
  return { repositoryName: name, ...(registryId === undefined ? {} : { registryId }) };
}

function toImage(detail: ImageDetail): EcrImage {
  return {
    digest: detail.imageDigest ?? '',
    tags: detail.imageTags ?? [],
    ...(detail.imagePushedAt ? { pushedAt: detail.imagePushedAt.getTime() } : {}),
    ...(detail.imageSizeInBytes === undefined ? {} : { bytes: detail.imageSizeInBytes }),
    ...(detail.imageManifestMediaType ? { manifestType: detail.imageManifestMediaType } : {}),
    ...(detail.artifactMediaType ? { artifactType: detail.artifactMediaType } : {}),
  };
}
