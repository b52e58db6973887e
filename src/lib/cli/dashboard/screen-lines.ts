import stringWidth from 'fast-string-width';
import type { Lead } from '../../base/led.ts';
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
import { wrapped } from '../views/wrap.ts';
import { chartArea, columnsOf } from './chart-area.ts';
import { chartTitle } from './chart-lines.ts';
import { overlayLines } from './overlay-lines.ts';
import { panelLines } from './panel-lines.ts';
import { panelsOf } from './panels.ts';
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
  /** Leads what is advised to the place of this command. */
  readonly lead: Lead;
}

/** A frame: a header, the panels beside the charts, a footer. Pure. */
export function frameOf({ picture, state, size, paint, lead }: FrameOrder): Frame {
  const panels = panelsOf(picture);
  const charts = chartsOf(picture);
  const rows = shownRows(panels, state.filter);
  const wanted = charts.charts.filter((chart) => matches(state.filter, `${chart.kind} ${chartTitle(chart)}`));
  const fitting = wanted.filter(({ points }) => points.length > 0);
  const empty = wanted.filter(({ points }) => points.length === 0).map(chartTitle);
  const hasCharts = picture.panels.metrics !== undefined || charts.charts.length > 0;
  const leftWidth = hasCharts ? Math.max(44, Math.min(76, Math.floor(size.columns * 0.44))) : size.columns;
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
    return { ...base, ...tooSmall(paint, picture, size, lead), leftWidth: size.columns, rightWidth: 0 };
  if (state.overlay) {
    const chart = fitting[placeOf(fitting, state.chart)];
    const row = rows[placeOf(rows, state.row)]?.row;
    const selected = state.side === 'charts' ? { chart } : { row };
    const left = overlayLines(
      paint,
      state.overlay,
      { ...selected, window: charts.window, lead },
      size.columns,
      body,
    );
    return { ...base, left, right: [], leftWidth: size.columns, rightWidth: 0 };
  }
  const left = panelLines(paint, panels, state, rows, { width: leftWidth, room: body });
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
  const told = Object.values(picture.panels).map(
    ({ at, trouble }) => at !== undefined || trouble !== undefined,
  );
  const nothing = things.every(
    ({ kind, mood }) => kind === 'deploy' || (kind === 'panel' && mood === 'good'),
  );
  // As long as some have not answered, nobody knows that there is nothing.
  const seen = nothing ? told.every(Boolean) : told.some(Boolean);
  const verdict = verdictOf(things);
  const style: Style =
    verdict === 'unhealthy' ? 'red' : verdict === 'unknown' ? 'yellow' : nothing ? 'dim' : 'green';
  const sign = verdict === 'unhealthy' ? '✗' : verdict === 'unknown' ? '?' : nothing ? '·' : '✓';
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

const OVERLAY_KEYS: readonly (readonly [string, string])[] = [
  ['↑↓', 'scroll'],
  ['l', 'logs'],
  ['Esc', 'back'],
  ['q', 'back'],
];
const PANEL_KEYS: readonly (readonly [string, string])[] = [
  ['←↑↓→ Tab', 'move'],
  ['d', 'describe'],
  ['l', 'logs'],
  ['r', 'range'],
  ['/', 'filter'],
  ['?', 'help'],
  ['q', 'quit'],
];

function footerOf(paint: Paint, { typing, filter, overlay }: ScreenState, columns: number): string {
  if (typing) return `${paint('bold', ` /${filter}`)}▏${paint('dim', ' Enter keeps it, Esc takes it away')}`;
  const kept = cut(filter === '' ? '' : ` filter: ${filter} (Esc ends it)  `, columns);
  let room = columns - stringWidth(kept);
  const keys = (overlay ? OVERLAY_KEYS : PANEL_KEYS).map(([key, words]) => {
    room -= stringWidth(`${key} ${words}`) + 3;
    return room < -2 ? '' : ` ${paint('bold', key)} ${paint('dim', words)}  `;
  });
  return `${paint('bold', kept)}${keys.join('').trimEnd()}`;
}

function tooSmall(
  paint: Paint,
  picture: Picture,
  { columns, rows }: Size,
  lead: Lead,
): Pick<Frame, 'left' | 'right'> {
  const lines = (text: string) => wrapped(text, columns, 0).split('\n');
  // How it is comes first: of a window of few lines it may be all that is seen.
  const words = [
    ...lines(`${picture.place.project} ${picture.place.environment}: ${verdictWords(thingsOf(picture))}`),
    '',
    ...lines('The dashboard needs 80 columns and 24 rows.').map((line) => paint('bold', line)),
    ...lines(`Here are ${columns} and ${rows + 1}: make the window larger,`),
    ...lines(`or: ${lead('infractl monitoring dashboard')} | less`),
  ];
  return { left: words.slice(0, Math.max(1, rows - 2)), right: [] };
}
