import type { Duration } from './hold.ts';

/** What RDS holds. Tests read and write it directly. */

export interface FakeDatabase {
  readonly id: string;
  readonly region: string;
  state: string;
  sizeGiB: number;
  encrypted: boolean;
  className: string;
  engine: string;
  multiZone: boolean;
  readonly tags: Map<string, string>;
  /** The cluster that it is a part of. */
  cluster: string | undefined;
  replicaOf: string | undefined;
  replicas: string[];
  /** Milliseconds of a start, a stop, a reboot. */
  startMs: Duration;
  stopMs: Duration;
  rebootMs: Duration;
  /** When RDS starts it again by itself. */
  startsAgainAt: number | undefined;
  createdAt: number;
  /** What is in it, as one text: comes back with a restore. */
  content: string;
}

export interface FakeDbSnapshot {
  readonly id: string;
  readonly region: string;
  readonly database: string;
  readonly sizeGiB: number;
  readonly startedAt: number;
  readonly readyAt: number;
  readonly failed: boolean;
  readonly encrypted: boolean;
  readonly tags: Map<string, string>;
  readonly sharedWith: Set<string>;
  readonly content: string;
}

export class RdsState {
  readonly databases = new Map<string, FakeDatabase>();
  readonly snapshots = new Map<string, FakeDbSnapshot>();
  /** Milliseconds until a snapshot is available, and until a restored instance is. */
  snapshotMs = 120_000;
  restoreMs = 600_000;
  deleteMs = 60_000;
  /** What a restored instance becomes in place of `available`. */
  failRestore: string | undefined;
  /** Classes that nothing can be restored to. */
  readonly refusedClasses = new Set<string>();
  /** Where every available instance answers, in place of a name that leads nowhere. */
  endpoint: { readonly Address: string; readonly Port: number } | undefined;
  /** The next snapshots fail. */
  failing = 0;

  addDatabase(
    id: string,
    facts: Partial<Omit<FakeDatabase, 'tags'>> & { tags?: Record<string, string> } = {},
  ): FakeDatabase {
    const { tags, ...rest } = facts;
    const database: FakeDatabase = {
      id,
      region: 'eu-west-3',
      state: 'available',
      sizeGiB: 20,
      encrypted: true,
      className: 'db.t3.micro',
      engine: 'postgres',
      multiZone: false,
      cluster: undefined,
      replicaOf: undefined,
      replicas: [],
      startMs: 300_000,
      stopMs: 200_000,
      rebootMs: 60_000,
      startsAgainAt: undefined,
      createdAt: 0,
      tags: new Map(Object.entries(tags ?? {})),
      content: '',
      ...rest,
    };
    this.databases.set(id, database);
    return database;
  }

  /** Puts a snapshot there that was done long ago. */
  addSnapshot(
    id: string,
    facts: Partial<Omit<FakeDbSnapshot, 'tags'>> & { tags?: Record<string, string> } = {},
  ): FakeDbSnapshot {
    const { tags, ...rest } = facts;
    const snapshot: FakeDbSnapshot = {
      id,
      region: 'eu-west-3',
      database: 'shop',
      sizeGiB: 20,
      startedAt: 0,
      readyAt: 0,
      failed: false,
      encrypted: true,
      tags: new Map(Object.entries(tags ?? {})),
      sharedWith: new Set(),
      content: '',
      ...rest,
    };
    this.snapshots.set(`${snapshot.region} ${id}`, snapshot);
    return snapshot;
  }
}
