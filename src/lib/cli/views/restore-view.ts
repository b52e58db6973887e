import type { Restored, RestorePlan } from '../../backups/index.ts';
import type { Ui } from '../terminal.ts';
import { table } from './table.ts';
import { localTime } from './times.ts';
import type { Price } from './verify-view.ts';
import type { View } from './view.ts';

/** What will be done, how long it takes, what it costs: said before it is done. */
export function restoreLines(
  plan: RestorePlan,
  price: Price,
  account: string,
  ui: Pick<Ui, 'paint'>,
): string {
  const { backup } = plan.order;
  return [
    `${ui.paint('bold', backup.id)} of ${backup.subject}, taken ${localTime(new Date(backup.at).toISOString(), 'minutes')}, in account ${account}:`,
    ...plan.steps.map((step) => `  ${ui.paint('yellow', '+')} ${step}`),
    `  It takes ${plan.howLong}.`,
    `  It costs ${costWords(plan, price)}.`,
  ].join('\n');
}

function monthly({ adds }: RestorePlan, { usd }: Price): number | null {
  return usd !== undefined && adds.kind === 'volume' ? Math.round(adds.gib * usd * 100) / 100 : null;
}

function costWords(plan: RestorePlan, price: Price): string {
  const cost = monthly(plan, price);
  if (plan.adds.kind === 'database') return 'as much as the instance that it is like, while it runs';
  const gib = `${plan.adds.gib} GiB of volumes`;
  return cost === null
    ? `what ${gib} cost (not known here)`
    : `about $${cost.toFixed(2)} a month for ${gib} as gp3 (${price.note})`;
}

export function restorePlanView(plan: RestorePlan, price: Price, lines: string): View {
  return {
    json: { ...planJson(plan, price), dryRun: true, made: [], kept: [], wayBack: [] },
    text: () => `${lines}\n\nA dry run: nothing was changed.`,
  };
}

function planJson(plan: RestorePlan, price: Price) {
  const { backup, to } = plan.order;
  return {
    backup: backup.id,
    subject: backup.subject,
    to,
    steps: plan.steps,
    howLong: plan.howLong,
    costPerMonth: monthly(plan, price),
    confirm: plan.confirm ?? null,
  };
}

export function restoredView(plan: RestorePlan, price: Price, restored: Restored): View {
  return {
    json: { ...planJson(plan, price), dryRun: false, ...restored },
    text: (ui) => {
      const rows = restored.made.map(({ kind, id, detail }) => [kind, ui.paint('green', id), detail]);
      const lines = [table(ui, ['made', '', { title: '', wrap: true }], rows)];
      for (const thing of restored.kept) lines.push(`Kept: ${thing}.`);
      if (restored.wayBack.length > 0)
        lines.push('', 'The way back:', ...restored.wayBack.map((one) => `  ${one}`));
      return lines.join('\n');
    },
  };
}
