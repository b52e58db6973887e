/** The words of backups: what a snapshot, a backup and a subject are. Times are milliseconds since 1970. */

/** One snapshot of EBS or of RDS, as the decisions see it. */
export interface Snapshot {
  readonly kind: 'ebs' | 'rds';
  /** `snap-…`, or the identifier of a DB snapshot. */
  readonly id: string;
  /** The volume or the DB instance that it was taken of. */
  readonly source: string;
  readonly region: string;
  /** What the source could hold, not what the snapshot takes. */
  readonly sizeGiB: number;
  readonly startedAt: number;
  readonly state: 'pending' | 'completed' | 'error';
  /** What AWS says of one that failed, where it says something. RDS tells it in its events alone. */
  readonly reason?: string;
  /** 0 to 100. */
  readonly progress: number;
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
  readonly tier: 'standard' | 'archive';
  readonly tags: Readonly<Record<string, string>>;
  /** RDS only: its ARN, by which it is tagged and copied. */
  readonly arn?: string;
}

/** What is backed up as one: an instance with its volumes, a volume, or a database. */
export type Subject =
  | { readonly kind: 'instance'; readonly id: string }
  | { readonly kind: 'volume'; readonly id: string }
  | { readonly kind: 'database'; readonly id: string };

/** All snapshots that one run made of one subject: what is kept, deleted and restored as one. */
export interface Backup {
  /** `nightly-20260105T020000Z-k3f9`: the tag `infractl:backup` of its snapshots. */
  readonly id: string;
  /** The entry of `backups` in infractl.yaml that asked for it. */
  readonly plan: string;
  /** `i-…`, `vol-…` or the name of a DB instance. */
  readonly subject: string;
  readonly at: number;
  readonly region: string;
  readonly snapshots: readonly Snapshot[];
  /** How many sources it must hold to be whole. */
  readonly expected: number;
  /** Good: every source has a completed snapshot. Failed: it can never become good by itself. */
  readonly state: 'good' | 'pending' | 'failed';
  /** Why AWS could not finish some of its snapshots, in its own words. */
  readonly troubles: readonly string[];
  /** Percent, over all of its snapshots. */
  readonly progress: number;
}

/** What AWS and this machine take for the time, both read at the same moment. */
export interface TwoClocks {
  readonly aws: number;
  readonly here: number;
}

export { TAG } from '../aws/backup-tags.ts';
