import { isTransient, underneath } from '../../aws/errors.ts';
import { throwIfAborted } from '../../base/clock.ts';
import { operationToken } from '../change/change-set.ts';
import { removeStack } from '../change/delete.ts';
import { explainFailure } from '../diagnosis/explain.ts';
import { checkOwner, checkUnprotected } from '../guard.ts';
import type { StackEvent, StackState, StackStatus } from '../port.ts';
import type { WatchDeps } from '../types.ts';
import { templateOf, type WatchOrder } from './attach.ts';
import { follow } from './follow.ts';
import { statusWords } from './status-words.ts';
import { persist } from './waiting.ts';

/** How what runs on a stack can be stopped. */
export type Cancellation =
  /** CancelUpdateStack. */
  | { readonly do: 'take-back' }
  /** A first creation is stopped by deleting what it made: DeleteStack. */
  | { readonly do: 'delete' }
  | { readonly do: 'nothing'; readonly because: string };

/** Why what runs in some status cannot be stopped; of all others it is that nothing runs. */
const CANNOT: Partial<Record<StackStatus, string>> = {
  DELETE_IN_PROGRESS: 'It is being deleted, and AWS cannot stop a deletion.',
  IMPORT_IN_PROGRESS: 'It imports resources, and AWS cannot stop that.',
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: 'Its update is done: only what it replaced is being removed.',
  ROLLBACK_IN_PROGRESS: 'Its creation is being taken back already.',
  UPDATE_ROLLBACK_IN_PROGRESS: 'Its update is being taken back already.',
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: 'Its update is taken back already.',
  IMPORT_ROLLBACK_IN_PROGRESS: 'Its import is being taken back already.',
};

/** What cancelling means for a stack in this status; undefined is a stack that does not exist. */
export function cancellationOf(status: StackStatus | undefined): Cancellation {
  if (status === undefined) return { do: 'nothing', because: 'There is no such stack.' };
  if (status === 'UPDATE_IN_PROGRESS') return { do: 'take-back' };
  if (status === 'CREATE_IN_PROGRESS') return { do: 'delete' };
  const because = CANNOT[status] ?? `Nothing runs on it: ${statusWords(status).words} (${status}).`;
  return { do: 'nothing', because };
}

export type Cancelled =
  | { readonly outcome: 'taken-back' | 'deleted'; readonly status: string }
  | { readonly outcome: 'nothing'; readonly status: string | undefined; readonly because: string };

/**
 * Stops what runs on a stack and follows it to its end. Looks again before it acts: what was found before
 * somebody said yes may be over by then, and a stack whose creation is done must not be deleted for it.
 *
 * @param agreed what was agreed to; something else that runs by now is left alone
 * @throws InfractlError `NotOurStack`, `StackProtected` (5), `StackFailed` (1) when taking it back fails,
 * `StackTimedOut` (7); Interrupted (130).
 */
export async function cancelStack(
  deps: WatchDeps,
  order: WatchOrder & { readonly project: string },
  agreed: Exclude<Cancellation['do'], 'nothing'>,
): Promise<Cancelled> {
  throwIfAborted(deps.signal);
  const state = await deps.port.stack(order.stackName);
  const now = cancellationOf(state?.status);
  if (now.do === 'nothing' || !state)
    return { outcome: 'nothing', status: state?.status, because: now.do === 'nothing' ? now.because : '' };
  checkOwner(state, order.project);
  if (now.do !== agreed)
    return {
      outcome: 'nothing',
      status: state.status,
      because: `What was to be cancelled is over; now it is ${statusWords(state.status).words}.`,
    };
  if (now.do === 'take-back') return takeBack(deps, order, state);
  checkUnprotected(state, deps.where);
  await removeStack(deps, order, state);
  return { outcome: 'deleted', status: 'DELETE_COMPLETE' };
}

async function takeBack(deps: WatchDeps, order: WatchOrder, state: StackState): Promise<Cancelled> {
  const { port } = deps;
  const { part, stackName, timeout } = order;
  const [marker] = (await port.events(state.stackId)).events;
  throwIfAborted(deps.signal);
  const refused = await send(deps, order, state);
  if (refused) return refused;
  const from: { readonly after: StackEvent | undefined } = { after: marker };
  const ended = await follow(deps, { part, stackName, stackId: state.stackId, act: 'update', from, timeout });
  if (ended.status === 'UPDATE_ROLLBACK_COMPLETE') return { outcome: 'taken-back', status: ended.status };
  if (ended.status === 'UPDATE_COMPLETE') return tooLate(ended.status);
  throw explainFailure({
    part,
    where: deps.where,
    stackName,
    act: 'update',
    status: ended.state ? ended.status : undefined,
    events: ended.events,
    template: await templateOf(order),
  });
}

function tooLate(status: string): Cancelled {
  return { outcome: 'nothing', status, because: 'The update was done before it could be cancelled.' };
}

/** Tells AWS to take the update back. Gives an end where the update was over by then. */
async function send(
  { port, clock, signal }: WatchDeps,
  { timeout }: WatchOrder,
  state: StackState,
): Promise<Cancelled | undefined> {
  const token = operationToken();
  const cancel = () => port.cancelUpdate(state.stackId, token);
  try {
    await cancel().catch((error) => {
      if (!isTransient(error)) throw error;
      return persist({ clock, signal, deadline: clock.now() + timeout }, cancel);
    });
    return undefined;
  } catch (error) {
    if (underneath(error).name !== 'ValidationError') throw error;
    // The answer to a first try was lost, or the update ended in this moment: the stack tells which.
    const status = (await port.stack(state.stackId))?.status;
    if (status === undefined || status === 'UPDATE_IN_PROGRESS') throw error;
    return status.startsWith('UPDATE_COMPLETE') ? tooLate(status) : undefined;
  }
}
