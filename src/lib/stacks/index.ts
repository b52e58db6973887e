import type { DeleteOrder } from './change/delete.ts';
import type { EndingResource } from './change/ending.ts';
import type { DiagnoseDeps, Diagnosis } from './diagnosis/diagnose.ts';
import { StackFailure } from './diagnosis/explain.ts';
import type { DiffOrder } from './diff/diff.ts';
import type { StackDiff } from './diff/types.ts';
import type { DriftDeps } from './drift/detect.ts';
import type { DriftOrder, StackDrift } from './drift/types.ts';
import type { Inventory, InventoryOrder } from './inventory.ts';
import type { StackState, StacksPort } from './port.ts';
import type { ImportingStack, StackImport } from './template/imports.ts';
import type { TemplateFacts } from './template/template.ts';
import type { StackDeps, StackPlan, StackResult, StackSpec, WatchDeps } from './types.ts';
import { type Attached, attachTo as attach, type WatchOrder } from './watch/attach.ts';
import { type Cancellation, type Cancelled, cancelStack as cancel } from './watch/cancel.ts';

export { type Target, typed } from './commands.ts';
export type { DiagnosedCause, Diagnosis } from './diagnosis/diagnose.ts';
export { explainFailure, type Failure, firstCause } from './diagnosis/explain.ts';
export type { Lookups } from './diagnosis/lookups.ts';
export type { DiffOrder } from './diff/diff.ts';
export type { EntryDiff, PropertyDiff, ResourceDiff, StackDiff, Widening } from './diff/types.ts';
export { checkOwner } from './guard.ts';
export type { Change, StackEvent, StackState, StackStatus, StacksPort } from './port.ts';
export { type Act, isDeployed, isSettled, nextStep, type Step } from './states.ts';
export { type Decision, MEANING, type Stuck, type StuckResource, stuckLines } from './stuck-words.ts';
export { checkParameters, type GivenParameter, type ParameterIssue } from './template/parameters.ts';
export type { ParameterFacts, TemplateFacts } from './template/template.ts';
export {
  ENVIRONMENT_TAG,
  PART_TAG,
  type PlannedChange,
  PROJECT_TAG,
  type StackDeps,
  type StackPlan,
  type StackResult,
  type StackSpec,
  type WatchDeps,
  type Weigh,
} from './types.ts';
export { type Attached, isRunning, type WatchOrder } from './watch/attach.ts';
export { type Cancellation, type Cancelled, cancellationOf } from './watch/cancel.ts';
export { type PlacedEvent, pathWords, reportedEvent } from './watch/events.ts';
export { whenFree } from './watch/free.ts';
export { type OperationEnd, operationEnd } from './watch/outcome.ts';
export { type Overview, overview, type StackOverview } from './watch/overview.ts';
export { type EventQuery, newest, recentEvents } from './watch/recent.ts';
export { statusWords, wayOutOf } from './watch/status-words.ts';
export type { DeleteOrder, DriftDeps, EndingResource, Inventory, StackDrift };

// What reads templates brings a YAML parser with it, so it is loaded on use: a command that only reads a
// stack's outputs starts without it.

/** See `deployStack` in deploy.ts. */
export async function deployStack(deps: StackDeps, spec: StackSpec): Promise<StackResult> {
  const { deployStack: deploy } = await import('./change/deploy.ts');
  return lookedInto(deps, deploy(deps, spec));
}

/** See `attachTo` in watch/attach.ts. */
export function attachTo(deps: WatchDeps, order: WatchOrder, state: StackState): Promise<Attached> {
  return lookedInto(deps, attach(deps, order, state));
}

/** See `cancelStack` in watch/cancel.ts. */
export function cancelStack(
  deps: WatchDeps,
  order: WatchOrder & { readonly project: string },
  agreed: Exclude<Cancellation['do'], 'nothing'>,
): Promise<Cancelled> {
  return lookedInto(deps, cancel(deps, order, agreed));
}

/** A failure of a stack leaves with what AWS keeps beside its events. */
async function lookedInto<T>(deps: WatchDeps, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof StackFailure) || deps.signal?.aborted) throw error;
    const { explainFurther } = await import('./diagnosis/further.ts');
    throw await explainFurther(deps, error);
  }
}

/** See `planStack` in plan.ts. Makes no call that changes anything. */
export async function planStack(
  deps: Pick<StackDeps, 'port' | 'clock' | 'weigh'>,
  spec: StackSpec,
  unknown: readonly string[] = [],
): Promise<StackPlan> {
  return (await import('./change/plan.ts')).planStack(deps, spec, unknown);
}

/** See `readInventory` in inventory.ts. Calls nothing. */
export async function readInventory(order: InventoryOrder): Promise<Inventory> {
  return (await import('./inventory.ts')).readInventory(order);
}

/** See `diffStack` in diff/diff.ts: also for the text of an earlier deploy. Changes nothing that lasts. */
export async function diffStack(deps: StackDeps, order: DiffOrder): Promise<StackDiff> {
  return (await import('./diff/diff.ts')).diffStack(deps, order);
}

/** See `diagnose` in diagnose.ts. Makes no call that changes anything. */
export async function diagnose(
  deps: DiagnoseDeps,
  order: Omit<WatchOrder, 'timeout'>,
): Promise<Diagnosis | undefined> {
  return (await import('./diagnosis/diagnose.ts')).diagnose(deps, order);
}

/** See `stackEnding` in ending.ts. Makes no call that changes anything. */
export async function stackEnding(
  port: Pick<StacksPort, 'resources' | 'template'>,
  state: Pick<StackState, 'stackId'>,
): Promise<EndingResource[]> {
  return (await import('./change/ending.ts')).stackEnding(port, state);
}

/** See `deleteStack` in delete.ts. */
export async function deleteStack(deps: StackDeps, order: DeleteOrder): Promise<'deleted' | 'unchanged'> {
  const { deleteStack: remove } = await import('./change/delete.ts');
  return lookedInto(deps, remove(deps, order));
}

/** See `deletable` in delete.ts. Makes no call that changes anything. */
export async function deletable(
  deps: StackDeps,
  order: Pick<DeleteOrder, 'part' | 'stackName' | 'project'>,
): Promise<StackState | undefined> {
  return (await import('./change/delete.ts')).deletable(deps, order);
}

/**
 * Reads a template and finds what can be found without AWS: syntax, names that do not exist, limits, local
 * paths that lead nowhere; and the same in the nested templates that it names on this machine, with the
 * parameters that they get.
 *
 * @throws UsageError with file, line and column.
 */
export async function checkTemplate(file: string): Promise<TemplateFacts> {
  const [{ loadTemplate }, { checkLocalPaths }] = await Promise.all([
    import('./template/load.ts'),
    import('./packaging/check.ts'),
  ]);
  const template = await loadTemplate(file);
  await checkLocalPaths(template);
  return template;
}

/** What a template says of itself, where no file has it. @throws UsageError with line and column */
export async function readTemplateText(name: string, text: string): Promise<TemplateFacts> {
  return (await import('./template/template.ts')).readTemplate(name, text);
}

/** A stack as it is: DescribeStacks. Undefined when there is none of that name. */
export async function readStack(port: StacksPort, stackName: string): Promise<StackState | undefined> {
  return port.stack(stackName);
}

/** See `detectDrift` in drift/detect.ts. Changes nothing. */
export async function detectDrift(deps: DriftDeps, order: DriftOrder): Promise<StackDrift[]> {
  return (await import('./drift/detect.ts')).detectDrift(deps, order);
}

/** See `readImports` in template/imports.ts. Calls nothing. */
export async function readImports(
  stacks: readonly ImportingStack[],
  region: string | undefined,
): Promise<StackImport[]> {
  return (await import('./template/imports.ts')).readImports(stacks, region);
}
