export { type FollowNews, followGroups, type LiveSource } from './follow.ts';
export { FOLLOW_REACH } from './followed.ts';
export { type InsightsPort, type InsightsQuery, type InsightsState, runQuery } from './insights.ts';
export { journalCommand, journalEvent } from './journal.ts';
export { Matches } from './matches.ts';
export { merged } from './merge.ts';
export type {
  LiveTailPort,
  LogEvent,
  LogPage,
  LogsPort,
  PageQuery,
  PeekPort,
} from './port.ts';
export { readGroup } from './read.ts';
export { pick, type Report, reportOf, type Shape, shapeOf } from './shape.ts';
export { groupsOf, named, type Source } from './sources.ts';
export { type LogStats, StatsCounter } from './stats.ts';
export { goesOn, together } from './together.ts';
export { type SourceTroubles, type Trouble, Troubles } from './troubles.ts';
