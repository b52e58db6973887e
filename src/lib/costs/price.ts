import { hasPublicPrices } from '../aws/partition.ts';
import type { PricedItem, Quote } from '../prices/index.ts';
import type { CostLine, Price } from './types.ts';

const DAY = 86_400_000;
/** AWS changes its prices a few times a year: an older table deserves a look. */
const OLD_DAYS = 90;

/** Regions whose prices stand in for those of one that is not known: near ones first. */
function standIns(region: string): readonly string[] {
  if (!hasPublicPrices(region)) return [];
  const all = region.startsWith('eu-') ? ['eu-west-3', 'eu-west-1', 'us-east-1'] : ['us-east-1', 'eu-west-3'];
  return all.filter((one) => one !== region);
}

/**
 * Looks up prices of a region: its own, or a near region's, which then says so. Undefined where none is known.
 *
 * @param known the price of a region without a call
 */
export function pricer(
  known: (region: string, item: PricedItem) => Quote | undefined,
  region: string,
): (item: PricedItem) => Price | undefined {
  return (item) => {
    const own = known(region, item);
    if (own) return own;
    for (const like of standIns(region)) {
      const near = known(like, item);
      if (near) return { ...near, like };
    }
    return undefined;
  };
}

/** Where prices come from. */
export interface PriceSource {
  readonly source: string;
  /** The day that they are of: ISO 8601. */
  readonly asOf: string;
  /** When AWS was asked; absent for what is built in. ISO 8601 in UTC. */
  readonly readAt?: string;
  /** The region whose prices these are, where it is another one. */
  readonly like?: string;
  /** Since they were read, or since the day that they are of. */
  readonly ageDays: number;
  /** Older than 90 days. */
  readonly old: boolean;
}

function sourceOf({ source, asOf, readAt, like }: Price, now: number): PriceSource {
  const ageDays = Math.max(0, Math.floor((now - (readAt ?? Date.parse(asOf))) / DAY));
  return {
    source,
    asOf,
    ...(readAt === undefined ? {} : { readAt: new Date(readAt).toISOString() }),
    ...(like ? { like } : {}),
    ageDays,
    old: ageDays > OLD_DAYS,
  };
}

/** The sources of all figures, each once, in the order in which they come. */
export function sourcesOf(lines: readonly CostLine[], now: number): PriceSource[] {
  const found = new Map<string, PriceSource>();
  for (const { price } of lines) {
    if (!price) continue;
    const one = sourceOf(price, now);
    const key = sourceKey(one);
    if (!found.has(key)) found.set(key, one);
  }
  return [...found.values()];
}

/** The same text for figures that a person would call of one source. */
function sourceKey({ source, asOf, readAt = '', like = '' }: PriceSource): string {
  return [source, asOf, readAt.slice(0, 10), like].join('\n');
}
