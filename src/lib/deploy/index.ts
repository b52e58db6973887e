/** Deploying and destroying a whole project: the one place where the capabilities are joined. */
import type { AwsSession } from '../aws/session.ts';
import type { DeskDeps } from '../desks/index.ts';
import type { JournalEntry } from '../journal/index.ts';
import type { Project } from '../project/model.ts';
import type { Destroy, DestroyOrder, DestroyResult } from './destroy.ts';
import type { Inventory } from './destroy-survey.ts';
import type { Differences, DifferencesOptions, PartDiff } from './differences.ts';
import type { DriftReport } from './drift.ts';
import type { HistoryQuery } from './history.ts';
import type { LockState } from './lock.ts';
import type { Prune, PruneOrder } from './prune/prune.ts';
import type { Rollback, RollbackOrder } from './rollback/rollback.ts';
import type {
  DeployDeps,
  DeployOptions,
  DeployResult,
  FileChange,
  MissingParameter,
  PartOutcome,
} from './types.ts';

export {
  type Cancelled,
  type Decision,
  type Diagnosis,
  MEANING,
  type StackOverview,
  type Stuck,
  stuckLines,
} from '../stacks/index.ts';
export { chooseParts, withTheirFunctions } from './choose.ts';
export type { LockState } from './lock.ts';
export { type Outputs, oneOutput, readOutputs } from './outputs.ts';
export type { PrunePlan, PruneResult } from './prune/prune.ts';
export type { Rollback, RollbackPlan } from './rollback/rollback.ts';
export type { PlannedPart } from './rollback/rollback-plan.ts';
export type {
  DeployDeps,
  DeployOptions,
  DeployResult,
  DestroyResult,
  Differences,
  DriftReport,
  FileChange,
  Inventory,
  MissingParameter,
  PartDiff,
  PartOutcome,
};

// What only reads outputs starts without what deploys.

/** See `deployProject` in deploy.ts. */
export async function deployProject(
  deps: DeployDeps,
  project: Project,
  options: DeployOptions,
): Promise<DeployResult> {
  return (await import('./deploy.ts')).deployProject(deps, project, options);
}

/** See `projectDifferences` in differences.ts. */
export async function projectDifferences(
  deps: DeployDeps,
  project: Project,
  options: DifferencesOptions,
): Promise<Differences> {
  return (await import('./differences.ts')).projectDifferences(deps, project, options);
}

/** One destroy: see destroy.ts. Nothing is asked of AWS yet. */
export async function openDestroy(deps: DeployDeps, project: Project, order: DestroyOrder): Promise<Destroy> {
  return new (await import('./destroy.ts')).Destroy(deps, project, order);
}

/** One rollback: see rollback/rollback.ts. Reads the journal; nothing is changed yet. */
export async function openRollback(
  deps: DeployDeps,
  project: Project,
  order: RollbackOrder,
): Promise<Rollback> {
  return (await import('./rollback/rollback.ts')).openRollback(deps, project, order);
}

/** See `readLock` in lock.ts. */
export async function readLock(session: AwsSession, project: Project): Promise<LockState> {
  return (await import('./lock.ts')).readLock(session, project);
}

/** See `breakLock` in lock.ts. */
export async function breakLock(
  session: AwsSession,
  project: Project,
  lock: Extract<LockState, { held: true }>,
): Promise<boolean> {
  return (await import('./lock.ts')).breakLock(session, project, lock);
}

/** What was deployed: see history.ts. */
export async function readHistory(
  session: AwsSession,
  project: Project,
  query: HistoryQuery,
): Promise<JournalEntry[]> {
  return (await import('./history.ts')).readHistory(session, project, query);
}

/** One clean-up: see prune/prune.ts. Nothing is asked of AWS yet. */
export async function openPrune(deps: DeployDeps, project: Project, order: PruneOrder): Promise<Prune> {
  return new (await import('./prune/prune.ts')).Prune(deps, project, order);
}

/** What was changed by hand: see `projectDrift` in drift.ts. */
export async function projectDrift(
  deps: DeskDeps,
  project: Project,
  names: readonly string[],
): Promise<DriftReport> {
  return (await import('./drift.ts')).projectDrift(deps, project, names);
}

/** See `checkAccount` in preflight.ts. */
export async function assertAccount(place: {
  readonly project: Project;
  readonly session: AwsSession;
}): Promise<void> {
  await (await import('./preflight.ts')).checkAccount(place);
}
