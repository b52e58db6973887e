import type { Guard } from './judge.ts';
import type { Snapshot, TwoClocks } from './types.ts';

export type Tags = Readonly<Record<string, string>>;

/** How things are found: by id, or by all of these tags. */
export type Find = { readonly ids: readonly string[] } | { readonly tags: Tags };

export interface InstanceFacts {
  readonly id: string;
  readonly name: string | undefined;
  readonly state: string;
  readonly zone: string;
  readonly type: string;
  readonly rootDevice: string | undefined;
  readonly volumes: readonly { readonly id: string; readonly device: string }[];
  readonly subnet: string | undefined;
  readonly groups: readonly string[];
  readonly keyName: string | undefined;
  /** The ARN of its instance profile. */
  readonly profile: string | undefined;
  readonly architecture: string | undefined;
  /** What its image asks for: `uefi`, say; undefined where that says nothing. */
  readonly bootMode?: string | undefined;
  /** Who may ask it for its metadata, and how: EC2's InstanceMetadataOptions. */
  readonly metadata?: MetadataFacts | undefined;
}

export interface MetadataFacts {
  /** `required`: only with a token (IMDSv2). */
  readonly tokens: string | undefined;
  readonly endpoint: string | undefined;
  /** How many hops an answer may go: containers need 2. */
  readonly hops: number | undefined;
  readonly tags: string | undefined;
}

export interface VolumeFacts {
  readonly id: string;
  readonly sizeGiB: number;
  readonly type: string;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  readonly encrypted: boolean;
  readonly kmsKeyId: string | undefined;
  readonly zone: string;
  readonly state: string;
  /** The snapshot that it was made of. */
  readonly madeOf: string | undefined;
  readonly attached:
    | { readonly instance: string; readonly device: string; readonly state: string }
    | undefined;
  readonly createdAt: number;
  readonly tags: Tags;
}

export interface DatabaseFacts {
  readonly id: string;
  readonly arn: string;
  readonly state: string;
  readonly sizeGiB: number;
  readonly encrypted: boolean;
  readonly className: string;
  readonly engine: string;
  readonly multiZone: boolean;
  readonly subnetGroup: string | undefined;
  readonly groups: readonly string[];
  readonly endpoint: string | undefined;
  readonly parameterGroup: string | undefined;
  readonly createdAt: number;
  readonly tags: Tags;
}

/** What a database is restored like. */
export type DatabaseShape = Pick<DatabaseFacts, 'className' | 'multiZone'> &
  Partial<Pick<DatabaseFacts, 'subnetGroup' | 'groups' | 'parameterGroup'>>;

export interface CopyOrder {
  readonly snapshot: Snapshot;
  /** Where the copy is made. */
  readonly region: string;
  readonly key: string | undefined;
  readonly tags: Tags;
  /** RDS only: the copy's identifier. */
  readonly name: string;
}

/** Snapshots of one service in one region: what EBS and RDS have in common. */
export interface SnapshotStore {
  readonly kind: Snapshot['kind'];
  readonly region: string;
  /** Our own account's snapshots with all of these tags, page by page. */
  list(tags: Tags): AsyncIterable<readonly Snapshot[]>;
  /** Those of these that are there. */
  get(ids: readonly string[]): Promise<Snapshot[]>;
  /** Copies into this store's region; the id of the copy. */
  copy(order: CopyOrder): Promise<string>;
  share(snapshot: Snapshot, account: string): Promise<void>;
  /** False when it was gone already. */
  remove(snapshot: Snapshot): Promise<boolean>;
  tag(snapshot: Snapshot, tags: Tags): Promise<void>;
  /** What speaks against deleting these; one that AWS does not know any more is missing. */
  guards(snapshots: readonly Snapshot[]): Promise<ReadonlyMap<string, Omit<Guard, 'sharedByUs'>>>;
}

export interface EbsPort {
  /** The store of this or another region. */
  store(region?: string): SnapshotStore;
  instances(find: Find): Promise<InstanceFacts[]>;
  volumes(find: Find): Promise<VolumeFacts[]>;
  /** EC2 CreateSnapshots: all volumes of an instance in the same moment. */
  snapshotInstance(order: {
    readonly instance: string;
    readonly excludeBoot: boolean;
    readonly description: string;
    readonly tags: Tags;
  }): Promise<Snapshot[]>;
  /** EC2 CreateSnapshot. */
  snapshotVolume(order: {
    readonly volume: string;
    readonly description: string;
    readonly tags: Tags;
  }): Promise<Snapshot>;
  /** The clocks at the last answer of AWS; asks something small when there was none. */
  clocks(): Promise<TwoClocks>;
}

export interface RdsPort {
  store(region?: string): SnapshotStore;
  databases(find: Find): Promise<DatabaseFacts[]>;
  /** RDS CreateDBSnapshot. Undefined when one of that name is there: somebody was quicker. */
  snapshotDatabase(order: {
    readonly database: string;
    readonly name: string;
    readonly tags: Tags;
  }): Promise<Snapshot | undefined>;
  /** RDS RestoreDBInstanceFromDBSnapshot. False when an instance of that name is there. */
  restoreDatabase(order: {
    readonly snapshot: string;
    readonly name: string;
    /** The class, network and parameters that it gets; what is missing, RDS chooses. */
    readonly like: DatabaseShape | undefined;
    readonly tags: Tags;
  }): Promise<boolean>;
  /** RDS DeleteDBInstance without a final snapshot. False when it was gone already. */
  deleteDatabase(id: string): Promise<boolean>;
}

/** EC2 as far as it makes something of a snapshot, and takes away what a drill made. */
export interface RestorePort {
  /** EC2 CreateVolume: the same token gives the same volume. */
  createVolume(order: {
    readonly snapshot: string;
    readonly zone: string;
    readonly like: VolumeFacts | undefined;
    readonly tags: Tags;
    readonly token: string;
  }): Promise<string>;
  attachVolume(volume: string, instance: string, device: string): Promise<void>;
  detachVolume(volume: string): Promise<void>;
  /** False when it was gone already. */
  deleteVolume(volume: string): Promise<boolean>;
  /** EC2 CreateReplaceRootVolumeTask: the old volume stays. */
  replaceRoot(order: {
    readonly instance: string;
    readonly snapshot: string;
    readonly tags: Tags;
    readonly token: string;
  }): Promise<string>;
  /** `in-progress`, `succeeded`, `failed`, … */
  rootTask(id: string): Promise<string>;
  /** EC2 RegisterImage; one of that name that is there already is taken. */
  registerImage(order: {
    readonly name: string;
    readonly architecture: string;
    readonly bootMode?: string | undefined;
    readonly rootDevice: string;
    readonly devices: readonly { readonly device: string; readonly snapshot: string }[];
    readonly tags: Tags;
  }): Promise<string>;
  imageState(id: string): Promise<string>;
  /** EC2 DeregisterImage, where one of that name is there. */
  forgetImage(name: string): Promise<void>;
  /** EC2 RunInstances: the same token gives the same instance. */
  runInstance(order: {
    readonly image: string;
    readonly like: InstanceFacts;
    readonly tags: Tags;
    readonly token: string;
  }): Promise<string>;
}

/** One block of a snapshot: 512 KiB. */
export interface Block {
  readonly index: number;
  readonly token: string;
}

/** The direct APIs of EBS: the blocks of snapshots, without a volume. */
export interface BlocksPort {
  /** EBS ListSnapshotBlocks, page by page: the blocks that hold something. */
  list(snapshot: string): AsyncIterable<readonly Block[]>;
  /** EBS ListChangedBlocks, page by page: how many blocks of the second differ from the first. */
  changed(first: string, second: string): AsyncIterable<number>;
  /** EBS GetSnapshotBlock. */
  read(snapshot: string, block: Block): Promise<{ readonly bytes: Uint8Array; readonly checksum: string }>;
}
