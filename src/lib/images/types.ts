import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/report.ts';

/** An ECR repository, read from its URI. */
export interface Repository {
  /** As Docker takes it: `123456789012.dkr.ecr.eu-west-3.amazonaws.com/api`. */
  readonly uri: string;
  /** The registry's host, with its port where there is one. */
  readonly host: string;
  readonly name: string;
  /** The account and the region that the URI names; none in a sandbox's address. */
  readonly registryId?: string;
  readonly region?: string;
}

/** One image of a repository: DescribeImages. */
export interface EcrImage {
  /** `sha256:…` */
  readonly digest: string;
  readonly tags: readonly string[];
  /** Milliseconds since 1970-01-01 UTC. */
  readonly pushedAt?: number;
  /** Compressed, as it is stored. */
  readonly bytes?: number;
  /** The media type of its manifest: one image, or an index of several. */
  readonly manifestType?: string;
  /** The media type of its configuration: an image, or something else that is kept beside one. */
  readonly artifactType?: string;
}

export interface EcrLogin {
  readonly username: string;
  readonly password: string;
}

export interface EcrDeletion {
  readonly deleted: readonly string[];
  readonly failures: readonly { readonly digest: string; readonly code: string; readonly reason: string }[];
}

/** What images need of ECR; implemented in `lib/aws/ecr.ts`. */
export interface EcrPort {
  /** DescribeImages of one tag or digest; undefined when the repository has no such image. */
  describeImage(
    repository: Repository,
    id: { tag: string } | { digest: string },
  ): Promise<EcrImage | undefined>;
  /** DescribeImages of all tagged images, page by page. */
  taggedImages(repository: Repository): AsyncIterable<readonly EcrImage[]>;
  /** ListImages: the digests of all images, tagged or not, page by page. */
  digests(repository: Repository): AsyncIterable<readonly string[]>;
  /** BatchDeleteImage, 100 digests at most. */
  deleteImages(repository: Repository, digests: readonly string[]): Promise<EcrDeletion>;
  /**
   * BatchGetImage and PutImage: one more tag for an image, taken from the one that had it. `immutable` when
   * the repository does not let tags move.
   */
  tagImage(repository: Repository, digest: string, tag: string): Promise<'tagged' | 'present' | 'immutable'>;
  /** GetAuthorizationToken: good for 12 hours. */
  login(repository: Repository): Promise<EcrLogin>;
}

export interface ImageDeps {
  readonly ecr: EcrPort;
  /** The container command: `dockerCommand(env)`. */
  readonly docker: string;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** The environment that child processes get and that settings are read from. */
  readonly env: NodeJS.ProcessEnv;
}

/** What is needed of the deps where no AWS is called. */
export type EngineDeps = Pick<ImageDeps, 'docker' | 'env' | 'signal'>;

export interface BuildArg {
  readonly name: string;
  readonly value: string;
  /** It came from an environment variable: it goes to the build through the environment too. */
  readonly hidden: boolean;
  /** It is taken out of what a build prints. One that has a default is a setting, such as a base image. */
  readonly secret: boolean;
}

export type BuildSecret =
  | { readonly id: string; readonly file: string }
  | { readonly id: string; readonly value: string };

/** All that decides what an image is, with every value known. */
export interface ImageSpec {
  /** The part's name in events: `image api`. */
  readonly part: string;
  readonly name: string;
  readonly repository: Repository;
  readonly context: string;
  readonly dockerfile: string;
  readonly platform: string;
  readonly target?: string;
  /** Sorted by name. */
  readonly args: readonly BuildArg[];
  /** Sorted by id. */
  readonly secrets: readonly BuildSecret[];
}

export interface ImagePlan {
  /** SHA-256 in hex of everything that decides what the image is. */
  readonly contentHash: string;
  /** The tag that says so: `content-<first 20 hex digits>`. */
  readonly tag: string;
  /** The repository has it already. */
  readonly present: boolean;
  readonly digest?: string;
  /** All tags that the present image has. */
  readonly tags: readonly string[];
  /** Compressed size in bytes of the present image. */
  readonly bytes?: number;
}

export interface PublishedImage {
  readonly outcome: 'built' | 'unchanged';
  /** `<repository>@sha256:…`: what a function is given. */
  readonly uri: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly contentHash: string;
  /** Compressed size in bytes, as the registry keeps it. */
  readonly bytes?: number;
}

export interface NewestImage {
  readonly uri: string;
  readonly digest: string;
  readonly tags: readonly string[];
  /** Milliseconds since it was pushed. */
  readonly age: number;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly pushedAt: number;
}
