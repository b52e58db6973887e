import { expect, it } from 'vitest';
import { monthlyPrices } from '../../../src/lib/desks/instance-prices.ts';
import type { Target } from '../../../src/lib/instances/index.ts';
import { PriceBook, type PricedItem } from '../../../src/lib/prices/index.ts';
import { virtualClock } from '../../fake/clock.ts';

it('the price of a database is asked for by its engine, whatever its version', async () => {
  const asked: PricedItem[] = [];
  const list = async () => ({
    price: async (_: string, item: PricedItem) => {
      asked.push(item);
      return { usd: 0.5, asOf: '2026-11-21' };
    },
  });
  const book = new PriceBook({ list, store: { read: () => ({}), write: () => {} }, clock: virtualClock() });
  const facts = { id: 'orders', class: 'db.m7g.large', engine: 'postgres 15.4', multiZone: false };
  const target = { kind: 'database', id: 'orders', facts } as unknown as Target;
  const instances = () => Promise.reject(new Error('no instance is asked about'));
  const price = await monthlyPrices({ book, region: 'eu-west-3', instances }, [target], 'asked');
  expect(asked).toEqual([{ kind: 'database', class: 'db.m7g.large', engine: 'postgres', multiZone: false }]);
  expect(price(target)).toBe(365);
});
