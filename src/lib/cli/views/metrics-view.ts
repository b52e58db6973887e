import { Exit, type InfractlError } from '../../base/errors.ts';
import { age, bytes } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { HostMetrics, MetricsReport, Series, SubjectMetrics } from '../../desks/index.ts';
import { seriesWords, sparkline, valueWords } from '../../monitoring/index.ts';
import type { Ui } from '../terminal.ts';
import { harmless } from './harmless.ts';
import { pairs } from './table.ts';
import type { View } from './view.ts';

const iso = (ms: number) => new Date(ms).toISOString();
/** Room that a line leaves for its name and its words. */
const AROUND = 52;
const WIDEST = 60;

export function metricsView({ window, subjects, hosts, troubles }: MetricsReport): View {
  const failed = [...troubles, ...hosts.flatMap(({ error }) => (error ? [error] : []))];
  return {
    json: {
      from: iso(window.from),
      to: iso(window.to),
      periodSeconds: window.period / 1000,
      resources: subjects.map(({ kind, resource, series }) => ({
        kind,
        stack: resource.stack,
        resource: resource.logicalId,
        id: resource.physicalId,
        metrics: series.map(seriesJson),
      })),
      hosts: hosts.map(({ host, reading, error }) => ({
        host,
        ...(reading ?? {}),
        error: error ? { code: error.code, message: error.message } : null,
      })),
      failed: failed.map(({ code, message }) => ({ code, message })),
    },
    ...(failed.length > 0 ? { exit: Exit.partial } : {}),
    text: (ui) => {
      if (subjects.length + hosts.length === 0)
        return 'Nothing in the stacks of this environment has metrics here, and there are no hosts.';
      const head = ui.paint(
        'dim',
        `${localTime(iso(window.from), 'minutes')} to ${localTime(iso(window.to), 'minutes')}, a block is ${age(window.period)} or more`,
      );
      const charts = subjects.map((one) => subjectText(ui, one, window));
      const lines = hosts.map((one) => hostText(ui, one));
      const lost = troubles.map((one) => troubleText(ui, one)).join('\n');
      return [...(charts.length > 0 ? [head, ...charts] : []), ...lines, lost].filter(Boolean).join('\n\n');
    },
  };
}

/** What could not be asked, and what to do about it. */
function troubleText(ui: Ui, { message, why, suggestions }: InfractlError): string {
  const words = [`${ui.paint('red', '✗')} ${harmless(message)}`, ...(why ? [`  ${harmless(why)}`] : [])];
  return [...words, ...suggestions.map((line) => `  → ${line}`)].join('\n');
}

function seriesJson({ label, metric, statistic, unit, points }: Series) {
  return {
    name: label,
    namespace: metric.namespace,
    metric: metric.metric,
    dimensions: metric.dimensions,
    statistic,
    unit,
    newest: points.at(-1)?.value ?? null,
    datapoints: points.map(({ at, value }) => ({ at: iso(at), value })),
  };
}

function subjectText(
  ui: Ui,
  { kind, resource, series }: SubjectMetrics,
  window: MetricsReport['window'],
): string {
  const width = Math.max(8, Math.min(WIDEST, ui.columns - AROUND));
  const short = ui.columns < AROUND + 8;
  const rows = series.map(({ label, points, statistic, unit }): [string, string] => {
    const words = seriesWords(points, statistic, unit);
    if (points.length === 0) return [label, ui.paint('dim', words)];
    // A terminal of few columns has the number, which says more than a chart.
    if (short) return [label, words];
    return [label, `${ui.paint('cyan', sparkline(points, window, width))}  ${words}`];
  });
  const { stack, logicalId, physicalId } = resource;
  const title = `${ui.paint('bold', `${kind} ${logicalId}`)} ${ui.paint('dim', `${stack} · ${physicalId}`)}`;
  return `${title}\n${rowsOf(ui, rows)}`;
}

/** Charts are not wrapped: a line that is too long is better cut by the terminal than broken in two. */
function rowsOf(ui: Ui, rows: readonly (readonly [string, string])[]): string {
  return pairs({ ...ui, columns: Number.POSITIVE_INFINITY }, rows, '  ');
}

function hostText(ui: Ui, { host, reading, error }: HostMetrics): string {
  const title = ui.paint('bold', `host ${host}`);
  if (error) return `${title}\n  ${ui.paint('red', '✗')} ${harmless(error.message)}`;
  if (!reading) return `${title}\n  ${ui.paint('dim', 'no data: it did not answer as a Linux does')}`;
  const share = (used: number, total: number) =>
    `${total > 0 ? valueWords((used / total) * 100, 'percent') : '–'}  ${bytes(used)} of ${bytes(total)}`;
  return `${title} ${ui.paint('dim', `now, up ${age(reading.uptimeSeconds * 1000)}`)}\n${rowsOf(ui, [
    [
      'CPU',
      `${valueWords(reading.cpuPercent, 'percent')}  of ${reading.cores} cores, load ${reading.load.join(' ')}`,
    ],
    ['memory', share(reading.memory.used, reading.memory.total)],
    ...reading.disks.map(({ path, used, total }) => [`disk ${path}`, share(used, total)] as [string, string]),
  ])}`;
}
