import { openArtifactStore, type SharedStore } from '../artifacts/index.ts';
import type { AwsSession } from '../aws/session.ts';
import { systemClock } from '../base/clock.ts';
import { Exit, InfractlError, isInfractlError, withMore } from '../base/errors.ts';
import { machine } from '../base/machine.ts';
import {
  breakLease,
  Lease,
  type LeaseDeps,
  type LeaseScope,
  type LeaseState,
  readLease,
} from '../lease/index.ts';
import type { Project } from '../project/model.ts';
import type { DeployContext } from './types.ts';

type LockContext = Pick<
  DeployContext,
  'session' | 'reporter' | 'signal' | 'commandLine' | 'where' | 'pulse' | 'wait'
> & { readonly project: Place };

/**
 * The lock of the project's environment for one command. Not taken yet: `hold` does that, before the
 * first change.
 *
 * @param store the project's bucket, made where it is not there
 */
export function environmentLock(context: LockContext, store: () => Promise<SharedStore>): Lease {
  const { reporter, signal, session, commandLine, wait } = context;
  const deps: LeaseDeps = {
    store: () => store().catch((error) => Promise.reject(withoutBucket(error))),
    reporter,
    signal,
    clock: context.pulse ?? systemClock,
    owner: async () => {
      const { arn } = await session.identity();
      return { who: arn, ...machine(), pid: process.pid, command: commandLine };
    },
  };
  return new Lease(deps, scopeOf(context), { wait });
}

/** Whether something was refused because AWS works on a stack already. */
export function isBusy(error: unknown): error is InfractlError {
  return isInfractlError(error) && error.code === 'StackBusy';
}

/** A stack that is busy may be so for somebody else's command: then that is what to know. */
export async function withOwner(
  failure: unknown,
  lock: Lease,
  { withoutLock }: Pick<DeployContext, 'withoutLock'>,
  bucket: () => Promise<unknown>,
): Promise<unknown> {
  if (!isBusy(failure) || withoutLock || !(await bucket())) return failure;
  const owner = await lock.otherOwner();
  if (!owner) return failure;
  return new InfractlError({
    code: owner.code,
    message: owner.message,
    why: `${owner.why} ${failure.message}`,
    suggestions: [...owner.suggestions, ...failure.suggestions.filter((text) => text.includes('attach'))],
    exit: owner.exit,
    cause: failure,
  });
}

export type LockState = LeaseState;

type Place = Pick<Project, 'name' | 'environment'>;

function scopeOf({
  project,
  where,
}: {
  readonly project: Place;
  readonly where?: string | undefined;
}): LeaseScope {
  return { project: project.name, environment: project.environment, where };
}

function withoutBucket(error: unknown): unknown {
  if (!isInfractlError(error) || error.exit === Exit.interrupted) return error;
  return withMore(error, {
    suggestions: [
      "The lock is an object in the project's bucket. Where you know that nobody else deploys now, --no-lock does without it.",
    ],
  });
}

/** The lock of the project's environment as it is now; free where there is no bucket yet. */
export async function readLock(session: AwsSession, project: Place): Promise<LockState> {
  const store = await openArtifactStore(session, project.name, { create: false });
  return store ? readLease(store, scopeOf({ project })) : { held: false };
}

/**
 * Breaks the lock that was looked at, in the name of the session's credentials.
 *
 * @returns false when its owner gave it back meanwhile
 */
export async function breakLock(
  session: AwsSession,
  project: Place,
  lock: Extract<LockState, { held: true }>,
): Promise<boolean> {
  const [store, { arn }] = await Promise.all([
    openArtifactStore(session, project.name, { create: false }),
    session.identity(),
  ]);
  return store ? breakLease(store, scopeOf({ project }), lock.record?.id, arn) : false;
}
