import stringWidth from 'fast-string-width';
import { type Chart, isQuiet, type Topic } from '../../monitoring/dashboard/index.ts';
import type { MetricWindow } from '../../monitoring/index.ts';
import type { Paint, Style } from '../terminal.ts';
import { cut } from '../views/table.ts';
import { oneLine } from './one-line.ts';
import { type Figures, figuresOf, plot, tick, topWords } from './plot.ts';

/** Columns of the axis before a plot, its line included. */
export const AXIS = 9;

const STYLE: Readonly<Record<Topic, Style>> = {
  errors: 'red',
  throttles: 'red',
  requests: 'cyan',
  duration: 'magenta',
  cpu: 'green',
  memory: 'green',
  disk: 'green',
  other: 'cyan',
};

/** A text in exactly so many columns. */
export function fitted(text: string, width: number): string {
  const short = cut(text, width);
  return short + ' '.repeat(Math.max(0, width - stringWidth(short)));
}

/** What a chart is of: `api errors`. */
export function chartTitle({ name, label }: Chart): string {
  return oneLine(`${name} ${label}`);
}

/** A title with the figures, and below it the plot with its axis: so many lines of so many columns. */
export function chartLines(
  paint: Paint,
  chart: Chart,
  window: MetricWindow,
  {
    width,
    height,
    selected,
  }: { readonly width: number; readonly height: number; readonly selected: boolean },
): string[] {
  const figures = figuresOf(chart);
  const name = `${selected ? '▸' : ' '}${chartTitle(chart)}`;
  const right = figures ? figureWords(figures, width - stringWidth(name)) : '  no data';
  const title = fitted(name, width - stringWidth(right));
  const head = selected ? paint('inverse', title + right) : paint('bold', title) + paint('dim', right);
  return [head, ...plotLines(paint, chart, window, width, height - 1)];
}

/** As much of the figures as there is room for; the newest always. */
function figureWords({ last, min, max }: Figures, room: number): string {
  if (min === max) return `  ${last}`;
  const forms = [
    `  last ${last}  min ${min}  max ${max}`,
    `  ${last} (${min} – ${max})`,
    `  ${last} (≤ ${max})`,
  ];
  return forms.find((form) => stringWidth(form) <= room) ?? `  ${last}`;
}

/** The plot alone, with its axis to the left. */
export function plotLines(
  paint: Paint,
  chart: Chart,
  window: MetricWindow,
  width: number,
  height: number,
): string[] {
  const room = width - AXIS;
  const drawn = plot(chart, window, room, height);
  const style = isQuiet(chart) ? 'dim' : STYLE[chart.topic];
  return drawn.map((line, row) => {
    const label =
      chart.points.length === 0 ? '' : row === 0 ? topWords(chart) : row === height - 1 ? '0' : '';
    const edge = label === '' ? '│' : '┤';
    return `${paint('dim', `${cut(label, AXIS - 2).padStart(AXIS - 2)} ${edge}`)}${paint(style, line)}`;
  });
}

/** The times of a window under a plot: its start, its middle, its end. */
export function timeAxis(window: MetricWindow, width: number): string {
  const room = width - AXIS;
  const [start, middle, end] = [window.from, (window.from + window.to) / 2, window.to].map((at) =>
    tick(at, window),
  );
  const [first = '', second = '', last = ''] = [start, middle, end];
  const gap = room - first.length - last.length;
  const before = Math.floor((gap - second.length) / 2);
  const between =
    before < 2
      ? ' '.repeat(Math.max(1, gap))
      : `${' '.repeat(before)}${second}${' '.repeat(gap - before - second.length)}`;
  return `${' '.repeat(AXIS)}${first}${between}${last}`;
}
