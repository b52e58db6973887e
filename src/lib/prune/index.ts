/** What may be cleared away, and what must not: pure decisions. The reading and deleting is in `lib/deploy/prune`. */
export { type Container, containerAsUser } from './containers.ts';
export { decide, isShared, namesIn } from './decide.ts';
export { type Keep, keptRuns, type Run, runAsUser } from './journal.ts';
export type { Item, ItemKind, Policy, User, Verdict } from './types.ts';
