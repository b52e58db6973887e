import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/report.ts';
import type { HostPort } from '../hosts/port.ts';
import type { BackupPart } from '../project/model.ts';
import type { Owner } from './catalogue.ts';
import type { EbsPort, RdsPort } from './port.ts';
import type { Subject } from './types.ts';

/** What the work on backups needs of the world. */
export interface BackupDeps {
  readonly owner: Owner;
  readonly ebs: EbsPort;
  /** Opened where there is a database; credentials without rights on RDS do for the rest. */
  readonly rds: () => Promise<RdsPort>;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The flags that lead a further command to the same place, each after a space. */
  readonly where: string;
}

/** One thing to back up, and the way onto its host where there is one. */
export interface Goal {
  readonly subject: Subject;
  /** Opens the host that the target named: for commands before and after. */
  readonly host?: () => Promise<HostPort>;
}

/** A plan with its targets looked up as far as the project knows them. */
export interface Plan extends Omit<BackupPart, 'targets' | 'ping' | 'topic'> {
  readonly wanted: readonly Wanted[];
  readonly ping?: string;
  readonly topic?: string;
}

/** What a target became once its references were resolved. */
export type Wanted =
  | { readonly kind: Subject['kind']; readonly id: string; readonly host?: Goal['host'] }
  | {
      readonly kind: Subject['kind'];
      readonly tags: Readonly<Record<string, string>>;
      /** It must be one instance: a host found by its tags. */
      readonly one?: string;
      readonly host?: Goal['host'];
    };
