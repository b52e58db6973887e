import { jsonService } from './json.ts';
import { type Parameters, page } from './wire.ts';

/** One price of AWS's list. */
export interface FakeProduct {
  readonly service: string;
  /** `regionCode`, `usagetype`, `instanceType`, … as filters and answers have them. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly usd: number;
  /** Prices of the tiers before that one: what is free at first. */
  readonly before?: readonly number[];
}

interface Filter {
  readonly Field: string;
  readonly Value: string;
}

/** The Price List Query API: GetProducts, whatever region it is asked in. Nothing is listed until a test does. */
export const pricing = jsonService('pricing', {
  GetProducts(p: Parameters, { state, clock }) {
    const filters = (p.Filters ?? []) as Filter[];
    const found = state.products.filter(
      ({ service, attributes }) =>
        service === p.ServiceCode && filters.every(({ Field, Value }) => attributes[Field] === Value),
    );
    const { items, next } = page(found, p.NextToken, Number(p.MaxResults ?? 100));
    return {
      FormatVersion: 'aws_v1',
      ...(next ? { NextToken: next } : {}),
      PriceList: items.map(({ service, attributes, usd, before = [] }, n) =>
        JSON.stringify({
          product: { attributes, sku: `SKU${n}` },
          serviceCode: service,
          terms: {
            OnDemand: {
              [`SKU${n}.T`]: {
                // As AWS has them: in no order.
                priceDimensions: Object.fromEntries(
                  [...before, usd]
                    .map((price, tier) => [
                      `SKU${n}.T.${tier}`,
                      { beginRange: String(tier * 1000), pricePerUnit: { USD: price.toFixed(10) } },
                    ])
                    .reverse(),
                ),
              },
            },
          },
          publicationDate: new Date(clock.now()).toISOString(),
        }),
      ),
    };
  },
});
