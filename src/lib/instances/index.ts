/** Instances, auto scaling groups and databases: how they are, starting and stopping them until they serve. */
import type { Doing, Knowledge, PlannedAct, PlanOptions } from './plan.ts';
import type { ActOptions, ActResult, InstanceDeps, Target } from './types.ts';

export { type Absent, absentResult, absentRow, NOT_THERE, orAbsent } from './absent.ts';
export { checksAhead } from './ahead.ts';
export { remembered } from './groups.ts';
export type { DatabasesPort, GroupsPort, InstanceFacts, InstancesPort, ProbePort } from './port.ts';
export type { QuickItem, QuickSubject, QuickVerdict } from './quick.ts';
export { findTargets, INSTANCE_ID, isManaged, type KnownHost, type Wish } from './select.ts';
export { type StatusRow, statusOf } from './status.ts';
export {
  type ActOptions,
  type ActResult,
  type InstanceDeps,
  labelOf,
  nameOf,
  STAGES,
  type Stage,
  type StageTime,
  type Target,
  TIMEOUTS,
  type Timeouts,
} from './types.ts';
export type { Doing, Knowledge, PlannedAct, PlanOptions };

// What changes something, and what knocks at doors, is loaded on use: `manage status` starts without it.

/** See `planAct` in plan.ts. Changes nothing. */
export async function planAct(
  deps: InstanceDeps,
  doing: Doing,
  targets: readonly Target[],
  options: PlanOptions,
  knowledge: Knowledge,
): Promise<PlannedAct[]> {
  return (await import('./plan.ts')).planAct(deps, doing, targets, options, knowledge);
}

/** See `act` in act.ts. */
export async function act(
  deps: InstanceDeps,
  doing: Doing,
  plan: readonly PlannedAct[],
  options: ActOptions,
): Promise<ActResult[]> {
  return (await import('./act.ts')).act(deps, doing, plan, options);
}

/** See quick.ts. */
export function quick(): Promise<typeof import('./quick.ts')> {
  return import('./quick.ts');
}

/** The doors of this machine: see probe.ts. */
export async function systemProbe(): Promise<import('./port.ts').ProbePort> {
  return (await import('./probe.ts')).systemProbe;
}
