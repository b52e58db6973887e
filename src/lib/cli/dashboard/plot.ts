import type { Chart } from '../../monitoring/dashboard/index.ts';
import { type Datapoint, type MetricWindow, valueWords } from '../../monitoring/index.ts';

const BLOCKS = ' ▁▂▃▄▅▆▇█';
/** The dots of a braille character, from its left column to its right, from above to below. */
const DOTS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const;
const BRAILLE = 0x2800;

/** What a chart says in figures: the newest value, the smallest and the largest; undefined without data. */
export interface Figures {
  readonly last: string;
  readonly min: string;
  readonly max: string;
}

export function figuresOf({ points, unit }: Chart): Figures | undefined {
  const last = points.at(-1);
  if (!last) return undefined;
  const values = points.map(({ value }) => value);
  return {
    last: valueWords(last.value, unit),
    min: valueWords(Math.min(...values), unit),
    max: valueWords(Math.max(...values), unit),
  };
}

/** The top of the axis: a round figure that nothing is above. Percent that come near their end have 100. */
export function topOf({ points, unit }: Pick<Chart, 'points' | 'unit'>): number {
  const most = Math.max(0, ...points.map(({ value }) => value));
  if (unit === 'percent' && most > 50 && most <= 100) return 100;
  if (most === 0) return 1;
  const base = unit === 'bytes' ? 1024 ** Math.floor(Math.log(most) / Math.log(1024)) : 1;
  const power = 10 ** Math.floor(Math.log10(most / base));
  const step = [1, 2, 5, 10].find((one) => one * power >= most / base) ?? 10;
  return step * power * base;
}

/**
 * A plot of so many characters: bars for sums, an area of braille dots for what is measured all the time: a line of
 * single dots is hardly seen. A time without data is empty, and nothing leads over it.
 */
export function plot(chart: Chart, window: MetricWindow, width: number, height: number): string[] {
  return chart.statistic === 'Sum' ? bars(chart, window, width, height) : area(chart, window, width, height);
}

function bars({ points, unit }: Chart, window: MetricWindow, width: number, height: number): string[] {
  const top = topOf({ points, unit });
  const levels = largest(points, window, width).map((value) => {
    if (value === undefined) return 0;
    // Zero is seen: something was counted, and it was none.
    return value <= 0 ? 1 : Math.max(2, Math.round((value / top) * height * 8));
  });
  return Array.from({ length: height }, (_, row) => {
    const below = (height - 1 - row) * 8;
    return levels.map((level) => BLOCKS[Math.max(0, Math.min(8, level - below))] ?? ' ').join('');
  });
}

/** The largest value of each column; neighbours go together where there are more periods than columns. */
function largest(points: readonly Datapoint[], { from, to, period }: MetricWindow, width: number) {
  const columns: (number | undefined)[] = new Array(width).fill(undefined);
  const scale = width / (to - from);
  for (const { at, value } of points) {
    const start = Math.max(0, Math.floor((at - from) * scale));
    // Where a period is wider than a column it fills all that it lasts for.
    const end = Math.max(start + 1, Math.floor((at + period - from) * scale));
    for (let column = start; column < Math.min(end, width); column++)
      columns[column] = Math.max(columns[column] ?? Number.NEGATIVE_INFINITY, value);
  }
  return columns;
}

function area(
  { points, unit, cadence }: Chart,
  window: MetricWindow,
  width: number,
  height: number,
): string[] {
  const top = topOf({ points, unit });
  const cells = Array.from({ length: height }, () => new Array<number>(width).fill(0));
  const [wide, high] = [width * 2, height * 4];
  const place = ({ at, value }: Datapoint) => ({
    x: Math.round(((at - window.from) / (window.to - window.from)) * (wide - 1)),
    y: Math.round((1 - Math.max(0, value) / top) * (high - 1)),
  });
  const fill = (x: number, top: number) => {
    const column = Math.floor(x / 2);
    for (let y = top; y < high; y++) {
      const row = cells[Math.floor(y / 4)];
      if (row?.[column] !== undefined) row[column] |= DOTS[(x % 2) as 0 | 1][(y % 4) as 0 | 1 | 2 | 3];
    }
  };
  for (const [index, point] of points.entries()) {
    const to = place(point);
    const before = points[index - 1];
    // Half a period of jitter is no gap.
    const joined = before && point.at - before.at <= cadence * 1.5;
    const from = joined ? place(before) : to;
    const steps = Math.max(1, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
    for (let step = 0; step <= steps; step++)
      fill(
        Math.round(from.x + ((to.x - from.x) * step) / steps),
        Math.round(from.y + ((to.y - from.y) * step) / steps),
      );
  }
  return cells.map((row) => row.map((bits) => (bits ? String.fromCharCode(BRAILLE + bits) : ' ')).join(''));
}

/** The top of the axis in words: `100 %`, `2 s`, `5`. */
export function topWords(chart: Chart): string {
  return valueWords(topOf(chart), chart.unit);
}

/** `14:05`, and the day before it where the window is longer than one. */
export function tick(at: number, { from, to }: MetricWindow): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return to - from > 26 * 3_600_000 ? `${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}` : time;
}
