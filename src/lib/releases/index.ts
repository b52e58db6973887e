export { type AgentCall, type AgentEvent, callAgent } from './agent.ts';
export { baseOrder, deployOrder, type Parcel, type ReleaseValues } from './order.ts';
export type {
  Certificate,
  HttpsState,
  ReleaseEntry,
  ReleaseOutcome,
  ReleaseStatus,
  Unlocked,
} from './types.ts';
