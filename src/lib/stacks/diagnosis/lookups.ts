import type { FunctionLogPort } from './function-log.ts';

/** A function as GetFunctionConfiguration shows it. */
export interface FunctionState {
  readonly state: string | undefined;
  readonly stateReason: { readonly code: string | undefined; readonly text: string | undefined };
  readonly updateStatus: string | undefined;
  readonly updateReason: { readonly code: string | undefined; readonly text: string | undefined };
  /** The log group; undefined where it is the usual one. */
  readonly logGroup?: string | undefined;
}

export interface FunctionStatePort {
  /** Undefined: there is no such function. */
  configuration(functionName: string): Promise<FunctionState | undefined>;
}

/** A service of ECS, and why its tasks stopped. */
export interface EcsService {
  /** What ECS says of its deployments, the newest first: the circuit breaker too. */
  readonly deployments: readonly {
    readonly state: string | undefined;
    readonly reason: string | undefined;
  }[];
  /** Of the service, newest first. */
  readonly messages: readonly string[];
}

export interface StoppedTask {
  readonly taskId: string;
  readonly stoppedAt: Date | undefined;
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly containers: readonly {
    readonly name: string;
    readonly exitCode: number | undefined;
    readonly reason: string | undefined;
  }[];
}

export interface EcsPort {
  /** DescribeServices. Undefined: there is no such service. */
  service(cluster: string, service: string): Promise<EcsService | undefined>;
  /** ListTasks and DescribeTasks: ECS keeps stopped tasks for about an hour. Newest first. */
  stoppedTasks(cluster: string, service: string): Promise<readonly StoppedTask[]>;
}

export interface InstanceChecksPort {
  /** DescribeInstanceStatus: its state, and `ok`, `initializing`, `impaired`, … of its checks; by instance. */
  checks(
    ids: readonly string[],
  ): Promise<
    ReadonlyMap<string, { readonly state: string; readonly system: string; readonly instance: string }>
  >;
}

/** What is looked up beside a stack's own events, each opened on use only. */
export interface Lookups {
  readonly logs: () => Promise<FunctionLogPort>;
  readonly functions: () => Promise<FunctionStatePort>;
  readonly ecs: () => Promise<EcsPort>;
  readonly instances: () => Promise<InstanceChecksPort>;
  /** DecodeAuthorizationMessage of STS: JSON. */
  readonly decode: (message: string) => Promise<string>;
}

/** Something that was looked up about a failure. */
export interface Evidence {
  /** What the lines are: `The newest stopped tasks of the service api:`. */
  readonly about: string;
  readonly lines: readonly string[];
  /** A sentence where there are no lines. */
  readonly note: string | null;
  /** In words, what the lines mean, and what to do; where they are understood. */
  readonly why: string | null;
  readonly advice: readonly string[];
}
