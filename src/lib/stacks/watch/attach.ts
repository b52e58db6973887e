import { explainFailure } from '../diagnosis/explain.ts';
import type { StackState } from '../port.ts';
import { isFinal, succeeded } from '../states.ts';
import type { WatchDeps } from '../types.ts';
import { follow, type Operation } from './follow.ts';

export interface WatchOrder {
  /** The part's name in messages: `stack app`. */
  readonly part: string;
  readonly stackName: string;
  /** Absolute path; undefined where the project has none for it. */
  readonly templateFile: string | undefined;
  /** How long to wait from now on, in milliseconds. */
  readonly timeout: number;
}

export interface Attached {
  readonly act: Operation['act'];
  /** What the operation ended in. */
  readonly status: string;
}

/** Whether AWS works on a stack. */
export function isRunning({ status }: Pick<StackState, 'status'>): boolean {
  return !isFinal(status) && status !== 'REVIEW_IN_PROGRESS';
}

/** What a running operation is, by its stack's status. */
export function actOf(status: string): Operation['act'] {
  if (status.startsWith('DELETE')) return 'delete';
  return /^(?:CREATE|ROLLBACK)_/.test(status) ? 'create' : 'update';
}

/**
 * Follows the operation that runs on a stack, whoever began it, from its first event to its end.
 *
 * @param state of a stack for which `isRunning`
 * @throws InfractlError as `deployStack` when the operation fails: `StackFailed` (1), `StackTimedOut` (7);
 * Interrupted (130). AWS goes on after the last two.
 */
export async function attachTo(deps: WatchDeps, order: WatchOrder, state: StackState): Promise<Attached> {
  const act = actOf(state.status);
  const { part, stackName, timeout } = order;
  const operation = { part, stackName, stackId: state.stackId, act, from: 'operation', timeout } as const;
  const ended = await follow(deps, operation);
  if (isGoodEnd(act, ended.status)) return { act, status: ended.status };
  throw explainFailure({
    part,
    where: deps.where,
    stackName,
    act,
    status: ended.state || act === 'delete' ? ended.status : undefined,
    events: ended.events,
    template: await templateOf(order),
  });
}

function isGoodEnd(act: Operation['act'], status: string): boolean {
  if (act === 'delete') return status === 'DELETE_COMPLETE';
  return succeeded(status) || status === 'IMPORT_COMPLETE';
}

/** The template on this machine, for its lines; it need not be there, nor be the one that was deployed. */
export async function templateOf({ templateFile }: Pick<WatchOrder, 'templateFile'>) {
  if (templateFile === undefined) return undefined;
  const { loadTemplate } = await import('../template/load.ts');
  return loadTemplate(templateFile).catch(() => undefined);
}
