import { times } from '../range.ts';
import { type Charge, SERVICES } from '../types.ts';
import { at, type Entry, fixed, type Look, listOf, numberOf, rate, used } from './look.ts';

const { cloudWatch } = SERVICES;

/** How far CloudWatch packs what it keeps, as the examples on its page of prices count. */
const PACKED = 0.15;
/** Months that are counted of what is kept for ever. */
const FOR_EVER = 12;

export function ingested(look: Look, what = 'logs that go in'): Charge {
  return used(look, 'logs', what, [cloudWatch, rate('logs-ingested')]);
}

const logGroup: Entry = (look) => {
  const days = numberOf(look.properties.RetentionInDays);
  const months = days === undefined ? FOR_EVER : days / 30;
  const kept = times(look.usage('logs'), months * PACKED);
  const what = days === undefined ? 'logs kept, of a year' : `logs kept, ${days} days`;
  return [
    ingested(look),
    { what, service: cloudWatch, item: rate('logs-stored'), quantity: kept, on: ['logs'] },
  ];
};

const alarm: Entry = ({ properties }) => {
  const metrics = listOf(properties.Metrics).filter((one) => at(one, 'MetricStat') !== undefined);
  const fast = (numberOf(properties.Period) ?? 60) < 60;
  return [fixed('alarm', cloudWatch, rate(fast ? 'fast-alarms' : 'alarms'), Math.max(1, metrics.length))];
};

export const WATCHING: Readonly<Record<string, Entry>> = {
  'AWS::Logs::LogGroup': logGroup,
  'AWS::CloudWatch::Alarm': alarm,
  'AWS::CloudWatch::Dashboard': () => [fixed('dashboard', cloudWatch, rate('dashboards'))],
};
