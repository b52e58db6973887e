import { createHash } from 'node:crypto';
import type { Parameters } from './wire.ts';

/** What EBS holds: volumes and snapshots with bytes, in blocks of 512 KiB as the direct APIs give them. */
export const BLOCK = 524_288;

export interface FakeVolume {
  readonly id: string;
  readonly region: string;
  sizeGiB: number;
  type: string;
  iops: number | undefined;
  throughput: number | undefined;
  encrypted: boolean;
  kmsKeyId: string | undefined;
  zone: string;
  state: 'creating' | 'available' | 'in-use' | 'deleting' | 'deleted';
  attached: { instance: string; device: string; state: string; deleteOnTermination: boolean } | undefined;
  readonly tags: Map<string, string>;
  /** Block number → bytes; what is not there is zeros. */
  blocks: Map<number, Buffer>;
  snapshotId: string | undefined;
  readonly createdAt: number;
  readonly token: string | undefined;
}

export interface FakeSnapshot {
  readonly id: string;
  readonly region: string;
  /** A copy's own is `vol-ffffffff`, as AWS has it. */
  readonly volume: string;
  readonly sizeGiB: number;
  startedAt: number;
  /** When it is complete. */
  readyAt: number;
  /** It ends in the state error instead. */
  failed: boolean;
  /** What is said of it then. AWS says something of copies alone. */
  reason: string | undefined;
  encrypted: boolean;
  kmsKeyId: string | undefined;
  tier: 'standard' | 'archive';
  description: string;
  owner: string;
  locked: 'governance' | 'compliance' | undefined;
  /** Accounts, or `all`. */
  readonly sharedWith: Set<string>;
  readonly tags: Map<string, string>;
  readonly blocks: ReadonlyMap<number, Buffer>;
  /** The newest snapshot of the same volume before it: what changed since is its own. */
  readonly lineage: string;
}

export interface FakeImage {
  readonly id: string;
  readonly region: string;
  readonly name: string;
  readonly rootDevice: string;
  readonly devices: readonly { readonly device: string; readonly snapshot: string }[];
  readonly tags: Map<string, string>;
  state: 'available' | 'deregistered';
}

export interface RootTask {
  readonly id: string;
  readonly instance: string;
  readonly snapshot: string | undefined;
  readonly token: string | undefined;
  readonly doneAt: number;
  readonly fails: boolean;
  carriedOut: boolean;
}

export class EbsState {
  readonly volumes = new Map<string, FakeVolume>();
  readonly snapshots = new Map<string, FakeSnapshot>();
  readonly images = new Map<string, FakeImage>();
  readonly tasks = new Map<string, RootTask>();
  /** Client token of RunInstances → instance. */
  readonly runs = new Map<string, string>();
  /** Volume or instance → the order with which it was made. */
  readonly orders = new Map<string, Parameters>();
  /** How long a snapshot takes, in milliseconds. */
  snapshotMs = 60_000;
  /** The next snapshots end in error: how many. */
  failing = 0;
  volumeMs = 5_000;
  attachMs = 3_000;
  rootTaskMs = 90_000;
  /** The next root tasks fail. */
  failingTasks = 0;
  /** Unfinished snapshots that a volume may have. */
  pendingLimit = 5;
  pageSize = 1000;
  /** Blocks that one answer of the direct APIs lists at most. */
  blocksPerPage = 10_000;
  /** Snapshots whose blocks are not what their checksums say. */
  readonly spoilt = new Set<string>();
  #serial = 0;

  id(prefix: string): string {
    return `${prefix}-${(++this.#serial).toString(16).padStart(17, '0')}`;
  }

  /** Puts a volume there. */
  addVolume(facts: Partial<Omit<FakeVolume, 'tags'>> & { tags?: Record<string, string> } = {}): FakeVolume {
    const { tags, ...rest } = facts;
    const volume: FakeVolume = {
      id: this.id('vol'),
      region: 'eu-west-3',
      sizeGiB: 20,
      type: 'gp3',
      iops: 3000,
      throughput: 125,
      encrypted: true,
      kmsKeyId: undefined,
      zone: 'eu-west-3a',
      state: 'available',
      attached: undefined,
      tags: new Map(Object.entries(tags ?? {})),
      blocks: new Map(),
      snapshotId: undefined,
      createdAt: 0,
      token: undefined,
      ...rest,
    };
    this.volumes.set(volume.id, volume);
    return volume;
  }

  /** Takes a snapshot of a volume as it is now. */
  take(volume: FakeVolume, now: number, tags: ReadonlyMap<string, string>, description = ''): FakeSnapshot {
    const snapshot = this.addSnapshot({
      volume: volume.id,
      region: volume.region,
      sizeGiB: volume.sizeGiB,
      startedAt: now,
      readyAt: now + this.snapshotMs,
      failed: this.failing > 0,
      encrypted: volume.encrypted,
      kmsKeyId: volume.kmsKeyId,
      blocks: new Map(volume.blocks),
      description,
      lineage: volume.id,
      tags: Object.fromEntries(tags),
    });
    if (this.failing > 0) this.failing--;
    return snapshot;
  }

  /** Puts a snapshot there: completed long ago, of no volume that is there. */
  addSnapshot(
    facts: Partial<Omit<FakeSnapshot, 'tags'>> & { tags?: Record<string, string> } = {},
  ): FakeSnapshot {
    const { tags, ...rest } = facts;
    const snapshot: FakeSnapshot = {
      id: this.id('snap'),
      region: 'eu-west-3',
      volume: 'vol-0000000000000aaaa',
      sizeGiB: 20,
      startedAt: 0,
      readyAt: 0,
      failed: false,
      reason: undefined,
      encrypted: true,
      kmsKeyId: undefined,
      tier: 'standard',
      description: '',
      owner: '123456789012',
      locked: undefined,
      sharedWith: new Set(),
      tags: new Map(Object.entries(tags ?? {})),
      blocks: new Map(),
      lineage: rest.volume ?? 'vol-0000000000000aaaa',
      ...rest,
    };
    this.snapshots.set(snapshot.id, snapshot);
    return snapshot;
  }
}

/** pending until its time, then completed or error. */
export function stateOf(one: FakeSnapshot, now: number): 'pending' | 'completed' | 'error' {
  if (now < one.readyAt) return 'pending';
  return one.failed ? 'error' : 'completed';
}

/** The bytes of everything that is on a volume or in a snapshot, as one digest. */
export function digest(blocks: ReadonlyMap<number, Buffer>): string {
  const hash = createHash('sha256');
  for (const [at, bytes] of [...blocks].sort(([a], [b]) => a - b)) hash.update(`${at}:`).update(bytes);
  return hash.digest('hex');
}
