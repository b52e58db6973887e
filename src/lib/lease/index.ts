import { Lease, type LeaseDeps, type LeaseOptions } from './lease.ts';
import type { LeaseScope } from './words.ts';

export { Lease, type LeaseDeps, type LeaseOptions, type LeaseStore } from './lease.ts';
export type { LeaseOwner, LeaseRecord } from './record.ts';
export { breakLease, type LeaseState, readLease } from './unlock.ts';
export type { LeaseScope } from './words.ts';

/**
 * Does some work under the lock of an environment, and gives the lock back whatever happens.
 *
 * @param work calls `lease.hold()` before each thing that it changes; the lock is held when it begins
 * @throws InfractlError `Locked` (6) when somebody else holds it; what `work` throws
 */
export async function withLease<T>(
  deps: LeaseDeps,
  scope: LeaseScope & LeaseOptions,
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  const lease = new Lease(deps, scope, scope);
  try {
    await lease.hold();
    return await work(lease);
  } finally {
    await lease.release();
  }
}
