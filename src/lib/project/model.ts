/**
 * A project as the rest of infractl sees it: one environment chosen, overrides merged, every value
 * checked, every path absolute. Built by `loadProject`; nothing here reads a file or calls AWS.
 */

export type Scalar = string | number | boolean;

/** A value that another part or a store gives. The first two are the edges of the project's graph. */
export type Reference =
  /** An output of a stack of the project: `<stack>.<OutputKey>`. */
  | { readonly output: string }
  /** The URI by digest of an image of the project: `<registry>/<repository>@sha256:…`. */
  | { readonly image: string }
  /** A secret of AWS Secrets Manager by name or ARN; `key` picks one field of a JSON secret. */
  | { readonly secret: string; readonly key?: string }
  /** A parameter of AWS Systems Manager Parameter Store; SecureString values are secrets. */
  | { readonly ssm: string }
  /** An environment variable, or a line of `.env.secrets`. Always treated as a secret. */
  | { readonly env: string; readonly default?: string };

export type Value = Scalar | Reference;

export type PartKind = 'stack' | 'image' | 'function' | 'check';

/** A part's name in the graph and in every message: `stack app`, `image api`. */
export interface PartId {
  readonly kind: PartKind;
  readonly name: string;
}

/** A CloudFormation or SAM stack. */
export interface StackPart {
  readonly name: string;
  /** The stack's name in AWS: `<project>-<part>-<env>` unless configured. */
  readonly stackName: string;
  /** Absolute path of the template. */
  readonly template: string;
  readonly parameters: Readonly<Record<string, Value | readonly Value[]>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly terminationProtection: boolean;
  /** How long to wait for one operation on it, in milliseconds. */
  readonly timeout: number;
  /** Parts that must be done first although no value says so. */
  readonly after: readonly string[];
}

/** A container image, known by its digest in an ECR repository. */
export interface ImagePart {
  readonly name: string;
  /** Absolute path of the build context. */
  readonly context: string;
  /** Absolute path of the Dockerfile. */
  readonly dockerfile: string;
  readonly repository: Value;
  /** As Docker writes it: `linux/amd64`. */
  readonly platform: string;
  readonly target?: string;
  readonly args: Readonly<Record<string, Scalar | { readonly env: string; readonly default?: string }>>;
  /** Build secrets (`RUN --mount=type=secret,id=…`): id → where the value comes from. Never part of the image. */
  readonly secrets: Readonly<Record<string, { readonly env: string } | { readonly file: string }>>;
}

/** A Lambda function that runs an image or a zip of a folder, published, with its alias on it. */
export interface FunctionPart {
  readonly name: string;
  readonly functionName: Value;
  readonly code: { readonly image: string } | { readonly zip: string; readonly exclude: readonly string[] };
  /** The alias that traffic goes through. */
  readonly alias: string;
  /** How long to wait until the function is active, in milliseconds. */
  readonly timeout: number;
}

/** An HTTP request that must be answered well after a deploy. */
export interface CheckPart {
  readonly name: string;
  readonly url: Value;
  /** Appended to the URL. */
  readonly path: string;
  /** The HTTP status codes that pass. */
  readonly expect: readonly number[];
  /** Text that the body must contain. */
  readonly contains?: string;
  /** How long to keep trying, in milliseconds. */
  readonly timeout: number;
}

export interface Project {
  /** Absolute path of `infractl.yaml`. */
  readonly file: string;
  /** Absolute path of the folder that holds it. */
  readonly root: string;
  readonly name: string;
  readonly environment: string;
  /** An environment that must be named on the command line before it is changed. */
  readonly protected: boolean;
  /** All environments, in the file's order. */
  readonly environments: readonly string[];
  readonly region?: string;
  readonly profile?: string;
  /** The 12-digit account that this environment must be in, when configured. */
  readonly account?: string;
  readonly stacks: ReadonlyMap<string, StackPart>;
  readonly images: ReadonlyMap<string, ImagePart>;
  readonly functions: ReadonlyMap<string, FunctionPart>;
  readonly checks: ReadonlyMap<string, CheckPart>;
}

export function isReference(value: unknown): value is Reference {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function partKey(id: PartId): string {
  return `${id.kind} ${id.name}`;
}
