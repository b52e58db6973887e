/** Backups of EBS volumes and RDS instances. What is heavy is loaded on use. */
export { type AutoOptions, type AutoResult, autoRun, autoRuns } from './auto.ts';
export { subjectOf } from './catalogue.ts';
export { type Cleanup, carryOut, type Deleted, planCleanup } from './cleanup.ts';
export { type Costs, costsOf, type SnapshotCost } from './costs.ts';
export { type CreatedBackup, type CreateOptions, createAll } from './create.ts';
export { type DatabaseReach, type Endpoint, planDatabaseDrill } from './database-drill.ts';
export type { BackupDeps, Plan, Wanted } from './deps.ts';
export type { VerifyDeps } from './drill.ts';
export { judge, type Verdict } from './judge.ts';
export { withBackupLock } from './lock.ts';
export { findBackup, lookUp, storesOf } from './look.ts';
export { carryOutRestore } from './restore.ts';
export {
  planRestore,
  type Restored,
  type RestoreOrder,
  type RestorePlan,
  type RestoreTo,
} from './restore-plan.ts';
export { policyWords } from './retention.ts';
export { dlmTemplate } from './schedule/dlm.ts';
export { type Entry, type Moment, parseMoment } from './schedule/entry.ts';
export {
  chooseEngine,
  type Engine,
  examine,
  type Finding,
  install,
  type ScheduleState,
  scheduleState,
  tryEntry,
  uninstall,
} from './schedule/schedule.ts';
export { sweep } from './sweep.ts';
export { type Backup, type Snapshot, TAG } from './types.ts';
export { drillHost, type Verified, verifyBackup } from './verify.ts';
