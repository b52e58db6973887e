import { bytes, plural } from '../../base/text.ts';
import type { InsightsState } from '../../logs/index.ts';
import { harmless } from './log-lines.ts';
import { table } from './table.ts';
import type { View } from './view.ts';

/** USD for a GB scanned in us-east-1, as AWS listed it in 2026-06; other regions are somewhat dearer. */
const SCANNED_GB = 0.005;

export function queryView({ rows, recordsMatched, recordsScanned, bytesScanned }: InsightsState): View {
  const cost = (bytesScanned / 1e9) * SCANNED_GB;
  return {
    json: { rows, recordsMatched, recordsScanned, bytesScanned },
    text: (ui) => {
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      const cells = rows.map((row) => columns.map((column) => harmless(row[column] ?? '').trimEnd()));
      const last = columns.length - 1;
      const shape = columns.map((title, index) =>
        index === last ? { title, wrap: true } : { title, min: 12 },
      );
      const scanned = `${plural(recordsMatched, 'event')} matched; scanned ${bytes(bytesScanned)}, about $${cost.toFixed(cost < 0.01 ? 4 : 2)} (at $${SCANNED_GB} a GB, the list price of us-east-1).`;
      return `${rows.length === 0 ? 'No rows.' : table(ui, shape, cells)}\n\n${ui.paint('dim', scanned)}`;
    },
  };
}
