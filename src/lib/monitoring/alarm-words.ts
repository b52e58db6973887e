import { listed, plural } from '../base/text.ts';
import type { Alarm, Datapoint } from './port.ts';

const COMPARISON: Readonly<Record<string, string>> = {
  GreaterThanThreshold: 'above',
  GreaterThanOrEqualToThreshold: 'at or above',
  LessThanThreshold: 'below',
  LessThanOrEqualToThreshold: 'at or below',
  GreaterThanUpperThreshold: 'above the expected band',
  LessThanLowerThreshold: 'below the expected band',
  LessThanLowerOrGreaterThanUpperThreshold: 'outside the expected band',
};

const STATISTIC: Readonly<Record<string, string>> = {
  Sum: 'the sum of',
  Average: 'the average of',
  Minimum: 'the lowest',
  Maximum: 'the highest',
  SampleCount: 'the number of',
};

const MISSING: Readonly<Record<string, string>> = {
  breaching: 'no data counts as too much',
  notBreaching: 'no data counts as good',
  ignore: 'without data it stays as it is',
};

/** A number as people read it: at most four digits that count. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}

/** A span of whole seconds, minutes, hours or days: `5 min`. */
function span(ms: number): string {
  const minutes = ms / 60_000;
  if (!Number.isInteger(minutes)) return `${ms / 1000} s`;
  if (minutes % 1440 === 0) return `${minutes / 1440} d`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`;
}

/** What an alarm is about: `the sum of Errors of shop-api`. */
export function subjectWords({ watched }: Alarm): string {
  if (watched.kind === 'rule') return watched.rule;
  if (watched.kind === 'expression') return watched.expression;
  const { statistic, metric } = watched;
  const whose = Object.values(metric.dimensions);
  const of = whose.length > 0 ? ` of ${listed(whose)}` : ` in ${metric.namespace}`;
  return `${STATISTIC[statistic] ?? statistic} ${metric.metric}${of}`;
}

/** When an alarm is set off: `the sum of Errors of shop-api above 10 in 5 min, 2 times in a row`. */
export function conditionWords(alarm: Alarm): string {
  const subject = subjectWords(alarm);
  if (alarm.watched.kind === 'rule') return subject;
  const { comparison = '', threshold, period, evaluations = 1, datapoints = evaluations, missing } = alarm;
  const limit = [
    COMPARISON[comparison] ?? comparison,
    ...(threshold === undefined ? [] : [figure(threshold)]),
  ]
    .filter(Boolean)
    .join(' ');
  const within = period === undefined ? '' : ` in ${span(period)}`;
  const times =
    evaluations === 1
      ? ''
      : datapoints === evaluations
        ? `, ${evaluations} times in a row`
        : `, ${datapoints} times of ${evaluations}`;
  const without = missing && MISSING[missing] ? `; ${MISSING[missing]}` : '';
  return `${subject} ${limit}${within}${times}${without}`;
}

interface ReasonData {
  readonly evaluatedDatapoints?: readonly { readonly timestamp?: string; readonly value?: number }[];
  readonly recentDatapoints?: readonly (number | null)[];
  readonly startDate?: string;
  readonly period?: number;
  readonly triggeringAlarms?: readonly { readonly arn?: string }[];
}

function reasonData(alarm: Alarm): ReasonData {
  try {
    return JSON.parse(alarm.reasonData ?? '{}') as ReasonData;
  } catch {
    return {};
  }
}

/** The datapoints that brought an alarm into its state, oldest first; none where AWS told none. */
export function decidingDatapoints(alarm: Alarm): Datapoint[] {
  const { evaluatedDatapoints = [], recentDatapoints = [], startDate, period = 0 } = reasonData(alarm);
  const told = evaluatedDatapoints.flatMap(({ timestamp, value }) => {
    const at = awsTime(timestamp ?? '');
    return value === undefined || Number.isNaN(at) ? [] : [{ at, value }];
  });
  if (told.length > 0) return told.sort((a, b) => a.at - b.at);
  const start = awsTime(startDate ?? '');
  if (Number.isNaN(start)) return [];
  return recentDatapoints.flatMap((value, index) =>
    typeof value === 'number' ? [{ at: start + index * period * 1000, value }] : [],
  );
}

/** The alarms that set off a composite one, by name. */
export function triggers(alarm: Alarm): string[] {
  return (reasonData(alarm).triggeringAlarms ?? []).flatMap(({ arn }) => {
    const name = /:alarm:(.+)$/.exec(arn ?? '')?.[1];
    return name ? [name] : [];
  });
}

/** AWS writes `2026-11-21T14:05:00.000+0000`, whose zone Date.parse does not take everywhere. */
function awsTime(text: string): number {
  return Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
}

/** Why an alarm is as it is, in few words. */
export function whyWords(alarm: Alarm): string {
  if (alarm.watched.kind === 'rule') {
    const by = triggers(alarm);
    return by.length > 0 ? `because of ${listed(by)}` : alarm.reason;
  }
  const points = decidingDatapoints(alarm);
  const { threshold } = alarm;
  if (points.length === 0) return alarm.reason;
  const values = points.slice(-5).map(({ value }) => figure(value));
  const limit = threshold === undefined ? '' : `, the limit is ${figure(threshold)}`;
  return `${plural(values.length, 'datapoint')}: ${values.join(', ')}${limit}`;
}

/** What an action does, as far as its ARN tells: `notifies alerts`, `stops i-0abc`. */
export function actionWords(arn: string): string {
  const ec2 = /^arn:[^:]+:automate:[^:]*:ec2:(\w+)$/.exec(arn)?.[1];
  if (ec2) return `${ec2}s the instance`;
  const swf = /:action\/actions\/AWS_EC2\.InstanceId\.(\w+)\//.exec(arn)?.[1];
  if (swf) return `${swf.toLowerCase()}s the instance`;
  const [, , service, , , ...rest] = arn.split(':');
  const last = rest.at(-1) ?? arn;
  switch (service) {
    case 'sns':
      return `notifies ${last}`;
    case 'autoscaling':
      return `scales by the policy ${last.replace(/^policyName\//, '')}`;
    case 'lambda':
      return `invokes ${last}`;
    default:
      return arn;
  }
}

/** When a silence of so many milliseconds that is asked for now begins and ends: rules know whole minutes. */
export function silenceWindow(now: number, ms: number): { readonly from: number; readonly until: number } {
  const minute = 60_000;
  // A rule whose time is over before it reaches AWS would never begin.
  const from = Math.ceil((now + 5000) / minute) * minute;
  return { from, until: from + Math.max(1, Math.ceil(ms / minute)) * minute };
}

/** CloudWatch's own limit for one window, in milliseconds. */
export const LONGEST_SILENCE = 15 * 86_400_000;
