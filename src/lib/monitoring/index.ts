/** What runs, and how well: alarms, metrics, services, one verdict. */
export {
  actionWords,
  conditionWords,
  decidingDatapoints,
  figure,
  LONGEST_SILENCE,
  silenceWindow,
  whyWords,
} from './alarm-words.ts';
export { backupFindings } from './backup-age.ts';
export { agentMeasures, goesByName, type Measure, measuresOf, type Unit } from './catalogue.ts';
export { metricWindow, seriesWords, sparkline, valueWords } from './chart.ts';
export {
  alarmFinding,
  certificateFinding,
  diskFindings,
  type Finding,
  type Health,
  type HealthLimits,
  healthOf,
  healthWords,
  instanceFinding,
  serviceFinding,
} from './health.ts';
export { HOST_READING, type HostReading, hostReading } from './host-reading.ts';
export type {
  Alarm,
  AlarmStateName,
  AlarmsPort,
  Datapoint,
  HistoryItem,
  MetricName,
  MetricQuery,
  MetricsPort,
  MetricWindow,
  Silence,
  Target,
  TargetsPort,
} from './port.ts';
export { isWell, type ServiceState, serviceStateWords, servicesCommand, servicesOf } from './services.ts';
export { targetFindings } from './target-health.ts';
