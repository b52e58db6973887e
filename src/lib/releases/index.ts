import type { GroupTemplate, RefreshDeps, Refreshed, RefreshOrder, RefreshPort } from './refresh.ts';
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

export type { GroupTemplate, Refresh, Refreshed, RefreshOrder, RefreshPort } from './refresh.ts';
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

/** See `refreshToNewest` in refresh.ts. */
export async function refreshToNewest(deps: RefreshDeps, order: RefreshOrder): Promise<Refreshed> {
  return (await import('./refresh.ts')).refreshToNewest(deps, order);
}

/** See `refreshBack` in refresh.ts. */
export async function refreshBack(
  deps: RefreshDeps,
  order: RefreshOrder,
  wanted: number | undefined,
): Promise<Refreshed> {
  return (await import('./refresh.ts')).refreshBack(deps, order, wanted);
}

/** See `planRefresh` in refresh.ts. */
export async function planRefresh(
  port: RefreshPort,
  group: string,
): Promise<GroupTemplate & { readonly changed: boolean }> {
  return (await import('./refresh.ts')).planRefresh(port, group);
}
