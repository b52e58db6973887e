import { Exit, type InfractlError } from '../../base/errors.ts';
import { age } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import {
  type Change,
  chartsOf,
  type Picture,
  type Thing,
  type Told,
  thingsOf,
  verdictOf,
  verdictWords,
} from '../../monitoring/dashboard/index.ts';
import { seriesWords, sparkline } from '../../monitoring/index.ts';
import { chartTitle } from '../dashboard/chart-lines.ts';
import { MOOD_STYLE, paintedMark } from '../dashboard/marks.ts';
import { oneLine } from '../dashboard/one-line.ts';
import { type Panel, panelsOf } from '../dashboard/panels.ts';
import type { Ui } from '../terminal.ts';
import { alarmStateJson } from './alarms-view.ts';
import { pairs } from './table.ts';
import type { View } from './view.ts';
import { wrapped } from './wrap.ts';

const iso = (ms: number) => new Date(ms).toISOString();
/** Columns of a sparkline, at most, and what it leaves for the name and the figures. */
const WIDEST = 60;
const AROUND = 60;

/** The whole picture once: exit 3 where something could not be looked at. */
export function dashboardView(picture: Picture): View {
  const troubled = thingsOf(picture).some(({ kind, mood }) => kind === 'panel' && mood === 'unknown');
  return {
    json: dashboardJson(picture),
    ...(troubled ? { exit: Exit.partial } : {}),
    text: (ui) => dashboardText(ui, picture),
  };
}

function dashboardText(ui: Ui, picture: Picture): string {
  const { place, at } = picture;
  const things = thingsOf(picture);
  const verdict = verdictOf(things);
  const style = verdict === 'unhealthy' ? 'red' : verdict === 'unknown' ? 'yellow' : 'green';
  const where = [place.region, place.profile, place.sandbox ? 'sandbox' : ''].filter(Boolean).join(', ');
  const head = `${ui.paint('bold', `${place.project} ${place.environment}`)} ${ui.paint('dim', `${where}, ${localTime(iso(at), 'minutes')}`)}  ${ui.paint(style, verdictWords(things))}`;
  return [head, ...panelsOf(picture).map((panel) => panelText(ui, panel)), chartsText(ui, picture)]
    .filter(Boolean)
    .join('\n\n');
}

function panelText(ui: Ui, { title, badge, badgeMood, rows }: Panel): string {
  const style = badgeMood ? MOOD_STYLE[badgeMood] : 'dim';
  const width = Math.min(40, Math.max(0, ...rows.map(({ name, words }) => (words === '' ? 0 : name.length))));
  const lines = rows.map(({ mood, name, words }) => {
    const text = words === '' ? name : `${name.padEnd(width)}  ${words}`;
    const indent = words === '' ? 4 : Math.min(width + 6, 30);
    return `  ${paintedMark(ui.paint, mood)} ${wrapped(text, ui.columns - 4, indent)}`;
  });
  const body = lines.length > 0 ? lines : [`    ${ui.paint('dim', 'none')}`];
  return [`${ui.paint('bold', title)}${badge === '' ? '' : ` ${ui.paint(style, badge)}`}`, ...body].join(
    '\n',
  );
}

function chartsText(ui: Ui, picture: Picture): string {
  const { charts, window } = chartsOf(picture);
  const told = picture.panels.metrics;
  const trouble = told?.trouble ?? undefined;
  const lost = told?.lost?.[0];
  const warning = trouble?.error ?? lost;
  if (charts.length === 0 && !warning) return '';
  const width = Math.max(8, Math.min(WIDEST, ui.columns - AROUND));
  const short = ui.columns < AROUND + 8;
  const rows = charts.map((chart): [string, string] => {
    const words = seriesWords(chart.points, chart.statistic, chart.unit);
    if (chart.points.length === 0 || short) return [chartTitle(chart), ui.paint('dim', words)];
    return [chartTitle(chart), `${ui.paint('cyan', sparkline(chart.points, window, width))}  ${words}`];
  });
  const time = `${localTime(iso(window.from), 'minutes')} to ${localTime(iso(window.to), 'minutes')}, a point is ${age(window.period)}`;
  return [
    `${ui.paint('bold', 'Metrics')} ${ui.paint('dim', time)}`,
    ...(warning ? [`  ${paintedMark(ui.paint, 'unknown')} ${warning.message}`] : []),
    // Charts are cut by the terminal rather than broken in two.
    ...(rows.length > 0 ? [pairs({ ...ui, columns: Number.POSITIVE_INFINITY }, rows, '  ')] : []),
  ].join('\n');
}

const errorJson = ({ code, message }: InfractlError) => ({ code, message });

/** What all panels have in common: when it was read, and what kept it from being read. */
function toldJson<T>(told: Told<T>, items: (value: T) => unknown) {
  return {
    at: told.at === undefined ? null : iso(told.at),
    error: told.trouble
      ? { ...errorJson(told.trouble.error), word: told.trouble.word, since: iso(told.trouble.since) }
      : null,
    lost: (told.lost ?? []).map(errorJson),
    items: told.value === undefined ? null : items(told.value),
  };
}

/** Everything that the screen shows, with times in ISO 8601 and durations in milliseconds. A panel that does not apply is null. */
export function dashboardJson(picture: Picture) {
  const { place, at, range, panels, cost, spent } = picture;
  const things = thingsOf(picture);
  const { charts, window } = chartsOf(picture);
  const { alarms, instances, hosts, services, endpoints, metrics, backups, deploy } = panels;
  return {
    ...place,
    at: iso(at),
    verdict: verdictOf(things),
    bad: things
      .filter(({ mood }) => mood === 'bad')
      .map(({ kind, name, state, words }) => ({ kind, name, state, words })),
    alarms: alarms
      ? toldJson(alarms, (lines) => lines.map(({ quiet, ...alarm }) => ({ ...alarmStateJson(alarm), quiet })))
      : null,
    instances: instances ? toldJson(instances, (lines) => lines) : null,
    hosts: hosts
      ? toldJson(hosts, (lines) =>
          lines.map(({ host, reading, error }) => ({
            host,
            ...(reading ?? {}),
            error: error ? errorJson(error) : null,
          })),
        )
      : null,
    services: services
      ? toldJson(services, (lines) =>
          lines.map(({ host, services: units, error }) => ({
            host,
            services: units,
            error: error ? errorJson(error) : null,
          })),
        )
      : null,
    endpoints: endpoints ? toldJson(endpoints, (lines) => lines) : null,
    metrics: metrics
      ? toldJson(metrics, () =>
          charts.map(({ points, id: _, cadence: __, ...facts }) => ({
            ...facts,
            datapoints: points.map((point) => ({ at: iso(point.at), value: point.value })),
          })),
        )
      : null,
    window: { range, from: iso(window.from), to: iso(window.to), periodSeconds: window.period / 1000 },
    backups: backups
      ? toldJson(backups, (lines) =>
          lines.map((line) => ({ ...line, at: line.at === null ? null : iso(line.at) })),
        )
      : null,
    deploy: deploy ? toldJson(deploy, (run) => (run ? { ...run, at: iso(run.at) } : null)) : null,
    cost,
    spent: {
      calls: spent.calls,
      metrics: spent.metrics,
      usd: spent.usd,
      usdADay: spent.usdADay,
      byAction: Object.fromEntries(spent.byAction),
    },
  };
}

/** `✗ alarm shop-errors: for 2 min: …`: how something is. */
export function thingText(
  ui: Ui,
  { kind, name, mood, words }: Pick<Thing, 'kind' | 'name' | 'mood' | 'words'>,
): string {
  return `${paintedMark(ui.paint, mood)} ${ui.paint('bold', oneLine(kind === 'panel' ? name : `${kind} ${name}`))}: ${oneLine(words)}`;
}

/** The same with what it was before: `✗ alarm shop-errors: OK → ALARM, for 0 s: …`. */
export function changeText(ui: Ui, { from, to, words, ...thing }: Change): string {
  const states = ['panel', 'deploy'].includes(thing.kind) ? '' : `${from ?? 'new'} → ${to ?? 'gone'}, `;
  return thingText(ui, { ...thing, words: `${states}${words}` });
}
