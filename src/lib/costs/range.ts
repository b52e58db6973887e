import type { Range } from '../project/model.ts';

/** Calculating with numbers of which the most likely and its bounds are known. All are 0 or more. */

export const NOTHING: Range = { low: 0, typical: 0, high: 0 };

export function exactly(value: number): Range {
  return { low: value, typical: value, high: value };
}

function each(a: Range, b: Range, how: (x: number, y: number) => number): Range {
  const of = (key: keyof Range) => tidy(how(a[key], b[key]));
  return { low: of('low'), typical: of('typical'), high: of('high') };
}

/** Without the last digits, which only say that computers count in twos. */
function tidy(value: number): number {
  return Math.round(value * 1e9) / 1e9;
}

export function plus(...all: readonly Range[]): Range {
  return all.reduce((sum, one) => each(sum, one, (x, y) => x + y), NOTHING);
}

export function times(range: Range, by: Range | number): Range {
  return each(range, typeof by === 'number' ? exactly(by) : by, (x, y) => x * y);
}

/** How much more the second is. Its parts may be below 0, and its `low` need not be the smallest. */
export function minus(a: Range, b: Range): Range {
  return each(a, b, (x, y) => x - y);
}
