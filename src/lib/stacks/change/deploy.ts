import { isTransient } from '../../aws/errors.ts';
import { throwIfAborted } from '../../base/clock.ts';
import { Exit, InfractlError, Interrupted, messageOf } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import { typed } from '../commands.ts';
import { explainFailure } from '../diagnosis/explain.ts';
import { checkOwner, checkUnprotected, overtaken, standstill } from '../guard.ts';
import type { StackEvent, StackState, StacksPort } from '../port.ts';
import { isSettled, nextStep, succeeded } from '../states.ts';
import { PROJECT_TAG, type StackDeps, type StackResult, type StackSpec } from '../types.ts';
import { follow } from '../watch/follow.ts';
import { whenFree } from '../watch/free.ts';
import { persist } from '../watch/waiting.ts';
import { type ChangeSet, makeChangeSet, operationToken, untouched, withdraw } from './change-set.ts';
import { compareSettings } from './compare.ts';
import { removeStack } from './delete.ts';
import { checkExports } from './exports.ts';
import { withMode } from './express.ts';
import { goesOnWithoutRollback } from './failed-update.ts';
import { guardRemains } from './guards.ts';
import { lookOnceMore } from './last-look.ts';
import { setPolicy } from './stack-policy.ts';
import { continueRollback, decided } from './stuck.ts';
import {
  checkedTemplate,
  compareWith,
  isDeployedText,
  isOpenEnded,
  sendable,
  textAsDeployed,
  textSha256,
  type Wanted,
} from './wanted.ts';
import { weighChange } from './weighing.ts';

/**
 * Makes a stack what its template and parameters say, by change set, and follows it to its end. Nothing to
 * do is success: two reading calls where they can tell, a change set that turns out empty where not.
 *
 * @throws InfractlError `StackFailed` (1), `ChangeSetFailed` (1), `StackBusy` (6), `StackBlocked`,
 * `NotOurStack`, `StackProtected` (5), `StackTimedOut` (7); UsageError (2); Interrupted (130).
 */
export async function deployStack(deps: StackDeps, spec: StackSpec): Promise<StackResult> {
  throwIfAborted(deps.signal);
  const template = await checkedTemplate(spec);
  const { wanted, state, deployed } = await compareWith(deps, spec, template);
  if (!state) return apply(deps, spec, wanted, undefined);
  checkOwner(state, spec.tags[PROJECT_TAG], spec.otherEnvironments);

  const step = nextStep(state.status, 'deploy');
  switch (step.do) {
    case 'busy':
      if (deps.wait !== undefined) {
        const freed = await whenFree(deps, spec.part, state, deps.wait);
        if (!freed || nextStep(freed.status, 'deploy').do !== 'busy') return deployStack(deps, spec);
      }
      throw standstill(state, step, deps.clock.now(), { part: spec.part, where: deps.where });
    case 'refuse':
      throw standstill(state, step, deps.clock.now(), { part: spec.part, where: deps.where });
    case 'recreate':
      checkUnprotected(state, deps.where);
      await guardRemains(deps, spec, state);
      deps.reporter.emit({
        type: 'note',
        message: `The stack ${spec.stackName} is in ${state.status}: ${step.because}. It is deleted first, then created.`,
      });
      await removeStack(deps, { part: spec.part, timeout: spec.timeout }, state);
      return apply(deps, spec, wanted, undefined);
    case 'continue':
      await continueRollback(deps, spec, state);
      return deployStack(deps, spec);
    case 'finish-deletion': {
      checkUnprotected(state, deps.where);
      const { but } = await decided(deps, spec, state, 'finish-deletion');
      await removeStack(deps, { part: spec.part, timeout: spec.timeout, retain: but }, state);
      return apply(deps, spec, wanted, undefined);
    }
    case 'update':
      if (deployed !== undefined && !spec.revertDrift && isUnchanged(spec, wanted, state, deployed))
        return unchanged(deps, spec, state, textAsDeployed(wanted, deployed) ?? deployed);
      return apply(deps, spec, wanted, state, deployed);
    default:
      return apply(deps, spec, wanted, undefined);
  }
}

/** Whether reading alone tells that there is nothing to do. */
function isUnchanged(spec: StackSpec, wanted: Wanted, state: StackState, deployed: string): boolean {
  const { template } = wanted;
  if (!isSettled(state.status) || isOpenEnded(wanted) || !isDeployedText(wanted, deployed)) return false;
  const { parameters, tags, undecided } = compareSettings(template, state, spec);
  return parameters.length === 0 && tags.length === 0 && undecided.length === 0;
}

async function unchanged(
  deps: StackDeps,
  spec: StackSpec,
  state: StackState,
  template: string,
): Promise<StackResult> {
  const changed = await protect(deps, spec, state);
  return {
    outcome: changed ? 'updated' : 'unchanged',
    stackId: state.stackId,
    outputs: state.outputs,
    changes: [],
    templateSha256: textSha256(template),
    template,
  };
}

/** Creates (no state) or updates the stack through a change set. */
async function apply(
  deps: StackDeps,
  ordered: StackSpec,
  wanted: Wanted,
  before: StackState | undefined,
  deployed?: string,
): Promise<StackResult> {
  const spec = withMode(deps, ordered, before);
  const deadline = deps.clock.now() + spec.timeout;
  const type = before ? 'UPDATE' : 'CREATE';
  if (before) await checkExports(deps.port, { spec, state: before, wanted: wanted.template });
  const { source, sha256, text } = await sendable(deps, wanted);
  if (deps.signal?.aborted) throw untouched(spec);
  const disableRollback = goesOnWithoutRollback(deps, spec, before);
  const order = {
    spec,
    template: wanted.template,
    source,
    capabilities: wanted.packaged?.capabilities ?? [],
    disableRollback,
  };
  const changeSet = await makeChangeSet(deps, { ...order, type, deadline });
  if (!changeSet) {
    if (before) return unchanged(deps, spec, before, text);
    throw new InfractlError({
      code: 'ChangeSetFailed',
      message: `The stack ${spec.stackName} would be empty, so AWS does not create it.`,
      why: 'No resource of the template is made with these parameters and conditions.',
    });
  }
  if (before) await lookOnceMore(deps, order, before, changeSet);
  await weighChange(deps, spec, wanted.template, before && { state: before, template: deployed });
  const { marker, token } = await start(deps, spec, { type, disableRollback }, changeSet, deadline);
  if (spec.detach) {
    const begun = await deps.port.stack(changeSet.stackId);
    if (begun) await protect(deps, spec, begun);
    return {
      outcome: 'started',
      stackId: changeSet.stackId,
      operation: token,
      outputs: {},
      changes: changeSet.state.changes,
      templateSha256: sha256,
      template: text,
    };
  }
  const act = before ? 'update' : 'create';
  const ended = await follow(deps, {
    part: spec.part,
    stackName: spec.stackName,
    stackId: changeSet.stackId,
    act,
    from: { after: marker },
    timeout: deadline - deps.clock.now(),
    allowed: spec.timeout,
  });
  if (!succeeded(ended.status) || !ended.state)
    throw explainFailure({
      stackName: spec.stackName,
      part: spec.part,
      where: deps.where,
      act,
      // Whoever cancelled an update may have deleted the stack right after.
      status: /^DELETE_/.test(ended.state?.status ?? '') ? ended.state?.status : ended.state && ended.status,
      events: ended.events,
      template: wanted.template,
    });
  await protect(deps, spec, ended.state);
  if (spec.express) await (await import('./readiness.ts')).awaitReadiness(deps, spec, ended.events, deadline);
  return {
    outcome: before ? 'updated' : 'created',
    stackId: changeSet.stackId,
    outputs: ended.state.outputs,
    // The names of properties are for the moment before; the journal keeps what was done.
    changes: changeSet.state.changes.map(({ details: _, ...change }) => change),
    templateSha256: sha256,
    template: text,
  };
}

/**
 * Executes a change set. Before the call a failure takes the change set back. Once the call went out AWS
 * may be at work: a failure that says nothing of the request is tried again under the same token.
 *
 * @returns its token, and the newest event from before, behind which this operation's own begin; none of a new stack
 */
async function start(
  deps: StackDeps,
  spec: StackSpec,
  { type, disableRollback }: { readonly type: 'CREATE' | 'UPDATE'; readonly disableRollback: boolean },
  changeSet: ChangeSet,
  deadline: number,
): Promise<{ readonly marker: StackEvent | undefined; readonly token: string }> {
  const { port, clock, signal } = deps;
  const token = operationToken();
  const execute = () => port.executeChangeSet(changeSet.id, token, { disableRollback });
  let sent = false;
  try {
    const marker = type === 'UPDATE' ? (await port.events(changeSet.stackId)).events[0] : undefined;
    throwIfAborted(signal);
    const count = plural(changeSet.state.changes.length, 'change');
    deps.reporter.emit({ type: 'part.status', part: spec.part, status: `${count}, starting` });
    await deps.claim?.();
    sent = true;
    // Not interruptible: whether it was taken must be known before anything is said about it.
    await execute()
      .catch((error) => {
        if (!isTransient(error)) throw error;
        return persist({ clock, signal, deadline }, execute);
      })
      .catch(async (error) => {
        // The answer was lost, not the request: the second try meets what the first one began.
        if (!(await hasBegun(port, changeSet.stackId, token))) throw error;
      });
    return { marker, token };
  } catch (error) {
    if (sent && (isTransient(error) || signal?.aborted)) throw uncertain(spec, error, deps);
    await withdraw(deps, { spec, type }, changeSet);
    if (signal?.aborted) throw untouched(spec);
    throw overtaken(spec.stackName, error) ?? error;
  }
}

/** Whether an operation under this token is in the stack's newest events. */
async function hasBegun(port: StacksPort, stackId: string, token: string): Promise<boolean> {
  try {
    return (await port.events(stackId)).events.some((event) => event.token === token);
  } catch {
    return false;
  }
}

/** AWS was told to begin and never answered. */
function uncertain(spec: StackSpec, error: unknown, { where, signal }: StackDeps): InfractlError {
  const message = `AWS was told to deploy the stack ${spec.stackName} and did not answer: it may be at work.`;
  const suggestions = [
    `Look first: ${typed('attach', { part: spec.part, where })}`,
    'Then run the same command again: it does what is left to do.',
  ];
  if (signal?.aborted) return new Interrupted(`Interrupted. ${message}`, suggestions);
  return new InfractlError({
    code: 'StackUncertain',
    message,
    why: messageOf(error),
    suggestions,
    exit: Exit.timedOut,
    cause: error,
  });
}

/** Puts termination protection and stack policy to what is wanted, where they differ. */
async function protect(deps: StackDeps, spec: StackSpec, state: StackState): Promise<boolean> {
  const policy = await setPolicy(deps.port, spec, state.stackId);
  const { terminationProtection: wanted = state.terminationProtection } = spec;
  if (state.terminationProtection === wanted) return policy;
  await deps.port.setTerminationProtection(state.stackId, wanted);
  return true;
}
