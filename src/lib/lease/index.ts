export { Lease, type LeaseDeps, type LeaseOptions, type LeaseStore } from './lease.ts';
export type { LeaseOwner, LeaseRecord } from './record.ts';
export { breakLease, type LeaseState, readLease } from './unlock.ts';
export type { LeaseScope } from './words.ts';
