import { age } from '../../base/text.ts';
import type { Charts, Picture } from '../../monitoring/dashboard/index.ts';
import type { Paint } from '../terminal.ts';
import { cut } from '../views/table.ts';
import { wrapped } from '../views/wrap.ts';
import { chartLines, fitted, timeAxis } from './chart-lines.ts';
import { panelTitle } from './panel-title.ts';
import { placeOf, type ScreenState } from './screen-state.ts';

/** Columns and lines of one chart. */
const NARROWEST = 32;
const WIDEST = 72;
const LOWEST = 4;
const HIGHEST = 9;
/** Columns between two charts. */
const GAP = 2;

/** As few charts side by side as show all of them, none wider than the eye follows, none too narrow to be read. */
export function columnsOf(charts: number, width: number, body: number): number {
  const most = Math.max(1, Math.floor((width + GAP) / (NARROWEST + GAP)));
  const below = Math.max(1, Math.floor((body - 2) / LOWEST));
  const wanted = Math.max(Math.ceil(charts / below), Math.ceil(width / WIDEST));
  return Math.max(1, Math.min(most, charts, wanted));
}

export interface ChartRoom {
  readonly width: number;
  readonly body: number;
  /** Charts side by side. */
  readonly columns: number;
}

/**
 * Charts in rows and columns under one title, over one axis of time; the selected one is always in sight.
 *
 * @param empty the titles of those that have nothing to draw
 */
export function chartArea(
  paint: Paint,
  picture: Picture,
  { charts, window }: Charts,
  empty: readonly string[],
  state: ScreenState,
  room: ChartRoom,
): string[] {
  const { columns, body } = room;
  const rows = Math.ceil(charts.length / columns);
  const height = Math.max(LOWEST, Math.min(HIGHEST, Math.floor((body - 2) / Math.max(1, rows))));
  const fits = Math.max(1, Math.floor((body - 2) / height));
  const at = placeOf(charts, state.chart);
  const first = Math.max(0, Math.min(Math.floor(at / columns) - Math.floor(fits / 2), rows - fits));
  const active = state.side === 'charts';
  const hidden = Math.max(0, charts.length - fits * columns);
  const title = titleLine(paint, picture, charts.length, { active, width: room.width, hidden });
  if (charts.length === 0)
    return [title, ...nothing(paint, picture, empty, state.filter, { width: room.width, body: body - 1 })];
  const width = Math.floor((room.width - GAP * (columns - 1)) / columns);
  const lines = [title];
  for (let row = first; row < Math.min(rows, first + fits); row++) {
    const side = charts.slice(row * columns, (row + 1) * columns).map((chart, column) => {
      const selected = active && row * columns + column === at;
      return chartLines(paint, chart, window, { width, height, selected });
    });
    for (let line = 0; line < height; line++)
      lines.push(side.map((one) => one[line] ?? '').join(' '.repeat(GAP)));
  }
  const axis = fitted(timeAxis(window, width), width);
  const below = new Array<string>(Math.min(columns, charts.length)).fill(axis).join(' '.repeat(GAP));
  const left = body - lines.length - 1;
  return [...lines, paint('dim', below), ...emptyLines(paint, empty, room.width, left)];
}

function titleLine(
  paint: Paint,
  { panels: { metrics }, at }: Picture,
  charts: number,
  facts: Parameters<typeof panelTitle>[2],
): string {
  const { trouble, lost } = metrics ?? {};
  const word = trouble?.word ?? (lost ? 'not all of them' : undefined);
  const old = trouble && metrics?.at !== undefined ? `, ${age(at - metrics.at)} old` : '';
  const waits = metrics && metrics.at === undefined && !trouble;
  const count = facts.hidden > 0 ? String(charts) : `${charts} with data`;
  const badge = waits ? 'asking…' : word ? `${word}${old}` : count;
  return panelTitle(paint, { title: 'Metrics', badge, badgeMood: word ? 'unknown' : undefined }, facts);
}

function nothing(
  paint: Paint,
  picture: Picture,
  empty: readonly string[],
  filter: string,
  { width, body }: Pick<ChartRoom, 'width' | 'body'>,
): string[] {
  const { metrics } = picture.panels;
  if (metrics?.trouble) return [` ${paint('dim', cut(metrics.trouble.error.message, width - 2))}`];
  if (metrics && metrics.at === undefined) return [];
  return empty.length > 0
    ? emptyLines(paint, empty, width, body)
    : [` ${paint('dim', filter === '' ? 'nothing here has metrics' : 'nothing that fits the filter')}`];
}

/** What has no data is named, in at most so many lines, and takes no room of what has. */
function emptyLines(paint: Paint, empty: readonly string[], width: number, room: number): string[] {
  if (empty.length === 0 || room < 1) return [];
  const lines = wrapped(`no data: ${empty.join(', ')}`, width - 2, 0).split('\n');
  // A line between the axis and the words, where there is room for both.
  const gap = lines.length < room ? [''] : [];
  const last = lines.slice(room - 1).join(' ');
  const shown = lines.length > room ? [...lines.slice(0, room - 1), last] : lines;
  return [...gap, ...shown.map((line) => ` ${paint('dim', cut(line, width - 2))}`)];
}
