import type { PricedItem } from '../prices/index.ts';
import type { Range, Usage, UsageName, UsagePart } from '../project/model.ts';
import { chargesOf, type Found, type Look } from './catalogue/index.ts';
import { exactly, NOTHING, plus, times } from './range.ts';
import type { CostLine, NotCounted, Price, Resources, StackEstimate } from './types.ts';

/** What an estimate rests on beside the template. */
export interface Assumptions {
  /** What counts where nobody says otherwise. */
  readonly usage: Readonly<Record<UsageName, Range>>;
  /** What the project says of this stack. */
  readonly said: Pick<UsagePart, 'usage' | 'resources'> | undefined;
  /** Undefined: no price is known. */
  readonly price: (item: PricedItem) => Price | undefined;
}

/** What a stack costs a month. Pure. What has no price and no entry is named, and in no sum. */
export function estimateStack(resources: Resources, assumptions: Assumptions): StackEstimate {
  const lines: CostLine[] = [];
  const notCounted: NotCounted[] = [];
  let free = 0;
  for (const [resource, found] of chargesIn(resources, assumptions)) {
    const type = resources.get(resource)?.type ?? '';
    if (found.length === 0) free++;
    for (const one of found) {
      if ('why' in one) notCounted.push({ resource, type, why: one.why });
      else lines.push(lineOf(resource, type, one, assumptions.price(one.item)));
    }
  }
  return { month: plus(...lines.map(({ month }) => month ?? NOTHING)), lines, notCounted, free };
}

/** All that has a price in a stack. */
export function itemsIn(resources: Resources, assumptions: Omit<Assumptions, 'price'>): PricedItem[] {
  return chargesIn(resources, assumptions)
    .flatMap(([, found]) => found)
    .flatMap((one) => ('why' in one ? [] : [one.item]));
}

function chargesIn(
  resources: Resources,
  { usage, said }: Omit<Assumptions, 'price'>,
): (readonly [string, readonly Found[]])[] {
  return [...resources].map(([id, { type, properties }]) => {
    const own: Usage = { ...said?.usage, ...said?.resources[id] };
    const look: Look = { id, type, properties, all: resources, usage: (name) => own[name] ?? usage[name] };
    return [id, chargesOf(look)] as const;
  });
}

function lineOf(
  resource: string,
  type: string,
  { what, service, quantity, on }: Exclude<Found, { why: string }>,
  price: Price | undefined,
): CostLine {
  const month = price ? times(quantity, exactly(price.usd)) : null;
  return { resource, type, service, what, quantity, on, price: price ?? null, month };
}
