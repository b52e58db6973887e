import stringWidth from 'fast-string-width';
import type { Ui } from '../terminal.ts';
import { wrapped } from './wrap.ts';

/** A column of a table, and what becomes of it where the terminal is too narrow. */
export interface Column {
  readonly title: string;
  /** It may be cut down to so many characters. */
  readonly min?: number;
  /** It may be left out. */
  readonly optional?: boolean;
  /** As the last column: its words go on in the next line, below themselves. */
  readonly wrap?: boolean;
}

const GAP = 2;
/** Below that, words below each other are harder to read than lines that the terminal breaks. */
const NARROWEST = 20;

/**
 * Columns as wide as their widest cell, two spaces apart, no borders: easy to read, grep and cut. Where
 * that is wider than the terminal, columns are cut, wrapped or left out as they allow, from the right. A cell that may be
 * cut or wrapped must not be painted. Where even that is too wide, each row is told in lines of its own.
 */
export function table(
  ui: Ui,
  columns: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
): string {
  const wanted = columns.map((column) => (typeof column === 'string' ? { title: column } : column));
  const fitted = fitColumns(wanted, rows, ui.columns);
  if (total(fitted) > ui.columns && rows.length > 0)
    return rows.map((row) => record(fitted, row, ui.columns)).join('\n');
  const line = (cells: readonly string[]) => layOut(cells, fitted);
  const titles = line(wanted.map(({ title }) => title));
  return [ui.paint('bold', titles), ...rows.map(line)].join('\n');
}

interface Fitted {
  /** Its place in the rows. */
  readonly at: number;
  readonly column: Column;
  width: number;
}

function fitColumns(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  room: number,
): Fitted[] {
  let fitted = columns.map((column, at): Fitted => {
    const cells = rows.map((row) => stringWidth(row[at] ?? ''));
    return { at, column, width: Math.max(stringWidth(column.title), ...cells) };
  });
  const natural = fitted.map(({ width }) => width);
  for (;;) {
    shrink(fitted, room);
    const optional = fitted.findLast(({ column }) => column.optional);
    if (total(fitted) <= room || !optional) return fitted;
    fitted = fitted
      .filter((one) => one !== optional)
      .map((one) => ({ ...one, width: natural[one.at] ?? one.width }));
  }
}

function shrink(fitted: readonly Fitted[], room: number): void {
  const last = fitted.at(-1);
  if (last?.column.wrap) {
    const left = room - total(fitted.slice(0, -1)) - GAP;
    if (left >= NARROWEST) last.width = Math.min(last.width, left);
  }
  while (total(fitted) > room) {
    const rightmost = fitted.findLast(({ column, width }) => column.min !== undefined && width > column.min);
    if (!rightmost) return;
    rightmost.width--;
  }
}

function total(columns: readonly Fitted[]): number {
  return columns.reduce((sum, { width }) => sum + width, GAP * Math.max(0, columns.length - 1));
}

function layOut(cells: readonly string[], columns: readonly Fitted[]): string {
  let line = '';
  let indent = 0;
  for (const [index, { at, column, width }] of columns.entries()) {
    const cell = cells[at] ?? '';
    const isLast = index === columns.length - 1;
    if (isLast && column.wrap) return (line + wrapped(cell, width, indent)).trimEnd();
    const text = stringWidth(cell) > width ? cut(cell, width) : cell;
    indent += width + GAP;
    line += isLast ? text : text + ' '.repeat(width - stringWidth(text) + GAP);
  }
  return line.trimEnd();
}

/** A row below itself: what it is about first, then a line for each further cell that says something. */
function record(columns: readonly Fitted[], row: readonly string[], room: number): string {
  const first = columns.findIndex(({ column }) => column.title !== '');
  const cells = columns.map(({ at, column: { title } }) => ({ title, cell: row[at] ?? '' }));
  const heading = cells.slice(0, first + 1).map(({ cell }) => cell);
  const rest = cells
    .slice(first + 1)
    .filter(({ cell }) => cell !== '' && cell !== '-')
    .map(({ title, cell }) => `  ${wrapped(title === '' ? cell : `${title}: ${cell}`, room - 4, 4)}`);
  return [heading.filter((cell) => cell !== '').join(' '), ...rest].join('\n');
}

/** A plain text cut to a width, the last character then being `…`. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let short = text;
  while (short !== '' && stringWidth(short) > width - 1) short = short.slice(0, -1);
  return `${short.trimEnd()}…`;
}

/** `name  value` lines, the names padded to the longest. */
export function pairs(ui: Ui, entries: readonly (readonly [string, string])[], indent = ''): string {
  const width = Math.max(0, ...entries.map(([name]) => stringWidth(name)));
  const start = indent.length + width + GAP;
  const room = ui.columns - start >= NARROWEST ? ui.columns - start : Number.POSITIVE_INFINITY;
  const below = (value: string) =>
    value
      .split('\n')
      .map((line) => wrapped(line, room, start))
      .join(`\n${' '.repeat(start)}`);
  return entries
    .map(
      ([name, value]) =>
        `${indent}${ui.paint('dim', name)}${' '.repeat(width - stringWidth(name))}  ${below(value)}`,
    )
    .join('\n');
}
