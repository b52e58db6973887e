import type { FleetPort } from '../hosts/index.ts';
import type { AgentAnswer, AgentsCall } from './agent-fleet.ts';
import type { GroupTemplate, RefreshDeps, Refreshed, RefreshOrder, RefreshPort } from './refresh.ts';
import type { RecoverDeps } from './roll-group.ts';
import type { RollMark } from './roll-mark.ts';
import type { RollDeps, RollOrder } from './roll-order.ts';

export { type AgentCall, type AgentEvent, callAgent } from './agent.ts';
export type { AgentAnswer, AgentsCall } from './agent-fleet.ts';
export { baseOrder, deployOrder, type Parcel, type ReleaseValues } from './order.ts';
export { readMark } from './roll-mark.ts';
export type { RollLimits } from './roll-order.ts';

/** See `rollGroup` in roll.ts. */
export async function rollGroup<T>(deps: RollDeps, order: RollOrder<T>): Promise<ReadonlyMap<string, T>> {
  return (await import('./roll.ts')).rollGroup(deps, order);
}

/** See `callAgents` in agent-fleet.ts. */
export async function callAgents(
  fleet: FleetPort,
  targets: Parameters<FleetPort['run']>[0],
  call: AgentsCall,
): Promise<AgentAnswer[]> {
  return (await import('./agent-fleet.ts')).callAgents(fleet, targets, call);
}

/** See `recoverGroup` in roll-group.ts. */
export async function recoverGroup(deps: RecoverDeps, name: string): Promise<RollMark | undefined> {
  return (await import('./roll-group.ts')).recoverGroup(deps, name);
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
