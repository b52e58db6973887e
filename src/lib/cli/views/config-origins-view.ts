import type { ValueOrigin } from '../../project/index.ts';
import { table } from './table.ts';
import type { View } from './view.ts';

/** One line a value: what it is, and who said so. */
export function originsView(rows: readonly ValueOrigin[]): View {
  return {
    json: rows,
    text: (ui) =>
      table(
        ui,
        [{ title: 'key', min: 20 }, { title: 'value', min: 12 }, 'origin'],
        rows.map(({ key, value, origin }) => [key, shownValue(value), origin]),
      ),
  };
}

function shownValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shownValue).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([key, inner]) => `${key}: ${shownValue(inner)}`);
  return entries.length > 0 ? `{ ${entries.join(', ')} }` : '{}';
}
