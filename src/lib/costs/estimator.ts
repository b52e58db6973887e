/** What estimates: the catalogue of what costs is behind it. */
export { changeOf, changeOfAll, unpriced } from './change.ts';
export { estimateStack, itemsIn } from './estimate.ts';
export { pricer, sourcesOf } from './price.ts';
export { plus } from './range.ts';
