import type { Duration } from './hold.ts';

/** What the smaller services of the fake hold. Tests read and write it directly. */

import { type LiveTailState, newLiveTailState } from './live-tail.ts';

export interface S3Object {
  readonly body: Uint8Array;
  readonly etag: string;
  readonly modified: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Cache-Control and its like, as they were given. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly versionId: string;
}

/** A version that is not the current one any more, or the marker of a deletion. */
export interface S3Version {
  readonly key: string;
  readonly versionId: string;
  readonly size: number;
  readonly modified: number;
  readonly marker: boolean;
  /** Nobody may delete it: an object lock. */
  locked?: boolean;
}

export interface S3Bucket {
  readonly name: string;
  readonly region: string;
  readonly owner: string;
  readonly created: number;
  readonly objects: Map<string, S3Object>;
  /** Where versioning is on: what was replaced or deleted. */
  readonly history: S3Version[];
  /** `versioning`, `encryption`, `policy`, `publicAccessBlock`, `tagging`, `lifecycle`: the document as it was put. */
  readonly settings: Map<string, string>;
}

export interface S3State {
  readonly buckets: Map<string, S3Bucket>;
  pageSize: number;
  serial: number;
  /** Uploads in parts that are neither complete nor aborted: id → part number → bytes. */
  readonly uploads: Map<string, Map<number, Uint8Array>>;
}

export const newS3State = (): S3State => ({
  buckets: new Map(),
  pageSize: 1000,
  serial: 0,
  uploads: new Map(),
});

export interface EcrImage {
  readonly digest: string;
  readonly tags: Set<string>;
  readonly pushedAt: number;
  readonly sizeInBytes: number;
  /** When it was last pulled; ECR tells it to the day. */
  readonly pulledAt?: number;
  /** Of an index: the images that it is made of. */
  readonly children?: readonly string[];
}

export interface EcrState {
  readonly repositories: Map<string, EcrImage[]>;
  /** What GetAuthorizationToken gives out, and the registry that it is for. */
  password: string;
  proxyEndpoint: string | undefined;
  pageSize: number;
  /** Repository → the text of its policy. */
  readonly policies: Map<string, string>;
  /** Tags stay where they were first put. */
  immutable: boolean;
}

export const newEcrState = (): EcrState => ({
  repositories: new Map(),
  policies: new Map(),
  password: 'fake-ecr-password',
  proxyEndpoint: undefined,
  pageSize: 100,
  immutable: false,
});

export interface SecretsState {
  /** Secrets Manager: name → text or bytes. */
  readonly secrets: Map<string, string | Uint8Array>;
  /** Parameter Store: name → value and type. */
  readonly parameters: Map<
    string,
    { readonly value: string; readonly type: 'String' | 'StringList' | 'SecureString' }
  >;
  /** Versions by the secret's name, oldest first; of a value that a test has put there, one is made on first sight. */
  readonly versions: Map<string, SecretVersion[]>;
  /** Names of secrets that a function of their own renews. */
  readonly rotating: Set<string>;
  /** Values that a parameter has had, oldest first, the current one included. */
  readonly parameterHistory: Map<
    string,
    { readonly value: string; readonly key: string; readonly at: number }[]
  >;
  /** Tags by the name of a secret or a parameter, as it was made with them. */
  readonly tags: Map<string, Readonly<Record<string, string>>>;
}

export interface SecretVersion {
  readonly id: string;
  readonly value: string | Uint8Array;
  /** The request that made it: the same one again makes no other. */
  readonly token?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  stages: string[];
}

export const newSecretsState = (): SecretsState => ({
  secrets: new Map(),
  parameters: new Map(),
  versions: new Map(),
  rotating: new Set(),
  parameterHistory: new Map(),
  tags: new Map(),
});

/** One event of a log group. Times in milliseconds. */
export interface StoredEvent {
  readonly at: number;
  readonly message: string;
  /** Default: made of the group and its place. */
  readonly id?: string;
  readonly stream?: string;
  /** When it can be read; default: at once. */
  readonly readable?: number;
}

/** CloudWatch Logs: group → its events, in the order in which they came. */
export interface LogsState {
  readonly groups: Map<string, StoredEvent[]>;
  /** Events that one page looks at. */
  pageSize: number;
  /** Of Logs Insights: how long a query takes, in milliseconds, and those that were started. */
  queryMs: number;
  /** How long after an event DescribeLogStreams knows of it, in milliseconds; of a stream that begins it knows at once. */
  streamLagMs: number;
  /** Whether GetLogEvents gives an empty page before each one that has events. */
  emptyPages: boolean;
  readonly queries: Map<
    string,
    { readonly from: number; readonly events: readonly StoredEvent[]; stopped: boolean }
  >;
  readonly live: LiveTailState;
}

export const newLogsState = (): LogsState => ({
  groups: new Map(),
  pageSize: 10_000,
  queryMs: 0,
  streamLagMs: 0,
  emptyPages: false,
  queries: new Map(),
  live: newLiveTailState(),
});

export interface FunctionCode {
  /** Set for zip functions: base64 SHA-256 of the archive; of an image, its digest in hex. */
  readonly sha256: string;
  readonly size: number;
  readonly imageUri: string | undefined;
}

export interface FunctionConfiguration {
  readonly packageType: 'Zip' | 'Image';
  readonly runtime: string | undefined;
  readonly handler: string | undefined;
  readonly role: string;
  readonly memory: number;
  readonly timeout: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly architectures: readonly string[];
}

export interface FunctionVersion {
  readonly version: string;
  readonly code: FunctionCode;
  readonly configuration: FunctionConfiguration;
  readonly description: string;
  readonly modified: number;
  state: string;
  stateReason: string | undefined;
  stateReasonCode: string | undefined;
}

export interface FakeAlias {
  readonly name: string;
  version: string;
  description: string;
  weights: Readonly<Record<string, number>>;
  revision: string;
}

export interface FakeFunction {
  readonly name: string;
  readonly arn: string;
  code: FunctionCode;
  configuration: FunctionConfiguration;
  revision: string;
  modified: number;
  state: string;
  stateReason: string | undefined;
  stateReasonCode: string | undefined;
  updateStatus: string;
  updateReason: string | undefined;
  updateReasonCode: string | undefined;
  readonly versions: FunctionVersion[];
  readonly aliases: Map<string, FakeAlias>;
  serial: number;
}

/** How the next updates of a function go. */
export interface UpdateScript {
  /** How long LastUpdateStatus stays InProgress, in milliseconds. */
  readonly ms?: Duration;
  /** LastUpdateStatusReasonCode and LastUpdateStatusReason of a failure. */
  readonly fail?: { readonly code: string; readonly reason: string };
  /** How long a published version stays Pending, in milliseconds. */
  readonly publishMs?: Duration;
  readonly publishFail?: { readonly code: string; readonly reason: string };
}

export class LambdaState {
  readonly functions = new Map<string, FakeFunction>();
  /** Function name → how its updates go; `*` for all others. */
  readonly script = new Map<string, UpdateScript>();
  /** What Invoke answers: the payload, or an error of the function. */
  invoke: (name: string, payload: unknown) => { readonly payload: unknown; readonly functionError?: string } =
    () => ({
      payload: { statusCode: 200, body: '{}' },
    });
  pageSize = 50;
  #serial = 0;

  revision(): string {
    return `00000000-0000-4000-8000-${String(++this.#serial).padStart(12, '0')}`;
  }
}

/** ECS: `<cluster>/<service>` → what it says of itself and of its stopped tasks. Times in milliseconds. */
export interface EcsState {
  readonly services: Map<
    string,
    {
      /** One that was deleted answers DescribeServices, and is not found by ListTasks. */
      readonly active: boolean;
      readonly deployments: readonly {
        readonly rolloutState: string;
        readonly rolloutStateReason?: string;
      }[];
      /** Newest first. */
      readonly messages: readonly string[];
      readonly tasks: readonly {
        readonly id: string;
        readonly stoppedAt: number;
        readonly stopCode?: string;
        readonly stoppedReason?: string;
        readonly containers: readonly {
          readonly name: string;
          readonly exitCode?: number;
          readonly reason?: string;
        }[];
      }[];
    }
  >;
  /** `cluster/service` → how the services that stacks make roll out; none: at once, and nothing is kept of them. */
  readonly rollouts: Map<string, { readonly ms: number; readonly fail?: string }>;
  /** Cluster → its tasks that run. */
  readonly running: Map<
    string,
    readonly {
      readonly id: string;
      readonly definition: string;
      readonly containers: readonly { readonly image: string; readonly imageDigest?: string }[];
    }[]
  >;
  /** `family:revision` → the images of its containers. The newest of a family comes last. */
  readonly definitions: Map<string, readonly string[]>;
  /** `<cluster>/<service>` → the revisions of its deployments, the newest first. */
  readonly serviceDefinitions: Map<string, readonly string[]>;
}

export const newEcsState = (): EcsState => ({
  services: new Map(),
  rollouts: new Map(),
  running: new Map(),
  definitions: new Map(),
  serviceDefinitions: new Map(),
});
