import stringWidth from 'fast-string-width';
import {
  type Chart,
  chartsOf,
  type Picture,
  RANGES,
  thingsOf,
  verdictOf,
  verdictWords,
} from '../../monitoring/dashboard/index.ts';
import type { Paint, Style } from '../terminal.ts';
import { cut } from '../views/table.ts';
import { chartArea, columnsOf } from './chart-area.ts';
import { chartTitle, fitted } from './chart-lines.ts';
import { paintedMark } from './marks.ts';
import { overlayLines } from './overlay-lines.ts';
import { panelTitle } from './panel-title.ts';
import { type Panel, panelsOf } from './panels.ts';
import { matches, placeOf, type ScreenState, type Shown, shownRows } from './screen-state.ts';

export interface Size {
  readonly columns: number;
  /** Of the frame: one less than the terminal has. */
  readonly rows: number;
}

/** Below that the frame says so instead of being a puzzle. */
export const LEAST: Size = { columns: 80, rows: 23 };

/** Everything that is drawn, ready for a frame of one size. */
export interface Frame {
  readonly header: string;
  readonly left: readonly string[];
  readonly right: readonly string[];
  readonly leftWidth: number;
  readonly rightWidth: number;
  readonly footer: string;
  /** What the keys work on. */
  readonly shown: Shown;
}

export interface FrameOrder {
  readonly picture: Picture;
  readonly state: ScreenState;
  readonly size: Size;
  readonly paint: Paint;
}

/** A frame: a header, the panels beside the charts, a footer. Pure. */
export function frameOf({ picture, state, size, paint }: FrameOrder): Frame {
  const panels = panelsOf(picture);
  const charts = chartsOf(picture);
  const rows = shownRows(panels, state.filter);
  const wanted = charts.charts.filter((chart) => matches(state.filter, `${chart.kind} ${chartTitle(chart)}`));
  const fitting = wanted.filter(({ points }) => points.length > 0);
  const empty = wanted.filter(({ points }) => points.length === 0).map(chartTitle);
  const hasCharts = picture.panels.metrics !== undefined || charts.charts.length > 0;
  const leftWidth = hasCharts ? Math.max(36, Math.min(76, Math.floor(size.columns * 0.44))) : size.columns;
  const rightWidth = hasCharts ? size.columns - leftWidth - 2 : 0;
  const body = size.rows - 2;
  const chartColumns = columnsOf(fitting.length, rightWidth, body);
  const shown: Shown = {
    rows,
    charts: fitting.map((chart) => ({ id: chart.id, logs: logsOfChart(chart) })),
    chartColumns,
    range: picture.range,
    page: body - 2,
  };
  const base = {
    header: headerOf(paint, picture, size.columns),
    footer: footerOf(paint, state, size.columns),
    shown,
  };
  if (size.columns < LEAST.columns || size.rows < LEAST.rows)
    return { ...base, ...tooSmall(paint, picture, size), leftWidth: size.columns, rightWidth: 0 };
  if (state.overlay) {
    const chart = fitting[placeOf(fitting, state.chart)];
    const row = rows[placeOf(rows, state.row)]?.row;
    const selected = state.side === 'charts' ? { chart } : { row };
    const left = overlayLines(
      paint,
      state.overlay,
      { ...selected, window: charts.window },
      size.columns,
      body,
    );
    return { ...base, left, right: [], leftWidth: size.columns, rightWidth: 0 };
  }
  const left = panelLines(paint, panels, state, rows, leftWidth, body);
  const found = { ...charts, charts: fitting };
  const right = hasCharts
    ? chartArea(paint, picture, found, empty, state, { width: rightWidth, columns: chartColumns, body })
    : [];
  return { ...base, left, right, leftWidth, rightWidth };
}

function logsOfChart({ kind, name, resource }: Chart): string | undefined {
  if (kind === 'host') return `host:${name}`;
  return kind === 'function' ? `/aws/lambda/${resource}` : undefined;
}

function headerOf(paint: Paint, picture: Picture, columns: number): string {
  const { place, range, at } = picture;
  const things = thingsOf(picture);
  const seen = Object.values(picture.panels).some((told) => told.at !== undefined || told.trouble);
  const verdict = verdictOf(things);
  const style: Style = verdict === 'unhealthy' ? 'red' : verdict === 'unknown' ? 'yellow' : 'green';
  const sign = verdict === 'unhealthy' ? '✗' : verdict === 'unknown' ? '?' : '✓';
  const words = seen ? `${sign} ${verdictWords(things)}` : 'asking…';
  const time = new Date(at).toTimeString().slice(0, 8);
  const right = `${range}, ${RANGES[range].period / 60_000} min a point  ${time} `;
  const where = [place.region, place.profile, place.sandbox ? 'sandbox' : ''].filter(Boolean).join(' · ');
  const name = ` ${place.project} ${place.environment} `;
  const room = columns - stringWidth(right) - stringWidth(name) - stringWidth(words) - 4;
  const middle = cut(where, Math.max(0, room));
  const gap = Math.max(
    1,
    columns - stringWidth(name) - stringWidth(middle) - stringWidth(words) - stringWidth(right) - 3,
  );
  return `${paint('inverse', name)} ${paint('dim', middle)}  ${paint(seen ? style : 'dim', words)}${' '.repeat(gap)}${paint('dim', right)}`;
}

function footerOf(paint: Paint, { typing, filter, overlay }: ScreenState, columns: number): string {
  if (typing) return `${paint('bold', ` /${filter}`)}▏${paint('dim', ' Enter keeps it, Esc takes it away')}`;
  const keys = overlay
    ? '↑↓ scroll   l logs   Esc back   q back'
    : '←↑↓→ Tab   d describe   l logs   r range   / filter   ? help   q quit';
  const kept = filter === '' ? '' : ` filter: ${filter} (Esc ends it)  `;
  return `${paint('bold', cut(kept, columns))}${paint('dim', cut(` ${keys}`, columns - stringWidth(kept)))}`;
}

function tooSmall(paint: Paint, picture: Picture, { columns, rows }: Size): Pick<Frame, 'left' | 'right'> {
  const words = [
    paint('bold', 'The dashboard needs 80 columns and 24 rows.'),
    `Here are ${columns} and ${rows + 1}: make the window larger,`,
    'or: infractl monitoring dashboard | less',
    '',
    `${picture.place.project} ${picture.place.environment}: ${verdictWords(thingsOf(picture))}`,
  ];
  return { left: words.slice(0, Math.max(1, rows - 2)), right: [] };
}

/** Panels below each other, each at least with its title and a row; what is left goes to those that want more. */
export function heightsOf(wanted: readonly number[], room: number): number[] {
  const heights = wanted.map((want) => Math.min(want, 2));
  // Where not even that fits, the last ones have a title alone, then nothing.
  for (const least of [1, 0]) {
    for (let at = heights.length - 1; at >= 0 && sum(heights) > room; at--)
      heights[at] = Math.min(heights[at] ?? 0, least);
  }
  for (let grown = true; grown && sum(heights) < room; ) {
    grown = false;
    for (const [at, want] of wanted.entries()) {
      if (sum(heights) >= room || (heights[at] ?? 0) >= want) continue;
      heights[at] = (heights[at] ?? 0) + 1;
      grown = true;
    }
  }
  return heights;
}

const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);

function panelLines(
  paint: Paint,
  panels: readonly Panel[],
  state: ScreenState,
  shown: Shown['rows'],
  width: number,
  room: number,
): string[] {
  const selected = shown[placeOf(shown, state.row)]?.id;
  const lists = panels.map((panel) => shown.filter((one) => one.panel === panel.id));
  // A line between two panels, where there is room for it.
  const heights = heightsOf(
    lists.map((list) => Math.max(1, list.length) + 2),
    room,
  );
  return panels.flatMap((panel, index) => {
    const list = lists[index] ?? [];
    const height = heights[index] ?? 0;
    if (height === 0) return [];
    const active = state.side === 'rows' && list.some(({ id }) => id === selected);
    const most = Math.min(height - 1, Math.max(1, list.length));
    const at = Math.max(
      0,
      list.findIndex(({ id }) => id === selected),
    );
    // The selection is always in sight.
    const from = Math.max(0, Math.min(at - Math.floor(most / 2), list.length - most));
    const hidden = list.length - most;
    const nameWidth = Math.min(
      Math.floor(width * 0.45),
      Math.max(0, ...list.map(({ row }) => (row.words === '' ? 0 : stringWidth(row.name)))),
    );
    const lines = list.slice(from, from + most).map(({ id, row }) => {
      const isSelected = id === selected && state.side === 'rows';
      const name = row.words === '' ? row.name : `${fitted(row.name, nameWidth)}  ${row.words}`;
      const text = fitted(name, width - 4);
      const gutter = isSelected ? '▸' : ' ';
      return isSelected
        ? `${gutter}${paintedMark(paint, row.mood)} ${paint('inverse', text)} `
        : `${gutter}${paintedMark(paint, row.mood)} ${text} `;
    });
    const empty = lines.length === 0 ? [paint('dim', `   ${emptyWords(panel, state.filter)}`)] : [];
    const whole = [
      panelTitle(paint, panel, { active, width, hidden }),
      ...(most > 0 ? [...lines, ...empty] : []),
    ];
    return [...whole, ...new Array<string>(Math.max(0, height - whole.length)).fill('')];
  });
}

const emptyWords = ({ badge, rows }: Panel, filter: string) =>
  badge === 'asking…' ? '' : filter !== '' && rows.length > 0 ? 'nothing that fits the filter' : 'none';
