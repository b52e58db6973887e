import type { Chart } from '../../monitoring/dashboard/index.ts';
import type { MetricWindow } from '../../monitoring/index.ts';
import { tick, topOf, topWords } from './plot.ts';

/** Drawing units of a plot; the page scales it. */
const WIDTH = 600;
const HEIGHT = 130;
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 8, 8, 22];

/** Text in a page: nothing in it is taken for markup, in content or in an attribute. */
export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A chart as SVG: bars for sums, a line for the rest, gaps where there is no data. */
export function svgChart(chart: Chart, window: MetricWindow, words: string): string {
  const top = topOf(chart);
  const x = (at: number) => LEFT + ((at - window.from) / (window.to - window.from)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - Math.max(0, value) / top) * (HEIGHT - TOP - BOTTOM);
  const zero = y(0);
  const grid = [0, top / 2, top].map((value) => rule(y(value)));
  const times = [window.from, (window.from + window.to) / 2, window.to].map((at, index) => {
    const anchor = ['start', 'middle', 'end'][index] ?? 'middle';
    return `<text x="${round(x(at))}" y="${HEIGHT - 6}" text-anchor="${anchor}">${escaped(tick(at, window))}</text>`;
  });
  const axis = `<text x="${LEFT - 6}" y="${TOP + 6}" text-anchor="end">${escaped(topWords(chart))}</text><text x="${LEFT - 6}" y="${round(zero)}" text-anchor="end">0</text>`;
  const data = chart.statistic === 'Sum' ? bars(chart, window, { x, y, zero }) : lines(chart, { x, y });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(words)}">${grid.join('')}${axis}${times.join('')}${data}</svg>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
const rule = (at: number) =>
  `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(at)}" y2="${round(at)}"/>`;

interface Scale {
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
}

function bars(
  { points, topic }: Chart,
  { to, period }: MetricWindow,
  { x, y, zero }: Scale & { readonly zero: number },
): string {
  return points
    .map(({ at, value }) => {
      const wide = Math.max(1, x(Math.min(at + period, to)) - x(at) - 0.6);
      // A line as thin as a hair: something was counted, and it was none.
      const high = Math.max(value === 0 ? 0.8 : 2, zero - y(value));
      return `<rect class="data ${topic}" x="${round(x(at))}" y="${round(zero - high)}" width="${round(wide)}" height="${round(high)}"/>`;
    })
    .join('');
}

function lines({ points, cadence, topic }: Chart, { x, y }: Scale): string {
  let path = '';
  let alone = '';
  for (const [index, { at, value }] of points.entries()) {
    const before = points[index - 1];
    const after = points[index + 1];
    const joined = before !== undefined && at - before.at <= cadence * 1.5;
    path += `${joined ? 'L' : 'M'}${round(x(at))} ${round(y(value))}`;
    if (!joined && !(after !== undefined && after.at - at <= cadence * 1.5))
      alone += `<circle class="data ${topic}" cx="${round(x(at))}" cy="${round(y(value))}" r="1.6"/>`;
  }
  return `<path class="line ${topic}" d="${path}"/>${alone}`;
}
