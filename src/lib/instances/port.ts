/** What `lib/instances` needs of AWS: a few calls of EC2, Auto Scaling and RDS, and ways to knock on a door. */

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** An EC2 instance as DescribeInstances has it. */
export interface InstanceFacts {
  readonly id: string;
  /** The tag `Name`. */
  readonly name: string | undefined;
  readonly state: InstanceState;
  /** Why it is in this state, in AWS's words: `Client.InternalError: Client error on launch`. */
  readonly reason: { readonly code: string; readonly message: string } | undefined;
  readonly type: string;
  readonly zone: string;
  /** Milliseconds since 1970, of the last start. */
  readonly launchedAt: number;
  readonly privateAddress: string | undefined;
  readonly publicAddress: string | undefined;
  /** The public address is an elastic IP, so it stays through a stop. */
  readonly elastic: boolean;
  /** The auto scaling group that it is a member of. */
  readonly group: string | undefined;
  readonly hibernation: boolean;
  /** Its root is an EBS volume: without one it cannot be stopped. */
  readonly ebsRoot: boolean;
  readonly spot: boolean;
  readonly windows: boolean;
}

/** The two status checks; `initializing` until they have an answer, `not-applicable` while it does not run. */
export interface StatusChecks {
  readonly state: InstanceState;
  readonly system: string;
  readonly instance: string;
}

/** An auto scaling group as DescribeAutoScalingGroups has it. */
export interface GroupFacts {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly desired: number;
  readonly members: readonly { readonly id: string; readonly lifecycle: string; readonly healthy: boolean }[];
  readonly tags: Readonly<Record<string, string>>;
}

/** An RDS database instance as DescribeDBInstances has it. */
export interface DatabaseFacts {
  readonly id: string;
  /** `available`, `stopped`, `starting`, `stopping`, `backing-up`, … */
  readonly status: string;
  readonly class: string;
  readonly engine: string;
  readonly multiZone: boolean;
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** A part of an Aurora or Multi-AZ cluster, which is stopped as a whole. */
  readonly cluster: string | undefined;
  readonly replicaOf: string | undefined;
  readonly replicas: readonly string[];
  /** When RDS starts it again by itself; milliseconds since 1970. */
  readonly startsAgainAt: number | undefined;
  readonly tags: Readonly<Record<string, string>>;
}

export interface InstancesPort {
  /** DescribeInstances by ids; those that are not there are left out. At most 200 a request. */
  byIds(ids: readonly string[]): Promise<InstanceFacts[]>;
  /** DescribeInstances of all that have these tags and are not terminated; `undefined` as a value: the key is enough. */
  byTags(tags: Readonly<Record<string, string>>): Promise<InstanceFacts[]>;
  /** The values that a tag has on the first page of instances: for suggestions. */
  tagValues(key: string): Promise<string[]>;
  /** DescribeInstanceStatus. Those without an answer are left out. */
  checks(ids: readonly string[]): Promise<ReadonlyMap<string, StatusChecks>>;
  start(ids: readonly string[]): Promise<void>;
  stop(ids: readonly string[], options: { readonly hibernate: boolean }): Promise<void>;
  reboot(ids: readonly string[]): Promise<void>;
  /** DescribeInstanceAttribute, twice. */
  protection(id: string): Promise<{ readonly stop: boolean; readonly termination: boolean }>;
  /** The types among these that bring disks of the machine, which do not outlive a stop. */
  withInstanceStore(types: readonly string[]): Promise<ReadonlySet<string>>;
  /** Type → the zones of the region that offer it. */
  offeredIn(types: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

export interface GroupsPort {
  byNames(names: readonly string[]): Promise<GroupFacts[]>;
  byTags(tags: Readonly<Record<string, string>>): Promise<GroupFacts[]>;
  setCapacity(
    name: string,
    size: { readonly min: number; readonly max: number; readonly desired: number },
  ): Promise<void>;
  setTag(name: string, key: string, value: string): Promise<void>;
  removeTag(name: string, key: string): Promise<void>;
  /** StartInstanceRefresh: members are replaced a few at a time. Returns its id. */
  refresh(name: string): Promise<string>;
  /** DescribeInstanceRefreshes: `Pending`, `InProgress`, `Successful`, `Failed`, …; undefined when there is none. */
  refreshState(
    name: string,
    id?: string,
  ): Promise<
    | {
        readonly id: string;
        readonly status: string;
        readonly percent: number;
        readonly reason: string | undefined;
      }
    | undefined
  >;
}

export interface DatabasesPort {
  byIds(ids: readonly string[]): Promise<DatabaseFacts[]>;
  byTags(tags: Readonly<Record<string, string>>): Promise<DatabaseFacts[]>;
  start(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  reboot(id: string): Promise<void>;
}

/** Knocking on doors from this machine. Nothing here throws: what is wrong is the answer. */
export interface ProbePort {
  /** Undefined when something listens there; else why not, in words. Milliseconds. */
  tcp(host: string, port: number, timeout: number): Promise<string | undefined>;
  /** One GET, redirects followed. */
  http(url: string, timeout: number): Promise<HttpAnswer>;
}

export interface HttpAnswer {
  readonly url: string;
  readonly status: number | undefined;
  /** Why there is no status, in words. */
  readonly trouble: string | undefined;
  /** Milliseconds. */
  readonly ms: number;
  readonly certificate: { readonly daysLeft: number; readonly problem: string | undefined } | undefined;
}
