import { RATES, type Rate } from './rates.ts';

/** What has a price. */
export type PricedItem =
  /** An EC2 instance: Linux, on demand, shared hardware, without its disks and traffic. By the hour. */
  | { readonly kind: 'instance'; readonly type: string }
  /** An RDS instance, without its storage and backups. By the hour. */
  | {
      readonly kind: 'database';
      readonly class: string;
      readonly engine: string;
      readonly multiZone: boolean;
    }
  /** A volume of EBS, a snapshot of EBS in the standard tier, storage of RDS in one zone. By the GiB and month. */
  | { readonly kind: 'storage'; readonly of: 'gp2' | 'gp3' | 'snapshot' | 'rds-gp2' | 'rds-gp3' }
  /** What CloudWatch Logs Insights scans. By the GB. */
  | { readonly kind: 'logs-scanned' }
  /** A session of Live Tail of CloudWatch Logs, after the free minutes of a month. By the minute. */
  | { readonly kind: 'live-tail' }
  /** A node of ElastiCache for Redis or Valkey. By the hour. */
  | { readonly kind: 'cache'; readonly type: string }
  /** What a service charges for one unit of use. */
  | { readonly kind: 'rate'; readonly of: Rate };

/** A price in US dollars, before taxes and discounts, and how far it can be trusted. */
export interface Quote {
  readonly usd: number;
  readonly per: 'hour' | 'GiB-month' | 'GB' | 'minute' | (typeof RATES)[Rate];
  /** `AWS's price list`, or where the built-in figure was found. */
  readonly source: string;
  /** The day that the figure is of: ISO 8601. */
  readonly asOf: string;
  /** Milliseconds since 1970; absent for a built-in figure. */
  readonly readAt?: number;
}

/** Hours of a month as AWS's own calculators count them. */
export const HOURS = 730;

export function unitOf(item: PricedItem): Quote['per'] {
  if (item.kind === 'rate') return RATES[item.of];
  if (item.kind === 'storage') return 'GiB-month';
  if (item.kind === 'live-tail') return 'minute';
  return item.kind === 'logs-scanned' ? 'GB' : 'hour';
}

/** The same text for the same price: `eu-west-3 database db.t3.micro postgres multi-zone`. */
export function keyOf(region: string, item: PricedItem): string {
  switch (item.kind) {
    case 'instance':
      return `${region} instance ${item.type}`;
    case 'database':
      return `${region} database ${item.class} ${item.engine}${item.multiZone ? ' multi-zone' : ''}`;
    case 'storage':
    case 'rate':
      return `${region} ${item.kind} ${item.of}`;
    case 'cache':
      return `${region} cache ${item.type}`;
    default:
      return `${region} ${item.kind}`;
  }
}
