import type { Range } from '../project/model.ts';
import { minus, NOTHING, plus } from './range.ts';
import type { NotCounted, StackEstimate } from './types.ts';

/** What a change of one stack does to its costs. USD a month. */
export interface StackCostChange {
  /** `stack app`. */
  readonly part: string;
  readonly before: Range;
  readonly after: Range;
  readonly difference: Range;
  /** What the change adds that is in no sum. */
  readonly notCounted: readonly NotCounted[];
}

/** The same of a whole project. */
export interface CostChange {
  readonly currency: 'USD';
  readonly stacks: readonly StackCostChange[];
  readonly before: Range;
  readonly after: Range;
  readonly difference: Range;
}

/** @param before undefined: there is no stack yet */
export function changeOf(
  part: string,
  before: StackEstimate | undefined,
  after: StackEstimate,
): StackCostChange {
  const old = before?.month ?? NOTHING;
  const known = new Set(before ? [...before.notCounted, ...unpriced(before)].map(keyOf) : []);
  return {
    part,
    before: old,
    after: after.month,
    difference: minus(after.month, old),
    notCounted: [...after.notCounted, ...unpriced(after)].filter((one) => !known.has(keyOf(one))),
  };
}

export function changeOfAll(stacks: readonly StackCostChange[]): CostChange {
  const before = plus(...stacks.map((one) => one.before));
  const after = plus(...stacks.map((one) => one.after));
  return { currency: 'USD', stacks, before, after, difference: minus(after, before) };
}

/** Lines without a price, as what is not counted. */
export function unpriced({ lines }: Pick<StackEstimate, 'lines'>): NotCounted[] {
  return lines.flatMap(({ resource, type, what, price }) =>
    price ? [] : [{ resource, type, why: `${what}: its price in this region is not known` }],
  );
}

function keyOf({ resource, why }: NotCounted): string {
  return `${resource}\n${why}`;
}
