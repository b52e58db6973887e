import stringWidth from 'fast-string-width';
import type { Lead } from '../../base/led.ts';
import type { Chart } from '../../monitoring/dashboard/index.ts';
import type { MetricWindow } from '../../monitoring/index.ts';
import type { Paint } from '../terminal.ts';
import { cut } from '../views/table.ts';
import { pieces, wrapped } from '../views/wrap.ts';
import { chartTitle, plotLines, timeAxis } from './chart-lines.ts';
import { oneLine } from './one-line.ts';
import type { Row } from './panels.ts';
import { figuresOf } from './plot.ts';
import type { Overlay } from './screen-state.ts';

const HELP: readonly (readonly [string, string])[] = [
  ['↑ ↓ ← →', 'move among rows and charts, also j and k; PgUp, PgDn, Home, End in longer steps'],
  ['Tab', 'the next panel'],
  ['d, Enter', 'describe what is selected: all of it, and a chart in full size'],
  ['l', 'the logs of what is selected: the last 15 minutes, read anew every 10 s; l again: at once'],
  ['r', 'the next range of time: 1h, 3h, 12h, 1d, 7d'],
  ['/', 'show only what has these words; Esc ends it'],
  ['Ctrl-L', 'ask everything anew at once'],
  ['q', 'quit; Ctrl-C too, with exit code 130'],
  ['', ''],
  ['✓ ✗', 'good, bad'],
  ['~ ·', 'on its way, not meant to run'],
  ['?', 'could not be looked at: d says why'],
  ['', ''],
  ['', 'A time without data is empty in a chart: it is not zero.'],
];

export interface Selected {
  readonly row?: Row | undefined;
  readonly chart?: Chart | undefined;
  readonly window: MetricWindow;
  /** Leads what is advised to the place of this command. */
  readonly lead: Lead;
}

/** What is laid over the panels, in so many lines. */
export function overlayLines(
  paint: Paint,
  overlay: Overlay,
  selected: Selected,
  columns: number,
  room: number,
): string[] {
  if (overlay.kind === 'logs') return logLines(paint, overlay, columns, room, selected.lead);
  const lines =
    overlay.kind === 'help'
      ? [paint('bold', ' Keys'), '', ...pairLines(paint, HELP, columns)]
      : selected.chart
        ? chartPage(paint, selected.chart, selected.window, columns, room)
        : rowPage(paint, selected.row, columns, selected.lead);
  const from = Math.max(0, Math.min(overlay.scroll, lines.length - room));
  return lines.slice(from, from + room);
}

function pairLines(paint: Paint, entries: readonly (readonly [string, string])[], columns: number): string[] {
  const width = Math.max(...entries.map(([name]) => stringWidth(name)));
  return entries.flatMap(([name, value]) => {
    const indent = width + 3;
    const gap = ' '.repeat(width - stringWidth(name));
    return ` ${paint('cyan', name)}${gap}  ${wrapped(value, columns - indent - 1, indent)}`
      .split('\n')
      .map((line, at) => (at === 0 ? line : cut(line, columns)));
  });
}

function rowPage(paint: Paint, row: Row | undefined, columns: number, lead: Lead): string[] {
  if (!row) return [paint('dim', ' Nothing is selected.')];
  const logs = row.logs ? ([['logs', `infractl logs ${row.logs}`]] as const) : [];
  return [
    paint('bold', ` ${cut(row.name, columns - 2)}`),
    '',
    ...pairLines(
      paint,
      [...row.more, ...logs].map(([title, value]) => [title, lead(value)] as const),
      columns,
    ),
  ];
}

function chartPage(
  paint: Paint,
  chart: Chart,
  window: MetricWindow,
  columns: number,
  room: number,
): string[] {
  const figures = figuresOf(chart);
  const { kind, resource, stack, statistic, unit, points } = chart;
  const facts = pairLines(
    paint,
    [
      ['of', `${kind} ${oneLine(resource)}${stack ? `, stack ${stack}` : ''}`],
      ['what', `${statistic} in ${unit}, ${points.length} datapoints`],
      [
        'figures',
        figures ? `newest ${figures.last}, smallest ${figures.min}, largest ${figures.max}` : 'no data',
      ],
    ],
    columns,
  );
  const height = Math.max(4, room - facts.length - 4);
  return [
    paint('bold', ` ${cut(chartTitle(chart), columns - 2)}`),
    '',
    ...plotLines(paint, chart, window, columns - 1, height),
    paint('dim', timeAxis(window, columns - 1)),
    '',
    ...facts,
  ];
}

function logLines(
  paint: Paint,
  { name, lines, trouble, scroll }: Extract<Overlay, { kind: 'logs' }>,
  columns: number,
  room: number,
  lead: Lead,
): string[] {
  const head = paint(
    'bold',
    cut(` Logs${name === '' ? '' : ` of ${name}, the last 15 minutes`}`, columns - 1),
  );
  const note =
    trouble ?? (lines === undefined ? 'reading…' : lines.length === 0 ? 'nothing was logged' : undefined);
  if (note !== undefined || !lines) return [head, '', paint('dim', ` ${cut(note ?? '', columns - 2)}`)];
  const height = room - 3;
  const rows = lines.flatMap(({ text, style }) =>
    pieces(text, columns - 2).map((piece) => (style ? paint(style, piece) : piece)),
  );
  const end = rows.length - Math.max(0, Math.min(scroll, rows.length - height));
  const more =
    name === ''
      ? ''
      : paint('dim', cut(lead(` All of it, as it comes: infractl logs ${name} --follow`), columns - 1));
  const some = rows.slice(Math.max(0, end - height), end).map((line) => ` ${line}`);
  return [head, '', ...some, ...new Array<string>(Math.max(0, height - some.length)).fill(''), more];
}
