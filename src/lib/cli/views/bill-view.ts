import { plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import { type BillReport, type Compared, money, moneyIn } from '../../costs/index.ts';
import type { Style, Ui } from '../terminal.ts';
import { table } from './table.ts';
import type { View } from './view.ts';
import { broken, wrapped } from './wrap.ts';

/** What AWS billed, and how far the estimate explains it. @param where the flags that lead there, each after a space */
export function billView(report: BillReport, by: 'service' | 'part', where: string): View {
  return {
    json: report,
    text: (ui) =>
      report.amounts.length === 0 ? nothingText(report, ui, where) : text(report, by, ui, where),
  };
}

function text(report: BillReport, by: 'service' | 'part', ui: Ui, where: string): string {
  const blocks = [billedText(report, by, ui), comparedText(report, ui)];
  const untagged = by === 'part' && report.amounts.some(({ part }) => part === '');
  const lines = [
    ...(untagged ? [`"-" carries no tag of a part.`] : []),
    askedWords(report),
    `What it should cost, line by line: infractl costs${where}`,
  ];
  return [...blocks, ui.paint('dim', broken(lines.join('\n'), ui.columns))].filter(Boolean).join('\n\n');
}

function billedText({ amounts, currency, to, from }: BillReport, by: 'service' | 'part', ui: Ui): string {
  const months = monthsBetween(from, to);
  const names = new Map<string, number>();
  for (const one of amounts) names.set(one[by], (names.get(one[by]) ?? 0) + one.amount);
  const sum = (month: string, name?: string) =>
    amounts
      .filter((one) => one.month === month && (name === undefined || one[by] === name))
      .reduce((total, { amount }) => total + amount, 0);
  const ordered = [...names].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const rows = [
    ...ordered.map((name) => [name || '-', ...months.map((month) => signed(sum(month, name), currency))]),
    ['total', ...months.map((month) => signed(sum(month), currency))],
  ];
  const running = to.slice(0, 7);
  const titles = months.map((month) => (month === running ? `${month} so far` : month));
  const widths = titles.map((title, at) =>
    Math.max(title.length, ...rows.map((cells) => cells[at + 1]?.length ?? 0)),
  );
  return table(
    ui,
    // The newest months first: those that do not fit are left out from the right.
    [
      { title: by, min: 10 },
      ...titles
        .map((title, at) => ({ title: title.padStart(widths[at] ?? 0), optional: at < titles.length - 1 }))
        .reverse(),
    ],
    rows.map(([name = '', ...cells]) => [
      name,
      ...cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).reverse(),
    ]),
  );
}

function signed(amount: number, currency = 'USD'): string {
  return `${amount < 0 ? '-' : ''}${moneyIn(currency, amount)}`;
}

function monthsBetween(from: string, to: string): string[] {
  const months: string[] = [];
  const day = new Date(`${from}T00:00:00Z`);
  while (day.toISOString().slice(0, 10) < to) {
    months.push(day.toISOString().slice(0, 7));
    day.setUTCMonth(day.getUTCMonth() + 1);
  }
  return months;
}

const STYLE: Readonly<Record<Compared['verdict'], Style>> = {
  'as estimated': 'green',
  more: 'red',
  less: 'yellow',
  'not estimated': 'yellow',
  'not billed': 'dim',
};

function comparedText({ compared, notCounted }: BillReport, ui: Ui): string {
  if (!compared) return '';
  const { month, passed, services } = compared;
  const running = passed < 1 ? `, counted up from ${Math.round(passed * 100)} % of it` : '';
  const lines = services.map(({ service, actual, estimate, verdict, why }) => {
    const expected = estimate
      ? `, ${money(estimate.typical)} estimated (${money(estimate.low)} to ${money(estimate.high)})`
      : '';
    const head = `${service}: ${signed(actual)}${expected}: `;
    return `  ${wrapped(`${head}${ui.paint(STYLE[verdict], verdict)}. ${why}`, ui.columns - 2, 4)}`;
  });
  const left =
    notCounted.length > 0
      ? [
          wrapped(
            `The estimate does not count ${plural(notCounted.length, 'thing')}: ${notCounted
              .map(({ resource }) => resource)
              .slice(0, 5)
              .join(', ')}.`,
            ui.columns,
            2,
          ),
        ]
      : [];
  return [ui.paint('bold', `${month} beside the estimate${running}`), ...lines, ...left].join('\n');
}

function nothingText(report: BillReport, ui: Ui, where: string): string {
  const { of, from, to, project, environment } = report;
  const what = of === 'tags' ? `with the tags of ${project} ${environment}` : 'in this account';
  const lines = [
    `Cost Explorer has nothing ${what} from ${from} to ${to}.`,
    ...(of === 'tags'
      ? [
          'AWS counts by tags only once they are activated for that, from that day on. In the management account:',
          ...['project', 'environment', 'part'].map(
            (tag) =>
              `  aws ce update-cost-allocation-tags-status --cost-allocation-tags-status TagKey=infractl:${tag},Status=Active`,
          ),
          `All of the account meanwhile: infractl costs actual --account${where}`,
        ]
      : []),
    askedWords(report),
  ];
  return broken(lines.join('\n'), ui.columns);
}

function askedWords({ askedAt, again, questions }: BillReport): string {
  const cost = `${plural(questions, 'question')} at $0.01`;
  const when = localTime(askedAt, 'minutes');
  return again
    ? `Asked at ${when} (${cost}), and kept for the day: this look was free.`
    : `Asked at ${when}: ${cost}. For the rest of the day (UTC) the same look is free.`;
}
