import {
  BatchGetImageCommand,
  DescribeImagesCommand,
  ECRClient,
  GetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** An image as a repository has it, tagged or not. */
export interface StoredImage {
  readonly digest: string;
  readonly tags: readonly string[];
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly pushedAt: number;
  /** Milliseconds since 1970; ECR refreshes it once a day. */
  readonly pulledAt?: number;
  /** Digests of the images that an index is made of; empty for one image. */
  readonly children: readonly string[];
}

const INDEX = /image\.index|manifest\.list/;
const INDEX_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** All images of a repository of the session's account: DescribeImages, and BatchGetImage for what indexes hold. */
export async function storedImages(session: AwsSession, repositoryName: string): Promise<StoredImage[]> {
  const client = traced(new ECRClient(session.config), session);
  const found: StoredImage[] = [];
  let page: string | undefined;
  do {
    const nextToken = page;
    const answer = await call(session, 'ecr:DescribeImages', () =>
      client.send(new DescribeImagesCommand({ repositoryName, nextToken, maxResults: 1000 })),
    );
    for (const detail of answer.imageDetails ?? []) {
      const digest = detail.imageDigest ?? '';
      found.push({
        digest,
        tags: detail.imageTags ?? [],
        size: detail.imageSizeInBytes ?? 0,
        // Of one whose time is not told nothing says that it is old.
        pushedAt: detail.imagePushedAt?.getTime() ?? Number.POSITIVE_INFINITY,
        ...(detail.lastRecordedPullTime ? { pulledAt: detail.lastRecordedPullTime.getTime() } : {}),
        children: INDEX.test(detail.imageManifestMediaType ?? '') ? await childrenOf(digest) : [],
      });
    }
    page = answer.nextToken;
  } while (page);
  return found;

  async function childrenOf(imageDigest: string): Promise<string[]> {
    const { images } = await call(session, 'ecr:BatchGetImage', () =>
      client.send(
        new BatchGetImageCommand({
          repositoryName,
          imageIds: [{ imageDigest }],
          acceptedMediaTypes: INDEX_TYPES,
        }),
      ),
    );
    return images?.[0]?.imageManifest?.match(/sha256:[0-9a-f]{64}/g) ?? [];
  }
}

/** Who else may use a repository: the text of its policy, undefined where it has none. */
export async function repositoryPolicy(
  session: AwsSession,
  repositoryName: string,
): Promise<string | undefined> {
  const client = traced(new ECRClient(session.config), session);
  try {
    const { policyText } = await call(session, 'ecr:GetRepositoryPolicy', () =>
      client.send(new GetRepositoryPolicyCommand({ repositoryName })),
    );
    return policyText;
  } catch (error) {
    if (underneath(error).name === 'RepositoryPolicyNotFoundException') return undefined;
    throw error;
  }
}
