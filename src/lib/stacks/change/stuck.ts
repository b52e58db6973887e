import { isTransient } from '../../aws/errors.ts';
import { throwIfAborted } from '../../base/clock.ts';
import { Exit, InfractlError, UsageError } from '../../base/errors.ts';
import { listed, plural } from '../../base/text.ts';
import { typed } from '../commands.ts';
import { adviceFor, cleanReason } from '../diagnosis/causes.ts';
import { explainFailure } from '../diagnosis/explain.ts';
import { overtaken } from '../guard.ts';
import type { StackState, StacksPort } from '../port.ts';
import { MEANING, type Stuck, type StuckResource, stuckLines } from '../stuck-words.ts';
import type { StackDeps, StackSpec } from '../types.ts';
import { follow } from '../watch/follow.ts';
import { persist } from '../watch/waiting.ts';
import { operationToken } from './change-set.ts';

const FAILED = /^(?:CREATE|UPDATE|DELETE|ROLLBACK|IMPORT(?:_ROLLBACK)?)_FAILED$/;
const DEEPEST = 5;

/** The resources that failed in the last step, nested stacks looked into: ListStackResources. */
export async function stuckResources(
  port: StacksPort,
  stack: string,
  prefix = '',
  depth = 0,
): Promise<StuckResource[]> {
  const failed = (await port.resources(stack)).filter(({ status }) => FAILED.test(status));
  const found = await Promise.all(
    failed.map(async (one): Promise<StuckResource[]> => {
      if (one.type === 'AWS::CloudFormation::Stack' && one.physicalId !== '' && depth < DEEPEST) {
        const inner = await port.stack(one.physicalId);
        if (inner?.status === 'UPDATE_ROLLBACK_FAILED') {
          const inside = await stuckResources(port, inner.stackId, `${inner.stackName}.`, depth + 1);
          if (inside.length > 0) return inside;
        }
      }
      const { logicalId, physicalId, type } = one;
      const reason = cleanReason(one.reason).text || one.status;
      const advice = adviceFor({ logicalId, physicalId, resourceType: type, reason: one.reason ?? '' });
      return [{ id: `${prefix}${logicalId}`, type, physicalId, reason, advice }];
    }),
  );
  return found.flat();
}

/**
 * Asks how a stack gets out of where it is stuck. What is named must be among what failed: nothing else may
 * be skipped or kept by a slip.
 *
 * @throws InfractlError `StackBlocked` (5) where nobody decides; UsageError `NotStuck`
 */
export async function decided(
  deps: StackDeps,
  spec: Pick<StackSpec, 'part'>,
  state: StackState,
  way: Stuck['way'],
): Promise<{ readonly stuck: Stuck; readonly but: readonly string[] }> {
  const resources = await stuckResources(deps.port, state.stackId);
  const stuck: Stuck = { part: spec.part, stackName: state.stackName, way, resources };
  const decision = await deps.decide?.(stuck);
  if (!decision) throw blocked(stuck, state, deps.where ?? '');
  const known = new Set(resources.map(({ id }) => id));
  const unknown = decision.but.filter((id) => !known.has(id));
  if (unknown.length > 0)
    throw new UsageError({
      code: 'NotStuck',
      message: `${listed(unknown)}: nothing of that name stands in the way of the stack ${state.stackName}.`,
      why: resources.length > 0 ? `What does: ${listed([...known])}.` : 'No resource of it has failed.',
    });
  return { stuck, but: decision.but };
}

function blocked(stuck: Stuck, state: StackState, where: string): InfractlError {
  const { way, resources } = stuck;
  const ids = resources.map(({ id }) => id);
  const command = `infractl deploy --create-stack${where}`;
  const example = ids[0] ?? 'RESOURCE';
  const why =
    way === 'continue'
      ? 'An update failed, and taking it back failed too. AWS accepts no update until that is finished.'
      : 'Deleting it failed half way. AWS lets such a stack only be deleted to its end.';
  const suggestions =
    way === 'continue'
      ? [
          `Mend what stands in the way, then go on: ${command} --continue-rollback`,
          `Where it cannot be mended, skip it by name: ${command} --continue-rollback --skip-resource ${example}`,
        ]
      : [
          `Mend what stands in the way, then finish the deletion and create it anew: ${command} --finish-deletion`,
          `Where it must stay, keep it by name: ${command} --finish-deletion --keep-resource ${example}`,
        ];
  return new InfractlError({
    code: 'StackBlocked',
    message: `The stack ${state.stackName} is in ${state.status} and cannot be changed as it is.`,
    why: [
      why,
      ...(state.statusReason && ids.length === 0 ? [state.statusReason] : []),
      ...stuckLines(stuck),
    ].join('\n'),
    suggestions: [
      ...new Set(resources.flatMap(({ advice }) => advice)),
      `See all of what failed: ${typed('explain', { part: stuck.part, where })}`,
      ...suggestions,
      MEANING[way],
    ],
    exit: Exit.declined,
  });
}

/**
 * Finishes taking an update back: ContinueUpdateRollback, followed to its end.
 *
 * @throws InfractlError `StackBlocked` where nobody decides, `StackFailed` when it fails again, `StackBusy`
 */
export async function continueRollback(
  deps: StackDeps,
  spec: Pick<StackSpec, 'part' | 'timeout'>,
  state: StackState,
): Promise<void> {
  const { port, clock, signal, reporter } = deps;
  const { stuck, but } = await decided(deps, spec, state, 'continue');
  const [marker] = (await port.events(state.stackId)).events;
  throwIfAborted(signal);
  await deps.claim?.();
  const without = but.length > 0 ? `, without ${listed(but)}` : '';
  const count = plural(stuck.resources.length, 'resource');
  reporter.emit({
    type: 'note',
    message: `The stack ${state.stackName} is in ${state.status} (${count} failed): its rollback is continued${without}, then it is updated.`,
  });
  const token = operationToken();
  const deadline = clock.now() + spec.timeout;
  const send = () => port.continueRollback(state.stackId, but, token);
  try {
    await send().catch((error) => {
      if (!isTransient(error)) throw error;
      return persist({ clock, signal, deadline }, send);
    });
  } catch (error) {
    // The answer to the first try was lost, or somebody else was faster: the stack tells.
    if ((await port.stack(state.stackId))?.status === 'UPDATE_ROLLBACK_FAILED') throw error;
    const own = (await port.events(state.stackId)).events.some((event) => event.token === token);
    if (!own) throw overtaken(state.stackName, error) ?? error;
  }
  const ended = await follow(deps, {
    part: spec.part,
    stackName: state.stackName,
    stackId: state.stackId,
    act: 'update',
    from: { after: marker },
    timeout: spec.timeout,
  });
  if (ended.status === 'UPDATE_ROLLBACK_COMPLETE') return;
  throw explainFailure({
    stackName: state.stackName,
    part: spec.part,
    where: deps.where,
    act: 'update',
    status: ended.state ? ended.status : undefined,
    events: ended.events,
  });
}
