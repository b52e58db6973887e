import type { Restored, RestorePlan } from '../../backups/index.ts';
import { localTime } from '../../base/times.ts';
import { HOURS, type PricedItem } from '../../prices/index.ts';
import { advised, type Ui } from '../terminal.ts';
import { table } from './table.ts';
import type { Price } from './verify-view.ts';
import type { View } from './view.ts';
import { broken } from './wrap.ts';

/** What will be done, how long it takes, what it costs: said before it is done. */
export function restoreLines(
  plan: RestorePlan,
  price: Price,
  account: string,
  ui: Pick<Ui, 'paint' | 'columns'>,
): string {
  const { backup } = plan.order;
  const lines = [
    `${ui.paint('bold', backup.id)} of ${backup.subject}, taken ${localTime(new Date(backup.at).toISOString(), 'minutes')}, in account ${account}:`,
    ...plan.steps.map((step) => `  ${ui.paint('yellow', '+')} ${step}`),
    `  It takes ${plan.howLong}.`,
    `  It costs ${costWords(plan, price)}.`,
  ];
  return broken(lines.join('\n'), ui.columns);
}

/** What is looked up for the cost of a restore: a GiB of gp3 and month, or an hour of the database. */
export function restoredItem({ adds }: RestorePlan): PricedItem | undefined {
  if (adds.kind === 'volume') return { kind: 'storage', of: 'gp3' };
  if (!adds.like) return undefined;
  const { className, engine, multiZone } = adds.like;
  return { kind: 'database', class: className, engine, multiZone };
}

function monthly({ adds }: RestorePlan, { usd }: Price): number | null {
  if (usd === undefined) return null;
  return Math.round((adds.kind === 'volume' ? adds.gib * usd : usd * HOURS) * 100) / 100;
}

function costWords(plan: RestorePlan, price: Price): string {
  const cost = monthly(plan, price);
  const { adds } = plan;
  if (adds.kind === 'database') {
    const what = `${adds.like?.className ?? 'the instance'} and ${adds.gib} GiB of storage`;
    return cost === null
      ? `what ${what} cost while it runs${adds.like ? `. ${price.note}` : ''}`
      : `about $${cost.toFixed(2)} a month while it runs, and ${adds.gib} GiB of storage (${price.note})`;
  }
  const gib = `${adds.gib} GiB of volumes`;
  return cost === null
    ? `what ${gib} cost. ${price.note}`
    : `about $${cost.toFixed(2)} a month for ${gib} as gp3 (${price.note})`;
}

export function restorePlanView(plan: RestorePlan, price: Price, lines: string): View {
  return {
    json: { ...planJson(plan, price), dryRun: true, made: [], kept: [], wayBack: [] },
    text: () => `${lines}\n\nA dry run: nothing was changed.`,
  };
}

function planJson(plan: RestorePlan, price: Price | undefined) {
  const { backup, to } = plan.order;
  return {
    backup: backup.id,
    subject: backup.subject,
    to,
    steps: plan.steps,
    howLong: plan.howLong,
    costPerMonth: price ? monthly(plan, price) : null,
    confirm: plan.confirm ?? null,
  };
}

export function restoredView(plan: RestorePlan, price: Price, restored: Restored): View {
  return {
    json: { ...planJson(plan, price), dryRun: false, ...restored },
    text: (ui) => {
      const rows = restored.made.map(({ kind, id, detail }) => [kind, ui.paint('green', id), detail]);
      return [table(ui, ['made', '', { title: '', wrap: true }], rows), ...keptLines(restored, ui)].join(
        '\n',
      );
    },
  };
}

/** What an earlier run has made, to its end. */
export function restoredBeforeView(plan: RestorePlan, already: Restored, dryRun: boolean): View {
  return {
    json: { ...planJson(plan, undefined), dryRun, ...already },
    text: (ui) => {
      const words = `Nothing to do. ${plan.steps.join(' ')} To replace it once more: --again`;
      return [broken(words, ui.columns), ...keptLines(already, ui)].join('\n');
    },
  };
}

const keptLines = ({ kept, wayBack }: Restored, ui: Ui) => [
  ...kept.map((thing) => `Kept: ${thing}.`),
  ...(wayBack.length > 0 ? ['', 'The way back:', ...wayBack.map((one) => `  ${advised(ui, one)}`)] : []),
];
