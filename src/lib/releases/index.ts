import type { RollDeps, RollOrder } from './roll.ts';
import type { RollMark } from './roll-mark.ts';

export { type AgentCall, type AgentEvent, callAgent } from './agent.ts';
export { baseOrder, deployOrder, type Parcel, type ReleaseValues } from './order.ts';
export { readMark } from './roll-mark.ts';

/** See `rollGroup` in roll.ts. */
export async function rollGroup<T>(deps: RollDeps, order: RollOrder<T>): Promise<ReadonlyMap<string, T>> {
  return (await import('./roll.ts')).rollGroup(deps, order);
}

/** See `recoverGroup` in roll.ts. */
export async function recoverGroup(
  deps: Pick<RollDeps, 'port' | 'clock'>,
  name: string,
): Promise<RollMark | undefined> {
  return (await import('./roll.ts')).recoverGroup(deps, name);
}
export type {
  Certificate,
  HttpsState,
  Planned,
  ReleaseEntry,
  ReleaseOutcome,
  ReleaseStatus,
  Unlocked,
} from './types.ts';
export { isRelease, newestCommit } from './types.ts';
