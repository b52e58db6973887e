import { Exit, InfractlError, isInfractlError, messageOf } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import type { WalkResult } from '../project/index.ts';
import { type Project, partKey } from '../project/model.ts';
import type { StackDeps } from '../stacks/index.ts';
import { CANCEL_OUTCOME } from './cancelling.ts';
import { partOf } from './steps.ts';

/** What became of the stacks on which AWS worked when somebody chose to cancel. */
export interface CancelledStacks {
  /** Sentences: `The stack x is what it was before (UPDATE_ROLLBACK_COMPLETE).` */
  readonly said: readonly string[];
  /** What to do where cancelling failed. */
  readonly mends: readonly string[];
  /** Names of stacks on which AWS may still work. */
  readonly left: readonly string[];
}

/** Names of the stacks whose operation goes on in AWS after a walk was interrupted. */
export function leftRunning({ failed }: WalkResult, project: Project): string[] {
  return failed.flatMap(({ id, error }) =>
    id.kind === 'stack' && isInfractlError(error) && LEAVES.has(error.exit)
      ? [partOf(project.stacks, id).stackName]
      : [],
  );
}

const LEAVES: ReadonlySet<number> = new Set([Exit.interrupted, Exit.timedOut]);

/**
 * Takes back what AWS does on the stacks that a deploy was interrupted on, each followed to its end.
 *
 * @param deps without the signal that interrupted it
 * @param became told of each stack that is back, or gone: its part, and its status then
 */
export async function cancelStacks(
  deps: StackDeps,
  walked: WalkResult,
  project: Project,
  became: (part: string, outcome: 'reverted' | 'deleted', status: string) => void,
): Promise<CancelledStacks> {
  const { cancelStack, cancellationOf } = await import('../stacks/index.ts');
  const names = new Set(leftRunning(walked, project));
  const said: string[] = [];
  const mends: string[] = [];
  const left: string[] = [];
  await Promise.all(
    walked.failed.map(async ({ id }) => {
      if (id.kind !== 'stack') return;
      const { stackName, template, timeout } = partOf(project.stacks, id);
      if (!names.has(stackName)) return;
      const order = { part: partKey(id), stackName, templateFile: template, timeout, project: project.name };
      try {
        const can = cancellationOf((await deps.port.stack(stackName))?.status);
        if (can.do === 'nothing') {
          said.push(`The stack ${stackName} was not cancelled: ${can.because}`);
          return;
        }
        deps.reporter.emit({ type: 'part.started', part: order.part, doing: 'cancelling' });
        const started = deps.clock.now();
        const done = await cancelStack(deps, order, can.do);
        const ms = deps.clock.now() - started;
        const outcome = CANCEL_OUTCOME[done.outcome];
        deps.reporter.emit({ type: 'part.done', part: order.part, outcome, ms });
        if (done.outcome !== 'nothing') became(order.part, CANCEL_OUTCOME[done.outcome], done.status);
        if (done.outcome === 'nothing')
          said.push(`The stack ${stackName} was not cancelled: ${done.because}`);
        else if (done.outcome === 'deleted')
          said.push(`The stack ${stackName}, which was never whole, is deleted.`);
        else said.push(`The stack ${stackName} is what it was before (${done.status}).`);
      } catch (error) {
        said.push(`The stack ${stackName} could not be cancelled: ${messageOf(error)}`);
        if (isInfractlError(error)) mends.push(...error.suggestions);
        left.push(stackName);
      }
    }),
  );
  return { said, mends, left };
}

/** What goes on without us or was cancelled, what was changed, and how to go on or back: all that may be asked now. */
export function interruption(facts: {
  readonly what: 'deploy' | 'rollback';
  readonly walked: WalkResult;
  readonly cancelled: CancelledStacks | undefined;
  /** `function api (version 3 → 4)` */
  readonly changed: readonly string[];
  /** Commands that take functions back. */
  readonly back: readonly string[];
  /** Whether anything was changed. */
  readonly begun: boolean;
}): InfractlError {
  const { what, walked, cancelled, changed, back, begun } = facts;
  const stopped = walked.failed
    .map(({ error }) => error)
    .filter((error) => isInfractlError(error))
    .filter(({ exit }) => exit === Exit.interrupted);
  const said = cancelled?.said ?? stopped.map(({ message }) => message.replace(/^Interrupted\.\s*/, ''));
  return new InfractlError({
    code: cancelled ? 'Cancelled' : 'Interrupted',
    message: `The ${what} was ${cancelled ? 'cancelled' : 'interrupted'}.`,
    why: [
      ...said,
      ...(cancelled ? [] : stopped.map(({ why }) => why ?? '')),
      changed.length > 0 ? `Changed so far: ${listed(changed)}.` : '',
      begun ? '' : 'Nothing was changed.',
    ]
      .filter(Boolean)
      .join('\n'),
    suggestions: [
      ...(cancelled ? cancelled.mends : stopped.flatMap(({ suggestions }) => suggestions)),
      'Run the same command again: it goes on where it stopped.',
      ...back,
    ],
    exit: Exit.interrupted,
  });
}
