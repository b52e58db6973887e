import { Exit, isInfractlError, messageOf } from '../base/errors.ts';
import { type Cancelled, cancelStack, type WatchDeps, type WatchOrder } from '../stacks/index.ts';
import { beforeChanges } from './guard.ts';
import { Ledger, type LedgerContext } from './ledger.ts';
import { Services } from './services.ts';
import type { DeployContext } from './types.ts';

/** What a cancel made of a part, in the words of progress and journal. */
export const CANCEL_OUTCOME = { 'taken-back': 'reverted', deleted: 'deleted', nothing: 'unchanged' } as const;

/**
 * Stops what runs on a stack, and writes in the journal who did that, when, and how it ended. The entry is
 * begun right before the call that stops it: where there was nothing to stop there is none.
 */
export async function cancelRecorded(
  context: LedgerContext & Pick<DeployContext, 'signal'>,
  deps: WatchDeps,
  order: WatchOrder,
  agreed: 'take-back' | 'delete',
): Promise<Cancelled> {
  const { project, clock } = context;
  const services = new Services({ ...context, projectName: project.name }, async () => {});
  const ledger = new Ledger(context, 'cancel', () => services.artifacts());
  const port = beforeChanges(deps.port, ['cancelUpdate', 'deleteStack'], () => ledger.begin());
  const started = clock.now();
  const part = () => ({ part: order.part, kind: 'stack', ms: clock.now() - started }) as const;
  try {
    const done = await cancelStack({ ...deps, port }, { ...order, project: project.name }, agreed);
    const detail = done.outcome === 'nothing' ? done.because : done.status;
    const after = { stackName: order.stackName, status: done.status };
    await ledger.end('succeeded', [{ ...part(), outcome: CANCEL_OUTCOME[done.outcome], detail, after }]);
    return done;
  } catch (error) {
    const interrupted = isInfractlError(error) && error.exit === Exit.interrupted;
    const failed = { ...part(), outcome: 'failed', detail: messageOf(error) } as const;
    await ledger.end(interrupted ? 'interrupted' : 'failed', [failed], { error });
    throw error;
  }
}

/** What is said when Ctrl-C was answered with "take it back". */
export function takenBackWords(stackName: string, done: Cancelled) {
  if (done.outcome === 'nothing')
    return { code: 'NotCancelled', message: `The stack ${stackName} was not cancelled: ${done.because}` };
  const message =
    done.outcome === 'deleted'
      ? `Cancelled: the stack ${stackName}, which was never whole, is deleted.`
      : `Cancelled: the stack ${stackName} is what it was before (${done.status}).`;
  return { code: 'Cancelled', message };
}
