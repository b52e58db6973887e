import stringWidth from 'string-width';
import type { Ui } from './terminal.ts';

/** Columns as wide as their widest cell, two spaces apart, no borders: easy to read, grep and cut. */
export function table(ui: Ui, header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(stringWidth(title), ...rows.map((row) => stringWidth(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === cells.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - stringWidth(cell)),
      )
      .join('  ')
      .trimEnd();
  return [ui.paint('bold', line(header)), ...rows.map((row) => line(row))].join('\n');
}

/** `name  value` lines, the names padded to the longest. */
export function pairs(ui: Ui, entries: readonly (readonly [string, string])[], indent = ''): string {
  const width = Math.max(0, ...entries.map(([name]) => stringWidth(name)));
  return entries
    .map(
      ([name, value]) =>
        `${indent}${ui.paint('dim', name)}${' '.repeat(width - stringWidth(name))}  ${value}`,
    )
    .join('\n');
}
