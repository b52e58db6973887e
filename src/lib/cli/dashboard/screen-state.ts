import { RANGE_NAMES, type RangeName } from '../../monitoring/dashboard/index.ts';
import type { Style } from '../terminal.ts';
import type { Panel, Row } from './panels.ts';

/** A line of a log, and what it is painted in. */
export interface LogLine {
  readonly text: string;
  readonly style?: Style | undefined;
}

/** What is laid over the panels. */
export type Overlay =
  | { readonly kind: 'help' | 'describe'; readonly scroll: number }
  | {
      readonly kind: 'logs';
      readonly name: string;
      /** Undefined while they are read. */
      readonly lines: readonly LogLine[] | undefined;
      readonly trouble: string | undefined;
      /** Lines up from the end. */
      readonly scroll: number;
    };

/** Where somebody is on the screen. */
export interface ScreenState {
  readonly side: 'rows' | 'charts';
  /** `panel/row`, and where it was: when it goes away its neighbour is selected. */
  readonly row: { readonly id: string; readonly index: number };
  readonly chart: { readonly id: string; readonly index: number };
  readonly filter: string;
  /** The filter is being typed. */
  readonly typing: boolean;
  readonly overlay: Overlay | undefined;
}

export const FIRST_STATE: ScreenState = {
  side: 'rows',
  row: { id: '', index: 0 },
  chart: { id: '', index: 0 },
  filter: '',
  typing: false,
  overlay: undefined,
};

/** What is on the screen, as far as keys need it. */
export interface Shown {
  readonly rows: readonly { readonly id: string; readonly panel: string; readonly row: Row }[];
  readonly charts: readonly { readonly id: string; readonly logs: string | undefined }[];
  /** Charts side by side. */
  readonly chartColumns: number;
  readonly range: RangeName;
  /** Lines that an overlay has. */
  readonly page: number;
}

export type Effect =
  | { readonly do: 'quit' | 'interrupt' | 'suspend' | 'refresh' }
  | { readonly do: 'range'; readonly range: RangeName }
  | { readonly do: 'logs'; readonly name: string };

/** A key as the terminal gives it. */
export interface Press {
  readonly input: string;
  readonly name?:
    | 'up'
    | 'down'
    | 'left'
    | 'right'
    | 'pageUp'
    | 'pageDown'
    | 'home'
    | 'end'
    | 'enter'
    | 'escape'
    | 'tab'
    | 'backtab'
    | 'backspace';
  readonly ctrl?: boolean;
}

export interface Pressed {
  readonly state: ScreenState;
  readonly effect?: Effect;
}

/** The rows that a filter leaves; headings of panels stay, so that nobody takes an empty panel for a missing one. */
export function shownRows(panels: readonly Panel[], filter: string): Shown['rows'] {
  return panels.flatMap((panel) =>
    panel.rows
      .filter((row) => matches(filter, `${panel.title} ${row.name} ${row.words}`))
      .map((row) => ({ id: `${panel.id}/${row.id}`, panel: panel.id, row })),
  );
}

export function matches(filter: string, text: string): boolean {
  const wanted = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return wanted.every((word) => text.toLowerCase().includes(word));
}

/** Where the selection is now: by its id, else in the place that it had. */
export function placeOf(list: readonly { readonly id: string }[], { id, index }: ScreenState['row']): number {
  const at = list.findIndex((one) => one.id === id);
  return at >= 0 ? at : Math.max(0, Math.min(index, list.length - 1));
}

/** What a key does. Pure. */
export function press(state: ScreenState, key: Press, shown: Shown): Pressed {
  if (key.ctrl && key.input === 'c') return { state, effect: { do: 'interrupt' } };
  if (key.ctrl && key.input === 'z') return { state, effect: { do: 'suspend' } };
  if (key.ctrl && key.input === 'l') return { state, effect: { do: 'refresh' } };
  if (key.ctrl) return { state };
  if (state.typing) return { state: typed(state, key) };
  const meant = { ...key, ...(key.name === undefined && ALIAS[key.input] ? { name: ALIAS[key.input] } : {}) };
  if (state.overlay) return inOverlay(state, state.overlay, meant, shown);
  return onPanels(state, meant, shown);
}

/** Keys that fingers know from less and vi. */
const ALIAS: Readonly<Record<string, NonNullable<Press['name']>>> = {
  j: 'down',
  k: 'up',
  g: 'home',
  G: 'end',
};

function typed(state: ScreenState, { input, name }: Press): ScreenState {
  if (name === 'enter') return { ...state, typing: false };
  if (name === 'escape') return { ...state, typing: false, filter: '' };
  if (name === 'backspace') return { ...state, filter: [...state.filter].slice(0, -1).join('') };
  const text = name === undefined ? [...input].filter((one) => one >= ' ' && one !== '\u007F').join('') : '';
  return { ...state, filter: state.filter + text };
}

const STEP: Readonly<Record<string, (page: number) => number>> = {
  up: () => -1,
  down: () => 1,
  pageUp: (page) => -page,
  pageDown: (page) => page,
  home: () => Number.NEGATIVE_INFINITY,
  end: () => Number.POSITIVE_INFINITY,
};

function inOverlay(state: ScreenState, overlay: Overlay, { input, name }: Press, shown: Shown): Pressed {
  if (
    name === 'escape' ||
    name === 'enter' ||
    name === 'left' ||
    input === 'q' ||
    input === '?' ||
    input === 'd'
  )
    return { state: { ...state, overlay: undefined } };
  if (input === 'l' && overlay.kind === 'logs') return { state, effect: { do: 'logs', name: overlay.name } };
  if (input === 'l') return logsOf({ ...state, overlay: undefined }, shown);
  if (input === 'r') return { state, effect: { do: 'range', range: nextRange(shown.range) } };
  const step = STEP[name ?? '']?.(shown.page);
  if (step === undefined) return { state };
  // A log is read from its end.
  const scroll = Math.max(0, overlay.scroll + (overlay.kind === 'logs' ? -step : step));
  return { state: { ...state, overlay: { ...overlay, scroll } } };
}

function onPanels(state: ScreenState, { input, name }: Press, shown: Shown): Pressed {
  switch (name ?? input) {
    case 'q':
      return { state, effect: { do: 'quit' } };
    case 'escape':
      return { state: { ...state, filter: '' } };
    case '/':
      return { state: { ...state, typing: true } };
    case '?':
      return { state: { ...state, overlay: { kind: 'help', scroll: 0 } } };
    case 'd':
    case 'enter':
      return { state: { ...state, overlay: { kind: 'describe', scroll: 0 } } };
    case 'l':
      return logsOf(state, shown);
    case 'r':
      return { state, effect: { do: 'range', range: nextRange(shown.range) } };
    case 'tab':
      return { state: nextPanel(state, shown, 1) };
    case 'backtab':
      return { state: nextPanel(state, shown, -1) };
    default:
      return {
        state: state.side === 'rows' ? amongRows(state, name, shown) : amongCharts(state, name, shown),
      };
  }
}

function nextRange(range: RangeName): RangeName {
  return RANGE_NAMES[(RANGE_NAMES.indexOf(range) + 1) % RANGE_NAMES.length] ?? range;
}

function logsOf(state: ScreenState, shown: Shown): Pressed {
  const name =
    state.side === 'rows'
      ? shown.rows[placeOf(shown.rows, state.row)]?.row.logs
      : shown.charts[placeOf(shown.charts, state.chart)]?.logs;
  const overlay = { kind: 'logs', name: name ?? '', lines: undefined, scroll: 0 } as const;
  if (name === undefined)
    return {
      state: { ...state, overlay: { ...overlay, trouble: 'What is selected has no logs of its own.' } },
    };
  return { state: { ...state, overlay: { ...overlay, trouble: undefined } }, effect: { do: 'logs', name } };
}

function atRow(state: ScreenState, shown: Shown, index: number): ScreenState {
  const at = Math.max(0, Math.min(index, shown.rows.length - 1));
  return { ...state, side: 'rows', row: { id: shown.rows[at]?.id ?? '', index: at } };
}

function atChart(state: ScreenState, shown: Shown, index: number): ScreenState {
  const at = Math.max(0, Math.min(index, shown.charts.length - 1));
  return { ...state, side: 'charts', chart: { id: shown.charts[at]?.id ?? '', index: at } };
}

function amongRows(state: ScreenState, name: Press['name'], shown: Shown): ScreenState {
  const at = placeOf(shown.rows, state.row);
  if (name === 'right' && shown.charts.length > 0)
    return atChart(state, shown, placeOf(shown.charts, state.chart));
  const step = STEP[name ?? '']?.(10);
  return step === undefined ? state : atRow(state, shown, at + step);
}

function amongCharts(state: ScreenState, name: Press['name'], shown: Shown): ScreenState {
  const { chartColumns: columns } = shown;
  const at = placeOf(shown.charts, state.chart);
  if (name === 'left')
    return at % columns === 0
      ? atRow(state, shown, placeOf(shown.rows, state.row))
      : atChart(state, shown, at - 1);
  if (name === 'right') return at % columns === columns - 1 ? state : atChart(state, shown, at + 1);
  const step = STEP[name ?? '']?.(3);
  if (step === undefined) return state;
  const to = at + step * columns;
  // Up and down stay in their column.
  return to < 0 && step === -1
    ? state
    : to >= shown.charts.length && step === 1
      ? state
      : atChart(state, shown, to);
}

/** The first row of the next panel; behind the last one are the charts. */
function nextPanel(state: ScreenState, shown: Shown, way: 1 | -1): ScreenState {
  const starts = shown.rows.flatMap(({ panel }, index) =>
    panel === shown.rows[index - 1]?.panel ? [] : [index],
  );
  const stops = [...starts.map((index) => () => atRow(state, shown, index))];
  if (shown.charts.length > 0) stops.push(() => atChart(state, shown, placeOf(shown.charts, state.chart)));
  const row = placeOf(shown.rows, state.row);
  const now = state.side === 'charts' ? starts.length : starts.findLastIndex((index) => index <= row);
  return stops[(now + way + stops.length) % Math.max(1, stops.length)]?.() ?? state;
}
