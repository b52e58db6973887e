import { bytes, duration } from '../base/text.ts';
import { figure } from './alarm-words.ts';
import type { Unit } from './catalogue.ts';
import type { Datapoint, MetricWindow } from './port.ts';

const BLOCKS = '▁▂▃▄▅▆▇█';
const MINUTE = 60_000;
const DAY = 86_400_000;
const PERIODS = [1, 5, 15, 60, 360, 1440].map((minutes) => minutes * MINUTE);
/** More datapoints than that are more than a line shows. */
const MOST_PERIODS = 60;

/**
 * The window of whole periods for a time: so many that a line shows them all, and as fine as CloudWatch still has
 * them (a minute for 15 days, five for 63, an hour for 455).
 */
export function metricWindow(from: number, to: number): MetricWindow {
  const age = to - from;
  const finest = age > 63 * DAY ? 60 * MINUTE : age > 15 * DAY ? 5 * MINUTE : MINUTE;
  const period =
    PERIODS.find((one) => one >= finest && age / one <= MOST_PERIODS) ??
    Math.ceil(age / MOST_PERIODS / DAY) * DAY;
  const start = Math.floor(from / period) * period;
  return { from: start, to: Math.max(start + period, Math.ceil(to / period) * period), period };
}

/**
 * A line of blocks: from the left, the window's start, to now. The lowest block is zero and the highest the
 * largest value; a time without data is empty. Where it is wider than `width`, neighbours go together, and the
 * largest of them is shown.
 */
export function sparkline(
  points: readonly Datapoint[],
  { from, to, period }: MetricWindow,
  width: number,
): string {
  const periods = Math.max(1, Math.round((to - from) / period));
  const cells = Math.max(1, Math.min(width, periods));
  const largest: (number | undefined)[] = new Array(cells).fill(undefined);
  for (const { at, value } of points) {
    const cell = Math.floor(((at - from) / (to - from)) * cells);
    if (cell < 0 || cell >= cells || !Number.isFinite(value)) continue;
    largest[cell] = Math.max(largest[cell] ?? Number.NEGATIVE_INFINITY, value);
  }
  const top = Math.max(0, ...largest.map((value) => value ?? 0));
  return largest
    .map((value) => {
      if (value === undefined) return ' ';
      const height = top === 0 ? 0 : Math.ceil((Math.max(0, value) / top) * (BLOCKS.length - 1));
      return BLOCKS[height] ?? ' ';
    })
    .join('');
}

/** A value with its unit: `12`, `340 ms`, `71 %`, `1.4 GiB`. */
export function valueWords(value: number, unit: Unit): string {
  switch (unit) {
    case 'ms':
      return duration(value);
    case 'seconds':
      return duration(value * 1000);
    case 'percent':
      return `${figure(Number(value.toFixed(1)))} %`;
    case 'bytes':
      return bytes(Math.round(value));
    default:
      return figure(value);
  }
}

/** What a series comes to: of counts their sum, of others the newest; and the largest. */
export function seriesWords(points: readonly Datapoint[], statistic: string, unit: Unit): string {
  const last = points.at(-1);
  if (!last) return 'no data';
  const values = points.map(({ value }) => value);
  const most = valueWords(Math.max(...values), unit);
  if (statistic === 'Sum')
    return `${valueWords(
      values.reduce((a, b) => a + b, 0),
      unit,
    )}, at most ${most} at a time`;
  const newest = valueWords(last.value, unit);
  if (statistic === 'Minimum') return `${newest}, at least ${valueWords(Math.min(...values), unit)}`;
  return `${newest}, at most ${most}`;
}
