/** Backups of EBS volumes and RDS instances. What is heavy is loaded on use. */
export { type AutoOptions, type AutoResult, autoRun } from './auto.ts';
export { subjectOf } from './catalogue.ts';
export { type Cleanup, carryOut, type Deleted, deletionFailed, planCleanup } from './cleanup.ts';
export { type CreatedBackup, type CreateOptions, createBackups } from './create.ts';
export type { BackupDeps, Plan, Wanted } from './deps.ts';
export { judge, type Verdict } from './judge.ts';
export { withBackupLock } from './lock.ts';
export { lookUp, storesOf } from './look.ts';
export { policyWords } from './retention.ts';
export { type Backup, type Snapshot, TAG } from './types.ts';
