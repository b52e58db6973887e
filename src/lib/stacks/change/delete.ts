import { isTransient, underneath } from '../../aws/errors.ts';
import { throwIfAborted } from '../../base/clock.ts';
import { InfractlError } from '../../base/errors.ts';
import { adviceFor } from '../diagnosis/causes.ts';
import { explainFailure } from '../diagnosis/explain.ts';
import { checkOwner, checkUnprotected, overtaken, standstill } from '../guard.ts';
import type { StackEvent, StackState } from '../port.ts';
import { nextStep } from '../states.ts';
import type { StackDeps, WatchDeps } from '../types.ts';
import { type Ended, follow } from '../watch/follow.ts';
import { whenFree } from '../watch/free.ts';
import { persist } from '../watch/waiting.ts';
import { operationToken } from './change-set.ts';

export interface DeleteOrder {
  /** The part's name in messages: `stack app`. */
  readonly part: string;
  readonly stackName: string;
  /** In milliseconds. */
  readonly timeout: number;
  /** The project that asks: another project's stack is refused. */
  readonly project: string;
  /** Logical ids of resources that stay; AWS takes them only where a deletion failed at them before. */
  readonly retain?: readonly string[];
}

/**
 * Deletes a stack and follows it to its end. One that is gone already is `unchanged`; a deletion that is
 * under way is joined.
 *
 * @throws InfractlError `StackFailed` (1) with what stands in the way, `StackBusy` (6), `StackProtected`
 * and `NotOurStack` (5), `StackTimedOut` (7); Interrupted (130).
 */
export async function deleteStack(
  deps: WatchDeps & Pick<StackDeps, 'wait'>,
  order: DeleteOrder,
): Promise<'deleted' | 'unchanged'> {
  const state = await deletable(deps, order);
  if (!state) return 'unchanged';
  if (nextStep(state.status, 'delete').do === 'follow')
    finish(deps, order, state, await followDeletion(deps, order, state, 'operation'));
  else await removeStack(deps, order, state);
  return 'deleted';
}

/**
 * The stack, once it can be deleted: it is waited for where AWS works on it and that was asked for. Changes nothing.
 *
 * @returns undefined when there is none
 * @throws InfractlError as `deleteStack`, before anything is deleted
 */
export async function deletable(
  deps: WatchDeps & Pick<StackDeps, 'wait'>,
  order: Pick<DeleteOrder, 'part' | 'stackName' | 'project'>,
): Promise<StackState | undefined> {
  throwIfAborted(deps.signal);
  const state = await deps.port.stack(order.stackName);
  if (!state) return undefined;
  checkOwner(state, order.project);
  const step = nextStep(state.status, 'delete');
  if (step.do === 'nothing') return undefined;
  if (step.do === 'busy' && deps.wait !== undefined) {
    const freed = await whenFree(deps, order.part, state, deps.wait);
    if (!freed || nextStep(freed.status, 'delete').do !== 'busy') return deletable(deps, order);
  }
  if (step.do === 'busy' || step.do === 'refuse')
    throw standstill(state, step, deps.clock.now(), { part: order.part, where: deps.where });
  if (step.do !== 'follow') checkUnprotected(state, deps.where);
  return state;
}

/** Deletes a stack that may be deleted. */
export async function removeStack(
  deps: WatchDeps,
  order: Pick<DeleteOrder, 'part' | 'timeout' | 'retain'>,
  state: StackState,
): Promise<void> {
  const { port, clock, signal } = deps;
  const deadline = clock.now() + order.timeout;
  const [marker] = (await port.events(state.stackId)).events;
  throwIfAborted(signal);
  const token = operationToken();
  const retain = state.status === 'DELETE_FAILED' ? order.retain : undefined;
  const send = () => port.deleteStack(state.stackId, token, retain);
  // A deletion that was told twice under one token is one deletion.
  await send().catch((error) => {
    if (!isTransient(error)) throw overtaken(state.stackName, error) ?? refusal(state, error);
    return persist({ clock, signal, deadline }, send);
  });
  finish(deps, order, state, await followDeletion(deps, order, state, { after: marker }));
}

/** By the stack's ID: a deleted stack has no name any more. */
function followDeletion(
  deps: WatchDeps,
  { part, timeout }: Pick<DeleteOrder, 'part' | 'timeout'>,
  { stackId, stackName }: StackState,
  from: { readonly after: StackEvent | undefined } | 'operation',
): Promise<Ended> {
  return follow(deps, { part, stackName, stackId, act: 'delete', from, timeout });
}

function finish(
  { where }: WatchDeps,
  { part }: Pick<DeleteOrder, 'part'>,
  state: StackState,
  ended: Ended,
): void {
  if (ended.status === 'DELETE_COMPLETE') return;
  throw explainFailure({
    stackName: state.stackName,
    part,
    where,
    act: 'delete',
    status: ended.status,
    events: ended.events,
  });
}

/** AWS does not even begin: an export that another stack imports, protection that was just switched on. */
function refusal({ stackName }: StackState, error: unknown): unknown {
  const { name, message } = underneath(error);
  if (name !== 'ValidationError') return error;
  return new InfractlError({
    code: 'DeletionRefused',
    message: `AWS does not delete the stack ${stackName}. Nothing was changed.`,
    why: message,
    suggestions: adviceFor({
      reason: message,
      logicalId: stackName,
      physicalId: stackName,
      resourceType: 'AWS::CloudFormation::Stack',
    }),
    cause: error,
  });
}
