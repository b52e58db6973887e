import type { InfractlError } from '../base/errors.ts';
import type { Reporter } from '../base/report.ts';
import type { Share } from '../base/share.ts';
import type { RecoverDeps } from './roll-group.ts';

export interface RollDeps extends RecoverDeps {
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

export interface RollOrder<T> {
  readonly group: string;
  readonly by: string;
  /** How many members at a time. */
  readonly batch: Share;
  /** After more failures than that no further member is begun. */
  readonly errors: Share;
  /** Whether the way in goes through members by itself, so many at a time. */
  readonly walks: boolean;
  /** Milliseconds that a member may take to leave the load balancer, and to be healthy in it again. */
  readonly timeout: number;
  /** Only these members. */
  readonly only?: readonly string[];
  /** What a member is at, for whoever watches. */
  readonly told: (member: string, status: string) => void;
  /** How it ended on a member that was released to. */
  readonly ended: (member: string, result: T | InfractlError) => void;
  /** What is so already on each; undefined where it must be made so. Changes nothing. */
  readonly look: (members: readonly string[]) => Promise<readonly PromiseSettledResult<T | undefined>[]>;
  /** `HostNotBegun` for those that it did not come to, because of the failures before. */
  readonly release: (
    members: readonly string[],
    limits: RollLimits,
  ) => Promise<readonly PromiseSettledResult<T>[]>;
  /** Back to what served before, on a member that the load balancer does not find healthy. */
  readonly undo: (member: string) => Promise<void>;
}

export interface RollLimits {
  readonly concurrency: number;
  /** How many of them may fail before no further one is begun. */
  readonly errors: number;
  /** To be told of a command that goes on with members by itself, whatever becomes of this process. */
  readonly sent: (command: string) => void;
}
