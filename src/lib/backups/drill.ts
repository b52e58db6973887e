import { hostname } from 'node:os';
import { InfractlError } from '../base/errors.ts';
import type { HostPort } from '../hosts/port.ts';
import type { BackupDeps } from './deps.ts';
import type { BlocksPort, InstanceFacts, RestorePort, Tags } from './port.ts';
import { type Snapshot, TAG } from './types.ts';

/** What makes and takes away the things of a drill. */
export interface DrillPorts extends Pick<BackupDeps, 'ebs' | 'rds'> {
  readonly restore: () => Promise<RestorePort>;
}

export interface VerifyDeps extends BackupDeps, DrillPorts {
  readonly blocks: () => Promise<BlocksPort>;
  /** The same, but that Ctrl-C does not end what is under way: what a drill has made is taken away with it. */
  readonly unhurried: DrillPorts;
}

/** The machine that a drill is done on. */
export interface DrillHost {
  readonly open: () => Promise<HostPort>;
  readonly instance: InstanceFacts;
}

/** What a drill has shown of a snapshot. */
export interface Proof {
  readonly detail: string;
  /** SHA-256 of the sample. */
  readonly digest: string | null;
}

/** Which machine's drill made it: of its own it can tell that no other runs. */
export const MACHINE = 'infractl:machine';

/** What is known by these tags is a drill's, and may go when that is over. */
export function drillTags({ owner }: BackupDeps): Tags {
  return {
    [TAG.project]: owner.project,
    [TAG.environment]: owner.environment,
    [TAG.purpose]: 'drill',
    [MACHINE]: hostname(),
  };
}

export function unreadable(snapshot: Snapshot, why: string): InfractlError {
  return new InfractlError({
    code: 'SnapshotUnreadable',
    message: why,
    suggestions: [`Make a new backup, and keep ${snapshot.id} to find out why.`],
  });
}
