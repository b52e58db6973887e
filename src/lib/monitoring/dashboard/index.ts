/** One picture of all that runs, watched: what it holds, how it is kept fresh, and what changes in it. */
export { blindness, isHopeless } from './blind.ts';
export { type Change, changesBetween } from './changes.ts';
export {
  type ChartSubject,
  type Charts,
  chartsOf,
  isQuiet,
  metricChart,
  topicOf,
  withReading,
} from './charts.ts';
export { costOf } from './cost.ts';
export { withGone } from './gone.ts';
export {
  type AlarmLine,
  type Answers,
  type BackupLine,
  type BilledLine,
  type Chart,
  type CostLine,
  type DeployLine,
  type EndpointLine,
  type HostLine,
  type InstanceLine,
  type Measured,
  type Mood,
  type Panels,
  type Picture,
  type Place,
  RANGE_NAMES,
  RANGES,
  type RangeName,
  rangeWindow,
  type ServiceLine,
  type SourceName,
  type Spent,
  type Told,
  type Topic,
  type Trouble,
} from './picture.ts';
export { Ledger } from './spent.ts';
export {
  alarmThing,
  backupThing,
  CERTIFICATE_DAYS,
  certificateThing,
  deployThing,
  endpointThing,
  hostThing,
  instanceThing,
  SOURCE_WORDS,
  serviceThing,
  type Thing,
  thingsOf,
  type Verdict,
  verdictOf,
  verdictWords,
} from './things.ts';
export { pauseAfter, troubleOf, troubleWord, withUnanswered } from './trouble.ts';
export { type Answer, type Source, type Sources, Watcher, type WatcherDeps } from './watcher.ts';
