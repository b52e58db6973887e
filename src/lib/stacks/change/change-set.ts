import { randomBytes, randomUUID } from 'node:crypto';
import { underneath } from '../../aws/errors.ts';
import { throwIfAborted } from '../../base/clock.ts';
import { Exit, InfractlError, Interrupted, messageOf } from '../../base/errors.ts';
import { adviceFor, cleanReason } from '../diagnosis/causes.ts';
import { findingWords, locateFindings } from '../diagnosis/findings.ts';
import { overtaken } from '../guard.ts';
import type { ChangeSetState, StacksPort, TemplateSource } from '../port.ts';
import { SAM, type Template } from '../template/template.ts';
import type { StackDeps, StackSpec } from '../types.ts';
import { lookDelay, persist } from '../watch/waiting.ts';

/** A change set that AWS has worked out, ready to be executed. */
export interface ChangeSet {
  readonly id: string;
  readonly stackId: string;
  readonly state: ChangeSetState;
}

export interface ChangeSetOrder {
  readonly spec: StackSpec;
  readonly template: Template;
  readonly source: TemplateSource;
  /** What nested templates want, which AWS's summary of this one does not show. */
  readonly capabilities?: readonly string[];
  readonly type: 'CREATE' | 'UPDATE';
  readonly deadline: number;
  /** It is to be executed without rollback. */
  readonly disableRollback?: boolean;
  /** It is made to be looked at: under a name of its own, and the values of properties are read. */
  readonly look?: { readonly name: string; readonly keep: readonly string[] };
}

/** A token that joins the calls and the events of one operation. */
export function operationToken(): string {
  return `infractl-${randomUUID()}`;
}

/**
 * Makes a change set and waits until AWS has worked it out.
 *
 * @returns undefined when it holds no changes; it is deleted then.
 * @throws InfractlError `ChangeSetFailed` with AWS's reason in words. On any failure, and when the wait is
 * interrupted, the change set is deleted, and with it the empty stack that it made.
 */
export async function makeChangeSet(deps: StackDeps, order: ChangeSetOrder): Promise<ChangeSet | undefined> {
  const { spec } = order;
  deps.reporter.emit({ type: 'part.status', part: spec.part, status: 'asking AWS what would change' });
  const { capabilities } = mayWantCapabilities(order.template)
    ? await deps.port.summary(order.source)
    : { capabilities: [] };
  if (deps.signal?.aborted) throw untouched(spec);
  const made = await create(
    deps,
    order,
    capabilitiesFor(order.template, [...capabilities, ...(order.capabilities ?? [])]),
  );
  try {
    const state = await workedOut(deps, order, made.id);
    if (isEmpty(state)) {
      await withdraw(deps, order, made);
      return undefined;
    }
    if (state.status !== 'CREATE_COMPLETE') throw await failed(deps.port, order, made.id, state);
    throwIfAborted(deps.signal);
    return { ...made, state };
  } catch (error) {
    await withdraw(deps, order, made);
    throw deps.signal?.aborted ? untouched(spec) : error;
  }
}

/**
 * Whether AWS may want something acknowledged: roles and what macros make. Of any other template it is not
 * asked beforehand; where it wants more than expected, it names that when the change set is made.
 */
function mayWantCapabilities({ transforms, openEnded, resources }: Template): boolean {
  return (
    transforms.length > 0 || openEnded || [...resources.values()].some(({ type }) => /^AWS::IAM::/.test(type))
  );
}

/** Ctrl-C before anything was executed. */
export function untouched({ stackName }: Pick<StackSpec, 'stackName'>): Interrupted {
  return new Interrupted(`Interrupted. Nothing of the stack ${stackName} was changed.`);
}

/**
 * What the template needs: as GetTemplateSummary answers, and for macros what only their outcome shows. A
 * SAM function without a role of its own gets one from SAM.
 */
function capabilitiesFor(template: Template, asked: readonly string[]): string[] {
  const wanted = new Set(asked);
  if (template.transforms.length > 0) wanted.add('CAPABILITY_AUTO_EXPAND');
  if (template.transforms.includes(SAM) && !wanted.has('CAPABILITY_NAMED_IAM')) wanted.add('CAPABILITY_IAM');
  return [...wanted];
}

async function create(
  deps: StackDeps,
  { spec, source, type, look, disableRollback }: ChangeSetOrder,
  capabilities: readonly string[],
): Promise<{ readonly id: string; readonly stackId: string }> {
  const parameters = Object.fromEntries(
    Object.entries(spec.parameters).map(([name, { value }]) => [name, value]),
  );
  const order = (given: readonly string[]) =>
    deps.port.createChangeSet({
      stackName: spec.stackName,
      name: look?.name ?? changeSetName(deps.clock.now()),
      type,
      template: source,
      parameters,
      keep: [...(look?.keep ?? []), ...(spec.previous ?? [])],
      tags: spec.tags,
      capabilities: given,
      token: operationToken(),
      ...(spec.express ? { express: true } : {}),
      ...(disableRollback ? { disableRollback } : {}),
      ...(spec.revertDrift && type === 'UPDATE' ? { revertDrift: true } : {}),
    });
  try {
    return await order(capabilities);
  } catch (error) {
    // What a macro or a nested stack makes shows only when AWS expands it; then AWS names what it lacks.
    const more = requiredCapabilities(error).filter((name) => !capabilities.includes(name));
    if (more.length > 0) return order([...capabilities, ...more]);
    throw overtaken(spec.stackName, error) ?? refusal(spec, error);
  }
}

function requiredCapabilities(error: unknown): string[] {
  const { name, message } = underneath(error);
  if (!name.startsWith('InsufficientCapabilities')) return [];
  return message.match(/CAPABILITY_\w+/g) ?? [];
}

/** `infractl-20260105T090000Z-1a2b3c4d`: sorts by time, and two at once do not meet. */
function changeSetName(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  return `infractl-${time}-${randomBytes(4).toString('hex')}`;
}

async function workedOut(deps: StackDeps, order: ChangeSetOrder, id: string): Promise<ChangeSetState> {
  const began = deps.clock.now();
  const { deadline } = order;
  const patience = { clock: deps.clock, signal: deps.signal, deadline };
  for (;;) {
    const state = await persist(patience, () =>
      deps.port.changeSet(id, { values: order.look !== undefined }),
    );
    if (!state) throw gone(order.spec.stackName);
    if (!/_(?:PENDING|IN_PROGRESS)$/.test(state.status)) return state;
    const now = deps.clock.now();
    if (now >= deadline)
      throw new InfractlError({
        code: 'ChangeSetTimedOut',
        message: 'AWS did not work out the changes in time.',
        why: 'The change set was still being made. Nothing was changed.',
        suggestions: ['Run the same command again.'],
      });
    await deps.clock.sleep(lookDelay(now - began), deps.signal);
  }
}

function gone(stackName: string): InfractlError {
  return new InfractlError({
    code: 'StackBusy',
    message: `Somebody else works on the stack ${stackName} at the same time. Nothing was changed.`,
    why: 'The change set was deleted while AWS worked it out.',
    suggestions: ['Wait until the other one is done, then run the same command again.'],
    exit: Exit.busy,
  });
}

const NO_CHANGES = /didn['’]t contain changes|No updates are to be performed/i;

function isEmpty(state: ChangeSetState): boolean {
  return state.status === 'FAILED' && NO_CHANGES.test(state.statusReason ?? '');
}

async function failed(
  port: StacksPort,
  { spec, template }: ChangeSetOrder,
  id: string,
  state: ChangeSetState,
): Promise<InfractlError> {
  const findings = await locateFindings(await port.validationFindings(id), spec.stackName, template);
  const reason = cleanReason(state.statusReason).text;
  return new InfractlError({
    code: 'ChangeSetFailed',
    message: `AWS refuses the changes of the stack ${spec.stackName}. Nothing was changed.`,
    why: [
      ...(reason ? [reason] : []),
      ...findings.map(findingWords),
      ...(reason || findings.length > 0 ? [] : ['AWS gives no reason.']),
    ].join('\n'),
    suggestions: adviceFor({
      logicalId: findings[0]?.logicalId ?? 'the stack',
      physicalId: '',
      resourceType: findings[0]?.resourceType ?? '',
      reason: [reason, ...findings.map((finding) => finding.reason)].join(' '),
    }),
  });
}

/** A request that AWS did not take: about the template or its parameters, so in the user's words. */
function refusal(spec: StackSpec, error: unknown): unknown {
  const { name, message } = underneath(error);
  if (name !== 'ValidationError') return error;
  return new InfractlError({
    code: 'ChangeSetRefused',
    message: `AWS does not accept the template or the parameters of the stack ${spec.stackName}. Nothing was changed.`,
    why: message,
    suggestions: /DeploymentMode|REVERT_DRIFT|drift/i.test(message)
      ? [
          'AWS does not put the drift of this stack back in its state: deploy it once without --revert-drift, then run this again.',
          'Or set what drifted by hand to what the template says. To see it: infractl drift',
        ]
      : [
          ...adviceFor({ logicalId: 'the stack', physicalId: '', resourceType: '', reason: message }),
          `Correct ${spec.templateFile} or the parameters in infractl.yaml.`,
        ],
    cause: error,
  });
}

/** Takes back what was made for looking: the change set, and the empty stack that came with it. */
export async function withdraw(
  deps: StackDeps,
  { spec, type }: { readonly spec: Pick<StackSpec, 'stackName'>; readonly type: ChangeSetOrder['type'] },
  { id, stackId }: { readonly id: string; readonly stackId: string },
): Promise<void> {
  try {
    await deleteWhenDone(deps, id);
    if (type !== 'CREATE') return;
    const state = await deps.port.stack(stackId);
    // Another deploy may have put its change set into the same empty stack.
    if (state?.status !== 'REVIEW_IN_PROGRESS' || (await deps.port.hasChangeSets(stackId))) return;
    await deps.port.discardStack(stackId, operationToken());
    await disappeared(deps, stackId);
  } catch (error) {
    deps.reporter.emit({
      type: 'warning',
      message: `A change set of the stack ${spec.stackName} could not be removed (${messageOf(error)}). It does nothing by itself; the next deploy clears it away.`,
    });
  }
}

/** How long AWS is given to delete an empty stack. Milliseconds. */
const DISAPPEARANCE = 15_000;
const BETWEEN_LOOKS = 250;

/** Whoever deploys next, be it this run itself, must not meet a stack that is being deleted. Not interruptible, but short. */
async function disappeared({ port, clock }: StackDeps, stackId: string): Promise<void> {
  const deadline = clock.now() + DISAPPEARANCE;
  while ((await port.stack(stackId))?.status === 'DELETE_IN_PROGRESS' && clock.now() < deadline)
    await clock.sleep(BETWEEN_LOOKS);
}

/** How long AWS is given to finish a change set that is to go. Milliseconds. */
const WITHDRAWAL = 60_000;

/** AWS does not delete a change set that it is still working out. Not interruptible: nothing is to stay. */
async function deleteWhenDone({ port, clock }: StackDeps, id: string): Promise<void> {
  const deadline = clock.now() + WITHDRAWAL;
  for (;;) {
    try {
      return await port.deleteChangeSet(id);
    } catch (error) {
      const { name, message } = underneath(error);
      const working = /^InvalidChangeSetStatus/.test(name) && /_(?:PENDING|IN_PROGRESS)\b/.test(message);
      if (!working || /EXECUTE/.test(message) || clock.now() >= deadline) throw error;
      await clock.sleep(500);
    }
  }
}
