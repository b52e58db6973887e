import { backupsOf } from '../../../src/lib/backups/catalogue.ts';
import { type Backup, type Snapshot, TAG } from '../../../src/lib/backups/types.ts';

export const OWNER = { project: 'mbot', environment: 'prod' };
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** A Monday, 02:00 UTC. */
export const NIGHT = Date.UTC(2026, 0, 5, 2);

let serial = 0;

export interface Made {
  readonly at: number;
  readonly state?: Snapshot['state'];
  readonly plan?: string;
  readonly subject?: string;
  readonly source?: string;
  readonly backup?: string;
  readonly volumes?: number;
  readonly tags?: Readonly<Record<string, string>>;
  readonly kind?: Snapshot['kind'];
}

/** A snapshot as `backup create` makes it. */
export function snapshot(made: Made): Snapshot {
  const id = `snap-${String(++serial).padStart(17, '0')}`;
  const plan = made.plan ?? 'nightly';
  const subject = made.subject ?? 'i-0000000000000001';
  return {
    kind: made.kind ?? 'ebs',
    id,
    source: made.source ?? 'vol-0000000000000001',
    region: 'eu-west-3',
    sizeGiB: 20,
    startedAt: made.at,
    state: made.state ?? 'completed',
    progress: made.state === 'pending' ? 40 : 100,
    encrypted: true,
    tier: 'standard',
    tags: {
      [TAG.project]: OWNER.project,
      [TAG.environment]: OWNER.environment,
      [TAG.plan]: plan,
      [TAG.subject]: subject,
      [TAG.backup]: made.backup ?? `${plan}-${made.at}-${subject}`,
      [TAG.volumes]: String(made.volumes ?? 1),
      ...made.tags,
    },
  };
}

/** One backup of one snapshot a moment. */
export function backups(moments: readonly number[], more: Omit<Made, 'at'> = {}): Backup[] {
  return backupsOf(
    moments.map((at) => snapshot({ at, ...more })),
    OWNER,
  );
}
