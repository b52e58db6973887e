/**
 * What storage costs, in US dollars per GiB and month, as AWS publishes it. A small table, not a bill: where a
 * price is not known here, nothing is said.
 */
export interface StoragePrices {
  /** EBS gp3 volumes. */
  readonly gp3: number;
  /** EBS snapshots in the standard tier; what they hold beyond others of the same volume counts. */
  readonly snapshot: number;
  /** EBS snapshots in the archive tier. */
  readonly archive: number;
  /** Manual snapshots of RDS. */
  readonly dbSnapshot: number;
}

/** Where the figures are from, and when they were last looked up. */
export const STORAGE_PRICES_SOURCE = {
  urls: ['https://aws.amazon.com/ebs/pricing/', 'https://aws.amazon.com/rds/postgresql/pricing/'],
  asOf: '2025-06-01',
} as const;

const PRICES: Readonly<Record<string, StoragePrices>> = {
  'us-east-1': { gp3: 0.08, snapshot: 0.05, archive: 0.0125, dbSnapshot: 0.095 },
  'us-east-2': { gp3: 0.08, snapshot: 0.05, archive: 0.0125, dbSnapshot: 0.095 },
  'us-west-2': { gp3: 0.08, snapshot: 0.05, archive: 0.0125, dbSnapshot: 0.095 },
  'eu-west-1': { gp3: 0.088, snapshot: 0.05, archive: 0.0125, dbSnapshot: 0.095 },
  'eu-west-2': { gp3: 0.0928, snapshot: 0.053, archive: 0.01325, dbSnapshot: 0.095 },
  'eu-west-3': { gp3: 0.0928, snapshot: 0.053, archive: 0.01325, dbSnapshot: 0.095 },
  'eu-central-1': { gp3: 0.0952, snapshot: 0.054, archive: 0.0135, dbSnapshot: 0.095 },
  'eu-north-1': { gp3: 0.0836, snapshot: 0.0475, archive: 0.0119, dbSnapshot: 0.095 },
};

/** The prices of a region; undefined where they are not known here. */
export function storagePrices(region: string): StoragePrices | undefined {
  return PRICES[region];
}
