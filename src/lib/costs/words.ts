import type { Range } from '../project/model.ts';
import type { CostChange, StackCostChange } from './change.ts';

/** `$1,234.50`; `<$0.01` for what is not nothing. */
export function money(usd: number): string {
  return moneyIn('USD', usd);
}

/** The same in the currency of a bill: `CNY 1,234.50`. */
export function moneyIn(currency: string, amount: number): string {
  const unit = currency === 'USD' ? '$' : `${currency} `;
  const size = Math.abs(amount);
  if (size > 0 && size < 0.005) return `<${unit}0.01`;
  return `${unit}${size.toFixed(2).replace(/\B(?=(?:\d{3})+\.)/g, ',')}`;
}

/** `+$3.20`, `-$3.20`, `±$0.00`. */
export function moreOrLess(usd: number): string {
  const sign = usd > 0 ? '+' : usd < 0 ? '-' : '±';
  return `${sign}${money(usd)}`;
}

/** `+$3.20 ($1.00 → $4.20)`, at typical use, and from what to what it may be. */
export function changeWords({
  before,
  after,
  difference,
}: Pick<StackCostChange, 'before' | 'after' | 'difference'>): string {
  const typical = `${moreOrLess(difference.typical)} (${money(before.typical)} → ${money(after.typical)})`;
  return `${typical}${spread(difference)}`;
}

function spread({ low, typical, high }: Range): string {
  const least = Math.min(low, typical, high);
  const most = Math.max(low, typical, high);
  const same = moreOrLess(least) === moreOrLess(most);
  return same ? '' : `, ${moreOrLess(least)} to ${moreOrLess(most)} by its use`;
}

/** Whether a person would see a difference. */
export function changesCosts({ difference, notCounted }: StackCostChange): boolean {
  const { low, typical, high } = difference;
  return notCounted.length > 0 || [low, typical, high].some((one) => Math.abs(one) >= 0.005);
}

/** Whether any of it would be seen. */
export function hasCosts(change: CostChange | undefined): change is CostChange {
  return change?.stacks.some(changesCosts) ?? false;
}
