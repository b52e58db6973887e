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
export type {
  Alarm,
  AlarmStateName,
  AlarmsPort,
  Datapoint,
  HistoryItem,
  MetricQuery,
  MetricsPort,
  MetricWindow,
  Silence,
} from './port.ts';
