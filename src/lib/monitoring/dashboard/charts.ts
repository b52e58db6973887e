import type { Measure } from '../catalogue.ts';
import type { Datapoint, MetricWindow } from '../port.ts';
import type { Chart, HostLine, Picture, Topic } from './picture.ts';
import { rangeWindow } from './picture.ts';

/** EC2 tells its metrics every five minutes unless detailed monitoring is paid for. */
const BASIC = 5 * 60_000;
/** Readings of a host that are kept, whatever their pace. */
const MOST_READINGS = 360;
/** Readings further apart than that have a gap between them. Milliseconds. */
const READING_GAP = 3 * 60_000;

const TOPICS: readonly (readonly [RegExp, Topic])[] = [
  [/^Errors$|5xx|HTTPCode.*5XX|StatusCheckFailed|UnHealthyHost|UserErrors|SystemErrors/i, 'errors'],
  [/Throttle/i, 'throttles'],
  [/^4xx$|HTTPCode.*4XX/i, 'errors'],
  [/^Invocations$|^Count$|RequestCount|^Requests$/i, 'requests'],
  [/Duration|Latency|ResponseTime/i, 'duration'],
  [/CPU/i, 'cpu'],
  [/mem_used|Memory/i, 'memory'],
  [/disk|used_percent|FreeStorage/i, 'disk'],
];
const ORDER: readonly Topic[] = [
  'errors',
  'throttles',
  'requests',
  'duration',
  'cpu',
  'memory',
  'disk',
  'other',
];

export function topicOf(metric: string): Topic {
  return TOPICS.find(([pattern]) => pattern.test(metric))?.[1] ?? 'other';
}

export interface ChartSubject {
  readonly kind: string;
  readonly name: string;
  readonly stack: string;
  readonly resource: string;
}

/** A chart of what CloudWatch has. */
export function metricChart(
  subject: ChartSubject,
  { label, metric, statistic, unit }: Measure,
  points: readonly Datapoint[],
  period: number,
): Chart {
  const sparse = metric.namespace === 'AWS/EC2' || metric.namespace === 'CWAgent';
  return {
    ...subject,
    id: `${subject.stack}/${subject.name} ${label}`,
    topic: topicOf(metric.metric),
    label,
    unit,
    statistic,
    points,
    cadence: sparse ? Math.max(period, BASIC) : period,
  };
}

/** One more reading of a host behind those before it. */
export function withReading(before: readonly Datapoint[], at: number, value: number): Datapoint[] {
  return [...before.slice(-(MOST_READINGS - 1)), { at, value }];
}

function hostCharts({ host, cpu, memory }: HostLine): Chart[] {
  const base = { kind: 'host', name: host, stack: null, resource: host, cadence: READING_GAP } as const;
  const chart = (topic: 'cpu' | 'memory', label: string, points: readonly Datapoint[]): Chart => ({
    ...base,
    id: `host ${host} ${label}`,
    topic,
    label,
    unit: 'percent',
    statistic: 'Average',
    points,
  });
  return cpu.length === 0 ? [] : [chart('cpu', 'CPU', cpu), chart('memory', 'memory', memory)];
}

export interface Charts {
  readonly window: MetricWindow;
  readonly charts: readonly Chart[];
}

/** Errors or throttles of which there were none: good to know, and nothing to look at. */
export function isQuiet({ topic, points }: Pick<Chart, 'topic' | 'points'>): boolean {
  return (topic === 'errors' || topic === 'throttles') && points.every(({ value }) => value === 0);
}

/** All charts of a picture over one window: by topic, those that say something first, those without data last. */
export function chartsOf({ panels, range, at }: Pick<Picture, 'panels' | 'range' | 'at'>): Charts {
  const { metrics, hosts } = panels;
  const window = metrics?.value?.window ?? rangeWindow(range, at);
  const inside = ({ at: time }: Datapoint) => time >= window.from;
  const own = (hosts?.value ?? [])
    .flatMap(hostCharts)
    .map((chart) => ({ ...chart, points: chart.points.filter(inside) }));
  // Readings are newer than the last whole period.
  const to = own.reduce((latest, { points }) => Math.max(latest, points.at(-1)?.at ?? 0), window.to);
  const all = [...(metrics?.value?.charts ?? []), ...own];
  const group = (chart: Chart) => (chart.points.length === 0 ? 2 : isQuiet(chart) ? 1 : 0);
  const rank = (chart: Chart) => group(chart) * ORDER.length + ORDER.indexOf(chart.topic);
  return { window: { ...window, to }, charts: all.toSorted((a, b) => rank(a) - rank(b)) };
}
