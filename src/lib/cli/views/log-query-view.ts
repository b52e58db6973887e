import { bytes, plural } from '../../base/text.ts';
import type { InsightsState } from '../../logs/index.ts';
import type { Quote } from '../../prices/index.ts';
import { harmless } from './harmless.ts';
import { table } from './table.ts';
import type { View } from './view.ts';

/** @param price of a GB scanned, where it is known */
export function queryView(
  { rows, recordsMatched, recordsScanned, bytesScanned }: InsightsState,
  price: Quote | undefined,
): View {
  return {
    json: { rows, recordsMatched, recordsScanned, bytesScanned },
    text: (ui) => {
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      const cells = rows.map((row) => columns.map((column) => harmless(row[column] ?? '').trimEnd()));
      const last = columns.length - 1;
      const shape = columns.map((title, index) =>
        index === last ? { title, wrap: true } : { title, min: 12 },
      );
      const scanned = `${plural(recordsMatched, 'event')} matched; scanned ${bytes(bytesScanned)}${costWords(bytesScanned, price)}.`;
      return `${rows.length === 0 ? 'No rows.' : table(ui, shape, cells)}\n\n${ui.paint('dim', scanned)}`;
    },
  };
}

function costWords(scanned: number, price: Quote | undefined): string {
  if (!price) return '';
  const cost = (scanned / 1e9) * price.usd;
  return `, about $${cost.toFixed(cost < 0.01 ? 4 : 2)} (at $${price.usd} a GB: ${price.source} of ${price.asOf})`;
}
