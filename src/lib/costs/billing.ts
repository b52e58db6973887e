/** What reads bills and explains them. */
export { billOfToday, costExplorerOff, noBillHere, noBillYet, periodOf, readBill } from './bill.ts';
export { billStore } from './bill-store.ts';
export { compare, comparedMonth } from './explain.ts';
