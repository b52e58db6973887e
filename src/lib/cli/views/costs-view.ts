import { listed, plural } from '../../base/text.ts';
import {
  type CostLine,
  type EnvironmentEstimate,
  money,
  type PartEstimate,
  type PriceSource,
} from '../../costs/index.ts';
import type { Range } from '../../project/model.ts';
import { advised, type Ui } from '../terminal.ts';
import { pairs, table } from './table.ts';
import type { View } from './view.ts';
import { broken, wrapped } from './wrap.ts';

/** What an environment should cost a month. */
export function estimateView(estimate: EnvironmentEstimate): View {
  return { json: jsonOf(estimate), text: (ui) => text(estimate, ui) };
}

function jsonOf(estimate: EnvironmentEstimate) {
  return {
    ...estimate,
    parts: estimate.parts.map((part) => ({
      ...part,
      lines: part.lines.map((line) => ({ ...line, price: priceJson(line.price) })),
    })),
  };
}

function priceJson(price: CostLine['price']) {
  if (!price) return null;
  const { readAt, ...rest } = price;
  return { ...rest, ...(readAt === undefined ? {} : { readAt: new Date(readAt).toISOString() }) };
}

function text(estimate: EnvironmentEstimate, ui: Ui): string {
  const { parts, month } = estimate;
  if (parts.length === 0) return 'The project has no stacks: nothing of it can be estimated.';
  const sources = new Sources(estimate.sources);
  const blocks = parts.map((part) => partText(part, sources, ui));
  const spread = month.low === month.high ? '' : `, ${money(month.low)} to ${money(month.high)} by its use`;
  const total = `A month: ${ui.paint('bold', money(month.typical))} at typical use${spread}.`;
  return [
    ...blocks,
    [total, ...notes(estimate)].map((line) => brokenWords(line, ui)).join('\n'),
    pricesText(estimate, sources, ui),
  ].join('\n\n');
}

/** What is to be copied stays in one line. */
function brokenWords(line: string, ui: Ui): string {
  return line.startsWith('  costs:') ? line : broken(line, ui.columns);
}

function partText(part: PartEstimate, sources: Sources, ui: Ui): string {
  const { lines, notCounted, free, month, stackName } = part;
  const head = `${ui.paint('bold', part.part)} ${ui.paint('dim', stackName)}`;
  const figures = lines.map((line) => row(line, sources));
  const rows = [...figures, ['total', '', ...threeOf(month), '', '']];
  const widths = [2, 3, 4].map((at) => Math.max(7, ...rows.map((cells) => cells[at]?.length ?? 0)));
  const padded = rows.map((cells) =>
    cells.map((cell, at) => (at >= 2 && at <= 4 ? cell.padStart(widths[at - 2] ?? 0) : cell)),
  );
  const title = (name: string, at: number) => name.padStart(widths[at] ?? 0);
  const columns = [
    { title: 'resource', min: 6 },
    { title: 'what', min: 6 },
    { title: title('low', 0), optional: true },
    { title: title('typical', 1) },
    { title: title('high', 2), optional: true },
    { title: 'price', optional: true },
    { title: 'from', optional: true },
  ];
  return [
    head,
    ...(lines.length > 0 ? [table(ui, columns, padded)] : []),
    ...(notCounted.length > 0 ? [ui.paint('yellow', 'Not counted:')] : []),
    ...notCounted.map(({ resource, type, why }) => wrapped(`  ${resource} (${type}): ${why}`, ui.columns, 4)),
    ...(free > 0
      ? [ui.paint('dim', wrapped(`${plural(free, 'resource')} of types that cost nothing`, ui.columns, 0))]
      : []),
  ].join('\n');
}

function row({ resource, what, month, price }: CostLine, sources: Sources): string[] {
  if (!price || !month) return [resource, what, '?', '?', '?', 'not known', ''];
  return [resource, what, ...threeOf(month), `${unitPrice(price.usd)} / ${price.per}`, sources.mark(price)];
}

function threeOf({ low, typical, high }: Range): string[] {
  return [low, typical, high].map(money);
}

/** `$0.0000166667`, `$1.17`: all digits that count. */
function unitPrice(usd: number): string {
  return `$${usd.toFixed(10).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
}

/** The notes to the figures, by number. */
class Sources {
  readonly all: readonly PriceSource[];

  constructor(all: readonly PriceSource[]) {
    this.all = all;
  }

  mark({ source, asOf, like, readAt }: NonNullable<CostLine['price']>): string {
    const read = readAt === undefined ? undefined : new Date(readAt).toISOString().slice(0, 10);
    const at = this.all.findIndex(
      (one) =>
        one.source === source && one.asOf === asOf && one.like === like && one.readAt?.slice(0, 10) === read,
    );
    return `[${at + 1}]`;
  }
}

/** What the figures rest on. */
function notes({ parts }: EnvironmentEstimate): string[] {
  const unknown = parts.flatMap(({ lines }) => lines).filter(({ price }) => !price).length;
  const without =
    unknown > 0
      ? [`Without ${plural(unknown, 'figure')} whose price is not known in this region or near it.`]
      : [];
  return [...without, ...assumedWords(parts)];
}

function assumedWords(parts: EnvironmentEstimate['parts']): string[] {
  const assumed = parts.flatMap(({ usage }) =>
    Object.entries(usage).filter(([name, { said }]) => !said && name !== 'hours'),
  );
  const names = [...new Set(assumed.map(([name]) => name))];
  const example = parts.find(({ usage }) => Object.values(usage).some(({ said }) => !said));
  if (names.length === 0 || !example) return [];
  const stack = example.part.replace(/^stack /, '');
  return [
    `How much it is used is assumed (${listed(names)}). To say it, in infractl.yaml:`,
    `  costs: { ${stack}: { ${names[0]}: ${example.usage[names[0] as 'requests']?.typical ?? 1} } }`,
  ];
}

function pricesText(estimate: EnvironmentEstimate, sources: Sources, ui: Ui): string {
  const marks = sources.all.map((one, at) => [`[${at + 1}]`, sourceWords(one, estimate.region)] as const);
  const old = sources.all.flatMap(({ old: is }, at) => (is ? [`[${at + 1}]`] : []));
  const lines = [
    ...(marks.length > 0
      ? [
          wrapped('List prices in USD, before taxes, discounts and free tiers:', ui.columns, 0),
          pairs(ui, marks, '  '),
        ]
      : [
          wrapped(
            `No price is known here. ${advised(ui, 'To ask AWS for them: infractl costs --refresh')}`,
            ui.columns,
            0,
          ),
        ]),
    ...(old.length > 0
      ? [
          ui.paint('yellow', `${listed(old)} ${old.length > 1 ? 'are' : 'is'} older than 90 days.`),
          advised(ui, 'To ask AWS for its prices of today: infractl costs --refresh'),
        ]
      : []),
    ...(estimate.trouble
      ? [ui.paint('yellow', wrapped(`Not all were refreshed: ${estimate.trouble}.`, ui.columns, 0))]
      : []),
  ];
  return lines.join('\n');
}

function sourceWords({ source, asOf, readAt, like, ageDays }: PriceSource, region: string): string {
  const age = readAt ? `read ${ageDays === 0 ? 'today' : `${ageDays} d ago`}` : `${ageDays} d old`;
  return `${source} of ${asOf}, ${age}${like ? `; of ${like}, as that of ${region} is not known here` : ''}`;
}
