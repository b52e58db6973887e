import { type Filter, GetProductsCommand, PricingClient } from '@aws-sdk/client-pricing';
import type { PricedItem, PriceListPort } from '../prices/index.ts';
import { call } from './call.ts';
import { type PriceQuestion, rateQuestion } from './price-list-rates.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** The API has few endpoints, each with the prices of all regions of its partition. None but this counts in dollars. */
const ENDPOINT = 'us-east-1';

/** Products of a page, and pages that are gone through for one price. */
const PAGE = 100;
const MOST_PAGES = 5;

/** One tier of a price; most prices have one. */
interface Tier {
  readonly beginRange?: string;
  readonly pricePerUnit?: { readonly USD?: string };
}

interface Product {
  readonly publicationDate?: string;
  readonly product?: { readonly attributes?: Readonly<Record<string, string>> };
  readonly terms?: {
    readonly OnDemand?: Readonly<
      Record<string, { readonly priceDimensions?: Readonly<Record<string, Tier>> }>
    >;
  };
}

/** AWS Price List Query API for `lib/prices`. One call for a price, where its products fit into a page. */
export function priceListPort(session: AwsSession): PriceListPort {
  const there = { ...session, region: ENDPOINT };
  const client = traced(new PricingClient({ ...session.config, region: ENDPOINT, maxAttempts: 1 }), there);
  return {
    async price(region, item, signal) {
      const question = questionFor(item);
      if (!question) return undefined;
      const { service, filters, usage, times = 1 } = question;
      const Filters = Object.entries({ regionCode: region, ...filters }).map(
        ([Field, Value]): Filter => ({ Type: 'TERM_MATCH', Field, Value }),
      );
      const fitting: Product[] = [];
      let NextToken: string | undefined;
      for (let pages = 0; pages === 0 || (NextToken && pages < MOST_PAGES && !signal.aborted); pages++) {
        const input = { ServiceCode: service, Filters, MaxResults: PAGE, NextToken };
        const answer = await call(there, 'pricing:GetProducts', () =>
          client.send(new GetProductsCommand(input), { abortSignal: signal }),
        );
        const list: readonly unknown[] = answer.PriceList ?? [];
        const products = list.map((text) => JSON.parse(String(text)) as Product);
        fitting.push(...products.filter(({ product }) => usage.test(product?.attributes?.usagetype ?? '')));
        NextToken = answer.NextToken;
      }
      const prices = fitting.flatMap((one) => priceOf(one) ?? []);
      // Two prices for the same thing would be a question that is asked wrongly.
      const [price] = prices;
      if (!price || new Set(prices.map(({ usd }) => usd)).size > 1) return undefined;
      return { ...price, usd: price.usd * times };
    },
  };
}

function priceOf({ terms, publicationDate = '' }: Product): { usd: number; asOf: string } | undefined {
  const offers = Object.values(terms?.OnDemand ?? {});
  if (offers.length !== 1) return undefined;
  const tiers = Object.values(offers[0]?.priceDimensions ?? {})
    .sort((a, b) => Number(a.beginRange ?? 0) - Number(b.beginRange ?? 0))
    .map(({ pricePerUnit }) => Number(pricePerUnit?.USD));
  // What is free at first is free once in an account, whoever uses it.
  const usd = tiers.find((price) => price > 0);
  return usd === undefined ? undefined : { usd, asOf: publicationDate.slice(0, 10) };
}

const ENGINES: Readonly<Record<string, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
};

/** The attributes by which the list tells one price from another, and the usage type that is meant. */
function questionFor(item: PricedItem): PriceQuestion | undefined {
  switch (item.kind) {
    case 'instance':
      return {
        service: 'AmazonEC2',
        filters: {
          instanceType: item.type,
          operatingSystem: 'Linux',
          tenancy: 'Shared',
          preInstalledSw: 'NA',
          capacitystatus: 'Used',
        },
        usage: /BoxUsage(:|$)/,
      };
    case 'database':
      return {
        service: 'AmazonRDS',
        filters: {
          instanceType: item.class,
          databaseEngine: ENGINES[item.engine] ?? item.engine,
          deploymentOption: item.multiZone ? 'Multi-AZ' : 'Single-AZ',
        },
        usage: /(Multi-AZ|Instance)Usage:/,
      };
    case 'cache':
      return {
        service: 'AmazonElastiCache',
        filters: { instanceType: item.type, cacheEngine: 'Redis' },
        usage: /NodeUsage:/,
      };
    case 'rate':
      return rateQuestion(item.of);
    case 'logs-scanned':
      return { service: 'AmazonCloudWatch', filters: {}, usage: /(^|-)DataScanned-Bytes$/ };
    case 'live-tail':
      return { service: 'AmazonCloudWatch', filters: {}, usage: /(^|-)Logs-LiveTail$/ };
    default:
      return storageQuestion(item.of);
  }
}

function storageQuestion(of: Extract<PricedItem, { kind: 'storage' }>['of']) {
  if (of === 'snapshot')
    return {
      service: 'AmazonEC2',
      filters: { productFamily: 'Storage Snapshot' },
      usage: /(^|-)EBS:SnapshotUsage$/,
    };
  if (of === 'gp2' || of === 'gp3')
    return {
      service: 'AmazonEC2',
      filters: { productFamily: 'Storage', volumeApiName: of },
      usage: /(^|-)EBS:VolumeUsage\.gp[23]$/,
    };
  return {
    service: 'AmazonRDS',
    filters: {
      productFamily: 'Database Storage',
      databaseEngine: 'PostgreSQL',
      deploymentOption: 'Single-AZ',
    },
    usage: of === 'rds-gp3' ? /(^|-)RDS:GP3-Storage$/ : /(^|-)RDS:GP2-Storage$/,
  };
}
