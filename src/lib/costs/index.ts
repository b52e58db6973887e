/** What a project costs: estimated from its templates, and as AWS billed it. */
export type { CostChange, StackCostChange } from './change.ts';
export type { Compared } from './explain.ts';
export type { PriceSource } from './price.ts';
export type { BillReport, EnvironmentEstimate, PartEstimate } from './report.ts';
export type { CostLine } from './types.ts';
export { changesCosts, changeWords, hasCosts, money, moneyIn, moreOrLess } from './words.ts';

/** What estimates, loaded on use: see estimator.ts. */
export function estimating(): Promise<typeof import('./estimator.ts')> {
  return import('./estimator.ts');
}

/** What reads bills, loaded on use: see billing.ts. */
export function billing(): Promise<typeof import('./billing.ts')> {
  return import('./billing.ts');
}
