import { Exit } from '../../base/errors.ts';
import { age, plural } from '../../base/text.ts';
import { NOT_THERE, type QuickItem, type QuickVerdict, type StatusRow } from '../../instances/index.ts';
import type { Style, Ui } from '../terminal.ts';
import { usd } from './manage-plan-view.ts';
import { type Column, pairs, table } from './table.ts';
import type { View } from './view.ts';
import { broken } from './wrap.ts';

const STYLE: Record<StatusRow['mood'], Style> = { good: 'green', busy: 'yellow', bad: 'red', off: 'dim' };

const COLUMNS: readonly Column[] = [
  { title: 'name', min: 10 },
  { title: 'id' },
  { title: 'state' },
  { title: 'up', optional: true },
  { title: 'type', optional: true },
  { title: 'address', optional: true },
  { title: 'checks', optional: true },
  { title: 'health', min: 8 },
  { title: 'a month', optional: true },
  { title: '', wrap: true },
];

/** How targets are; one of them in full, several in a table. Exit 3 where one is not there. */
export function statusView(rows: readonly StatusRow[], priceNote: string): View {
  return {
    json: rows,
    ...(rows.some(({ state }) => state === NOT_THERE) ? { exit: Exit.partial } : {}),
    text: (ui) => {
      if (rows.length === 0) return 'The environment has no instance, no auto scaling group and no database.';
      const [only] = rows;
      const body = rows.length === 1 && only ? oneRow(ui, only) : manyRows(ui, rows);
      return [body, ...sumLines(ui, rows, priceNote)].join('\n');
    },
  };
}

function oneRow(ui: Ui, row: StatusRow): string {
  const entries: (readonly [string, string])[] = [
    [row.kind === 'instance' ? 'instance' : row.kind, row.name ? `${row.name} (${row.id})` : row.id],
    ['state', ui.paint(STYLE[row.mood], row.state) + (row.upMs === null ? '' : ` for ${age(row.upMs)}`)],
    ['type', [row.type, row.zone].filter(Boolean).join(' in ')],
    ['public', row.publicAddress ? `${row.publicAddress}${row.elastic ? ' (elastic IP)' : ''}` : ''],
    ['private', row.privateAddress ?? ''],
    ['checks', row.checks ?? ''],
    ['health', healthWords(row)],
    ['a month', costWords(row)],
    ['', row.detail ?? ''],
  ];
  return pairs(
    ui,
    entries.filter(([, value]) => value !== ''),
  );
}

function manyRows(ui: Ui, rows: readonly StatusRow[]): string {
  const remarks = rows.some(({ detail }) => detail);
  const named = rows.every(({ name }) => name) && new Set(rows.map(({ name }) => name)).size === rows.length;
  const columns = COLUMNS.map((column) => (column.title === 'id' ? { ...column, optional: named } : column));
  return table(
    ui,
    remarks ? columns : columns.slice(0, -1),
    rows.map((row) => [
      row.name ?? (row.kind === 'instance' ? '-' : row.kind),
      row.id,
      ui.paint(STYLE[row.mood], row.state),
      row.upMs === null ? '-' : age(row.upMs),
      row.type ?? '-',
      row.publicAddress ?? row.privateAddress ?? '-',
      row.checks ?? '-',
      healthWords(row) || '-',
      costWords(row) || '-',
      row.detail ?? '',
    ]),
  );
}

const healthWords = ({ health }: StatusRow) =>
  health ? (health.ok ? health.words : `bad: ${health.words}`) : '';

function costWords({ costUsdMonth, state }: StatusRow): string {
  if (costUsdMonth === null) return 'unknown';
  if (state === NOT_THERE) return '';
  return costUsdMonth === 0 && /^(stopped|at 0)$/.test(state) ? 'only disks' : usd(costUsdMonth);
}

function sumLines(ui: Ui, rows: readonly StatusRow[], priceNote: string): string[] {
  const known = rows.flatMap(({ costUsdMonth }) => costUsdMonth ?? []);
  const unknown = rows.length - known.length;
  const told = (words: string) => [ui.paint('dim', broken(words, ui.columns))];
  if (known.every((one) => one === 0)) return unknown > 0 ? told(`${priceNote}.`) : [];
  const sum = usd(known.reduce((total, one) => total + one, 0));
  const more = unknown > 0 ? ` and ${plural(unknown, 'unknown price')}` : '';
  const all = rows.length > 1 ? `${sum} a month in all${more}. ` : '';
  return told(`${all}${priceNote}. Without disks.`);
}

/** Verdicts; exit 8 when one is not good. */
export function quickView(verdicts: readonly QuickVerdict[]): View {
  const ok = verdicts.every((one) => one.ok);
  return {
    json: verdicts,
    text: (ui) =>
      verdicts.length === 0
        ? 'There is nothing to look at: infractl.yaml names no hosts, and no stack made an instance.'
        : verdicts.map((one) => verdictText(ui, one)).join('\n'),
    ...(ok ? {} : { exit: Exit.unhealthy }),
  };
}

function verdictText(ui: Ui, { name, id, ok, items, ms }: QuickVerdict): string {
  const head = `${ui.paint(ok ? 'green' : 'red', ok ? '✓' : '✗')} ${ui.paint('bold', name)}${id && id !== name ? ` (${id})` : ''} ${ok ? 'is reachable' : 'is not as it should be'} ${ui.paint('dim', `${(ms / 1000).toFixed(1)} s`)}`;
  return [
    head,
    pairs(
      ui,
      items.map((item) => [item.subject, itemWords(ui, item)]),
      '  ',
    ),
  ].join('\n');
}

const itemWords = (ui: Ui, { ok, optional, words }: QuickItem) =>
  ui.paint(ok ? 'green' : optional ? 'dim' : 'red', words);
