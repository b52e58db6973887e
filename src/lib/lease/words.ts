import { Exit, InfractlError } from '../base/errors.ts';
import { duration } from '../base/text.ts';
import { EXPIRY_MS, holderWords, type LeaseRecord } from './record.ts';

/** What is locked, and how a further command gets there. */
export interface LeaseScope {
  readonly project: string;
  readonly environment: string;
  /** The flags that lead a further command to the same place, each after a space: ` --env prod`. */
  readonly where?: string | undefined;
}

/** The object in the project's bucket. One an environment: see `Lease`. */
export const keyOf = ({ environment }: Pick<LeaseScope, 'environment'>) => `locks/${environment}.json`;

/** Somebody else holds the lock: who, where, since when, what, and the ways on. */
export function locked(
  { project, environment, where = '' }: LeaseScope,
  record: LeaseRecord | undefined,
  now: number | undefined,
  waited?: number,
): InfractlError {
  return new InfractlError({
    code: 'Locked',
    message:
      waited === undefined
        ? `Somebody else is changing ${project} ${environment}. Nothing was changed.`
        : `Somebody else was still changing ${project} ${environment} after ${duration(waited)}. Nothing was changed.`,
    why: `Held by ${holderWords(record, now)}.`,
    suggestions: [
      waited === undefined
        ? 'Wait for it: run the same command with --wait, or with --wait 10m for no longer than that.'
        : 'Wait longer: run the same command again.',
      `If that process is dead, its lock ends by itself ${duration(EXPIRY_MS)} after its last sign of life.`,
      `To break the lock by hand: infractl unlock${where}`,
    ],
    exit: Exit.busy,
  });
}

/** The lock was lost while its owner worked. */
export function lost({ project, environment }: LeaseScope, record: LeaseRecord | undefined): InfractlError {
  const by = record?.released?.by;
  return new InfractlError({
    code: 'LockLost',
    message: `The lock of ${project} ${environment} is not held any more: nothing further is begun.`,
    why: by
      ? `${by} broke it by hand.`
      : record
        ? `This machine gave no sign of life for a while, and the lock was taken by ${holderWords(record, undefined)}.`
        : 'Its record is gone from the bucket of the project.',
    suggestions: [
      'What AWS was told to do goes on. When the other one is done, run the same command again: it does what is left to do.',
    ],
    exit: Exit.busy,
  });
}
