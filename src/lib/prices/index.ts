/** What running things costs: AWS's price list where it may be read, else the built-in tables. */
export { type Kept, PriceBook, type PriceBookDeps, type PriceListPort, type PriceStore } from './book.ts';
export { builtIn } from './built-in.ts';
export { HOURS, type PricedItem, type Quote } from './items.ts';
export type { Rate } from './rates.ts';
export { priceStore } from './store.ts';
