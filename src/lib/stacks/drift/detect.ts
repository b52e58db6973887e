import { Exit, InfractlError, isInfractlError } from '../../base/errors.ts';
import { duration } from '../../base/text.ts';
import type { StackResource, StackState, StacksPort } from '../port.ts';
import { readTemplate, resourcesOf, type Template } from '../template/template.ts';
import type { WatchDeps } from '../types.ts';
import { templateOf } from '../watch/attach.ts';
import { persist } from '../watch/waiting.ts';
import { LocalTemplate } from './local.ts';
import type { Detection, DriftPort, ResourceDrift } from './port.ts';
import { threeWay } from './three-way.ts';
import type { DriftedResource, DriftOrder, StackDrift } from './types.ts';

export interface DriftDeps extends Omit<WatchDeps, 'port'> {
  readonly port: Pick<StacksPort, 'stack' | 'resources' | 'template'>;
  readonly drift: DriftPort;
}

const NESTED = 'AWS::CloudFormation::Stack';
/** Statuses in which AWS looks for drift (user guide, "Detect drift on an entire CloudFormation stack"). */
const CHECKABLE =
  /^(?:CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT|IMPORT_ROLLBACK)_COMPLETE$|^UPDATE_ROLLBACK_FAILED$/;
/** The pause between two looks at a detection: the longer it runs, the longer. In milliseconds. */
const FAST = 250;
const SLOW = 3000;
const LATE = 0.1;

/**
 * Looks for drift of a stack and of the stacks nested in it, all at once: DetectStackDrift, which does not
 * look into nested ones, and what it found beside the template on this machine. Changes nothing.
 *
 * @returns the stack first; one that cannot be checked now says why
 * @throws InfractlError `DriftTimedOut` (7), what AWS refuses; Interrupted (130)
 */
export async function detectDrift(deps: DriftDeps, order: DriftOrder): Promise<StackDrift[]> {
  const deadline = deps.clock.now() + order.timeout;
  const state = await deps.port.stack(order.stackName);
  const name = order.part.replace(/^stack /, '');
  if (!state) return [empty(name, order.stackName, 'not-deployed', null)];
  const template = await templateOf(order);
  return checkStack(deps, { ...order, name, nestedIn: null, template, deadline }, state);
}

interface Work extends DriftOrder {
  readonly name: string | null;
  readonly nestedIn: string | null;
  /** That on this machine. */
  readonly template: Template | undefined;
  readonly deadline: number;
}

async function checkStack(deps: DriftDeps, work: Work, state: StackState): Promise<StackDrift[]> {
  const { stackName, nestedIn, name } = work;
  if (!CHECKABLE.test(state.status)) {
    const because = `It is in ${state.status}, and AWS looks for drift only in stacks that are complete.`;
    return [{ ...empty(name, stackName, 'unchecked', because), nestedIn }];
  }
  const [detection, resources] = await Promise.all([
    detected(deps, work, state.stackId),
    deps.port.resources(state.stackId),
  ]);
  const [drifts, inside] = await Promise.all([
    deps.drift.resourceDrifts(state.stackId),
    Promise.all(
      resources
        .filter(({ type, physicalId }) => type === NESTED && physicalId.startsWith('arn:'))
        .map((resource) => checkNested(deps, work, resource)),
    ),
  ]);
  const found = await compared(deps, work, state, resources, drifts);
  return [result(deps, work, detection, resources, drifts, found), ...inside.flat()];
}

/** The template of a nested stack is on this machine only where packaging reads it: AWS's copy decides. */
async function checkNested(deps: DriftDeps, work: Work, resource: StackResource): Promise<StackDrift[]> {
  const state = await deps.port.stack(resource.physicalId);
  if (!state) return [];
  const inner: Work = {
    ...work,
    name: null,
    stackName: state.stackName,
    nestedIn: work.stackName,
    template: undefined,
    parameters: {},
  };
  return checkStack(deps, inner, state);
}

/** Starts a detection and waits for its end; another one of the same stack is waited for first. */
async function detected(deps: DriftDeps, work: Work, stackId: string): Promise<Detection> {
  const { clock, signal, drift } = deps;
  const patience = { clock, signal, deadline: work.deadline };
  const began = clock.now();
  let id: string | undefined;
  for (;;) {
    id ??= await persist(patience, () => drift.detectDrift(stackId));
    const known = id;
    if (known !== undefined) {
      const detection = await persist(patience, () => drift.detection(known));
      if (detection.status !== 'running') return detection;
    }
    const now = clock.now();
    if (now >= work.deadline) throw timedOut(work, known === undefined);
    await clock.sleep(Math.min(work.deadline - now, driftDelay(now - began)), signal);
  }
}

/** The pause before the next look, in milliseconds. @param waited milliseconds so far */
export function driftDelay(waited: number): number {
  return Math.min(SLOW, Math.max(FAST, waited * LATE));
}

function timedOut({ stackName, timeout }: Work, others: boolean): InfractlError {
  return new InfractlError({
    code: 'DriftTimedOut',
    message: `AWS was not done looking for drift of the stack ${stackName} after ${duration(timeout)}.`,
    why: others
      ? 'Somebody else looks for drift of the same stack, and AWS does that once at a time.'
      : 'Large stacks take several minutes. AWS goes on by itself; it changes nothing.',
    suggestions: [
      'Run the same command again; a longer `timeout` of the stack in infractl.yaml waits longer.',
    ],
    exit: Exit.timedOut,
  });
}

async function compared(
  deps: DriftDeps,
  work: Work,
  state: StackState,
  resources: readonly StackResource[],
  drifts: readonly ResourceDrift[],
): Promise<DriftedResource[]> {
  const wanted = drifts.filter(({ status }) => ['MODIFIED', 'DELETED', 'UNKNOWN'].includes(status));
  if (wanted.length === 0) return [];
  const [processed, original] = await Promise.all([
    deps.drift.processedTemplate(state.stackId),
    deps.port.template(state.stackId),
  ]);
  const carriedOut = read(work.stackName, processed ?? original);
  const { template } = work;
  const local =
    template &&
    new LocalTemplate({
      template,
      parameters: work.parameters,
      deployed: read(work.stackName, original),
      names: new Map([
        ...resources.map(({ logicalId, physicalId }) => [logicalId, physicalId] as const),
        ['AWS::StackName', work.stackName],
        ['AWS::StackId', state.stackId],
        ['AWS::Region', work.region],
        ['AWS::AccountId', state.stackId.split(':')[4] ?? ''],
      ]),
    });
  const noEcho = [carriedOut, template].flatMap((one) =>
    [...(one?.parameters ?? [])].filter(([, { noEcho }]) => noEcho).map(([name]) => name),
  );
  const comparison = {
    carriedOut: carriedOut ? resourcesOf(carriedOut) : new Map(),
    noEcho: new Set(noEcho),
    local,
    functions: work.functions,
  };
  return wanted.map((drift) => threeWay(drift, comparison));
}

/** A template that AWS gave back. One that cannot be read costs the comparison with it, not the answer. */
function read(stackName: string, text: string | undefined): Template | undefined {
  if (text === undefined) return undefined;
  try {
    return readTemplate(stackName, text);
  } catch (error) {
    if (isInfractlError(error)) return undefined;
    throw error;
  }
}

function result(
  deps: DriftDeps,
  { name, stackName, nestedIn }: Work,
  detection: Detection,
  resources: readonly StackResource[],
  drifts: readonly ResourceDrift[],
  found: readonly DriftedResource[],
): StackDrift {
  const checked = new Set(
    drifts
      .filter(({ status }) => !['UNSUPPORTED', 'NOT_CHECKED'].includes(status))
      .map(({ logicalId }) => logicalId),
  );
  const drifted = found.filter(({ status }) => status === 'modified' || status === 'deleted').length;
  const unknown = found.some(({ status }) => status === 'unknown') || detection.status === 'failed';
  return {
    stack: name,
    stackName,
    nestedIn,
    status: drifted > 0 ? 'drifted' : unknown ? 'unknown' : 'in-sync',
    because: detection.status === 'failed' ? (detection.reason ?? 'AWS could not check all of it.') : null,
    checkedAt: new Date(deps.clock.now()).toISOString(),
    inSync: drifts.filter(({ status }) => status === 'IN_SYNC').length,
    drifted,
    // A nested stack's own resources are counted with it.
    unsupported: resources.filter(({ type, logicalId }) => type !== NESTED && !checked.has(logicalId)).length,
    resources: found,
  };
}

function empty(
  stack: string | null,
  stackName: string,
  status: StackDrift['status'],
  because: string | null,
): StackDrift {
  return {
    stack,
    stackName,
    nestedIn: null,
    status,
    because,
    checkedAt: null,
    inSync: 0,
    drifted: 0,
    unsupported: 0,
    resources: [],
  };
}
