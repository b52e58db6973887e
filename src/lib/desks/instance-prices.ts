import type { InstanceDeps, Target } from '../instances/index.ts';
import { HOURS, type PriceBook, type PricedItem } from '../prices/index.ts';

type Facts<K extends Target['kind']> = Extract<Target, { kind: K }>['facts'];

export interface MonthlyDeps {
  readonly book: PriceBook;
  readonly region: string;
  readonly instances: InstanceDeps['ports']['instances'];
}

/**
 * USD a month of each target; a group costs what its members do.
 *
 * @param how `known`: without a call; `asked`: what is not known is asked for
 */
export async function monthlyPrices(
  { book, region, instances }: MonthlyDeps,
  targets: readonly Target[],
  how: 'known' | 'asked',
): Promise<(target: Target) => number | undefined> {
  const month = async (item: PricedItem | undefined) => {
    const quote = item && (how === 'known' ? book.known(region, item) : await book.lookUp(region, item));
    return quote && quote.usd * HOURS;
  };
  const members = targets.flatMap((one) =>
    one.kind === 'group' ? one.facts.members.map(({ id }) => id) : [],
  );
  const facts = members.length === 0 ? [] : await (await instances()).byIds(members);
  const ofMembers = new Map(
    await Promise.all(facts.map(async (one) => [one.id, await month(instanceItem(one))] as const)),
  );
  const prices = new Map(
    await Promise.all(targets.map(async (one) => [one, await month(itemOf(one))] as const)),
  );
  return (target) => {
    if (target.kind !== 'group') return prices.get(target);
    const all = target.facts.members.map(({ id }) => ofMembers.get(id));
    return all.length === 0 || all.includes(undefined)
      ? undefined
      : all.reduce<number>((sum, price) => sum + (price ?? 0), 0);
  };
}

function instanceItem({ type, windows, spot }: Facts<'instance'>): PricedItem | undefined {
  return windows || spot ? undefined : { kind: 'instance', type };
}

function itemOf(target: Target): PricedItem | undefined {
  if (target.kind === 'instance') return instanceItem(target.facts);
  if (target.kind !== 'database') return undefined;
  const { class: type, engine, multiZone } = target.facts;
  // Its version stands behind it, and has no price.
  const [name = engine] = engine.split(' ');
  return { kind: 'database', class: type, engine: name, multiZone };
}
