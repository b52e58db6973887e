import type { Backup, Costs, Verified } from '../../backups/index.ts';
import { Exit } from '../../base/errors.ts';
import { bytes, plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { DatabaseDrillPlan } from '../../desks/index.ts';
import type { PriceBook } from '../../prices/index.ts';
import type { Ui } from '../terminal.ts';
import { table } from './table.ts';
import type { View } from './view.ts';
import { broken } from './wrap.ts';

/** A price, and where prices come from. */
export interface Price {
  readonly usd: number | undefined;
  readonly note: string;
}

/** What the drill of a database makes for a while, how long that takes and what it costs: said before it is done. */
export function drillLines(
  plan: DatabaseDrillPlan,
  backup: Backup,
  price: Price,
  ui: Pick<Ui, 'paint' | 'columns'>,
): string {
  const { className, sizeGiB, steps } = plan;
  const cost =
    price.usd === undefined
      ? `what ${className} costs (not known here)`
      : `about $${price.usd.toFixed(3)} an hour`;
  const lines = [
    `The drill of ${ui.paint('bold', backup.id)} of ${backup.subject}, taken ${localTime(new Date(backup.at).toISOString(), 'minutes')}:`,
    ...steps.map((step) => `  ${ui.paint('yellow', '+')} ${step}`),
    '  It takes about 10 to 30 minutes, a large database longer.',
    `  It costs ${cost} while the instance is there, and ${sizeGiB} GiB of storage for that time.`,
    ui.paint('dim', `  ${price.note}.`),
  ];
  return broken(lines.join('\n'), ui.columns);
}

/** How the drill of a backup went. */
export function verifyView(backup: Backup, results: readonly Verified[]): View {
  const bad = results.filter(({ ok }) => !ok).length;
  return {
    json: { backup: backup.id, subject: backup.subject, ok: bad === 0, snapshots: results },
    exit: bad === 0 ? Exit.ok : bad < results.length ? Exit.partial : Exit.failed,
    text: (ui) => {
      const rows = results.map(({ snapshot, ok, how, detail, digest }) => [
        snapshot,
        ok ? ui.paint('green', 'good') : ui.paint('red', 'bad'),
        how,
        digest ? digest.slice(0, 12) : '-',
        detail,
      ]);
      return table(ui, ['snapshot', '', 'how', 'sample', { title: '', wrap: true }], rows);
    },
  };
}

/** True sizes, what each would free, what all of them cost. */
export function costsView(costs: Costs, { note, sources }: Pick<PriceBook, 'note' | 'sources'>): View {
  return {
    json: {
      ...costs,
      snapshots: costs.snapshots.map((one) => ({ ...one, at: new Date(one.at).toISOString() })),
      prices: sources,
    },
    text: (ui) => {
      if (costs.snapshots.length === 0) return 'There are no backups: they cost nothing.';
      const size = (value: number | null) => (value === null ? '?' : bytes(value));
      const rows = costs.snapshots.map((one) => [
        one.snapshot,
        one.subject,
        localTime(new Date(one.at).toISOString(), 'minutes'),
        size(one.uniqueBytes),
        size(one.freesBytes),
        one.perMonth === null ? '?' : `$${one.perMonth.toFixed(2)}`,
      ]);
      const columns = [
        { title: 'snapshot' },
        { title: 'of', optional: true },
        { title: 'taken', optional: true },
        { title: 'holds' },
        { title: 'frees' },
        { title: 'a month' },
      ];
      const lines: string[] = [];
      const month =
        costs.perMonth === null
          ? 'what they cost a month is not known'
          : `about $${costs.perMonth.toFixed(2)} a month`;
      lines.push(`${plural(costs.snapshots.length, 'snapshot')} hold ${bytes(costs.totalBytes)}: ${month}.`);
      if (costs.perMonth !== null && costs.notPriced > 0)
        lines.push(`Without ${plural(costs.notPriced, 'snapshot')} whose price is not known here.`);
      lines.push(ui.paint('dim', `${note}.`));
      if (costs.notCounted > 0)
        lines.push(
          `${plural(costs.notCounted, 'snapshot')} not counted: give a higher --max-calls, or look in their region.`,
        );
      return [table(ui, columns, rows), '', broken(lines.join('\n'), ui.columns)].join('\n');
    },
  };
}
