/**
 * Storage, in USD a GiB and month.
 *
 * Volumes of EBS: a copy of AWS's price list of 2022-02-10 (cloudkeep-io/ebs-pricing, docs/ebs_pricing.json of that
 * day), compared on 2026-11-21 with the expected results of Infracost's tests (us-east-1) and a printed answer of the
 * Pricing API (gp3 in eu-west-1). A price that is not here is not guessed.
 */
export const VOLUMES_FROM = { source: "a public copy of AWS's price list", asOf: '2022-02-10' } as const;

export const VOLUMES: Readonly<Record<string, { readonly gp2: number; readonly gp3: number }>> = {
  'af-south-1': { gp2: 0.1309, gp3: 0.1047 },
  'ap-east-1': { gp2: 0.132, gp3: 0.1056 },
  'ap-northeast-1': { gp2: 0.12, gp3: 0.096 },
  'ap-northeast-2': { gp2: 0.114, gp3: 0.0912 },
  'ap-northeast-3': { gp2: 0.12, gp3: 0.096 },
  'ap-south-1': { gp2: 0.114, gp3: 0.0912 },
  'ap-southeast-1': { gp2: 0.12, gp3: 0.096 },
  'ap-southeast-2': { gp2: 0.12, gp3: 0.096 },
  'ap-southeast-3': { gp2: 0.12, gp3: 0.096 },
  'ca-central-1': { gp2: 0.11, gp3: 0.088 },
  'eu-central-1': { gp2: 0.119, gp3: 0.0952 },
  'eu-north-1': { gp2: 0.1045, gp3: 0.0836 },
  'eu-south-1': { gp2: 0.1155, gp3: 0.0924 },
  'eu-west-1': { gp2: 0.11, gp3: 0.088 },
  'eu-west-2': { gp2: 0.116, gp3: 0.0928 },
  'eu-west-3': { gp2: 0.116, gp3: 0.0928 },
  'me-south-1': { gp2: 0.121, gp3: 0.0968 },
  'sa-east-1': { gp2: 0.19, gp3: 0.152 },
  'us-east-1': { gp2: 0.1, gp3: 0.08 },
  'us-east-2': { gp2: 0.1, gp3: 0.08 },
  'us-west-1': { gp2: 0.12, gp3: 0.096 },
  'us-west-2': { gp2: 0.1, gp3: 0.08 },
};

/**
 * Volumes that were looked up since: us-east-1 in the expected results of Infracost's tests, eu-west-3 in a public table
 * of costs from AWS's offer files. They cost what they did.
 */
export const VOLUMES_SINCE: Readonly<
  Record<
    string,
    { readonly source: string; readonly asOf: string; readonly gp2?: number; readonly gp3: number }
  >
> = {
  'us-east-1': { source: "a public copy of AWS's price list", asOf: '2026-05-03', gp2: 0.1, gp3: 0.08 },
  'eu-west-3': { source: "AWS's offer files", asOf: '2026-10-09', gp3: 0.0928 },
};

/**
 * Snapshots of EBS in the standard tier, for what they hold beyond others of the same volume: us-east-1 with the
 * expected results of Infracost's tests, the others with a copy of AWS's price file for EBS
 * (ligoj/plugin-prov-aws, pricing-ebs.js). Compared on 2026-11-21.
 */
export const SNAPSHOTS_FROM = { source: "public copies of AWS's price list", asOf: '2026-11-21' } as const;

export const SNAPSHOTS: Readonly<Record<string, number>> = {
  'us-east-1': 0.05,
  'eu-west-1': 0.05,
  'eu-west-2': 0.053,
};

/**
 * Storage of RDS in one zone, compared on 2026-11-21: us-east-1 with the expected results of Infracost's tests,
 * eu-west-3 with a public table of costs from AWS's offer files.
 */
export const DATABASE_STORAGE: Readonly<Record<string, { readonly gp2?: number; readonly gp3: number }>> = {
  'us-east-1': { gp2: 0.115, gp3: 0.115 },
  'eu-west-3': { gp3: 0.133 },
};

/** What Logs Insights scans, in USD a GB: AWS's page of prices for CloudWatch, 2026-06. */
export const LOGS_SCANNED: Readonly<Record<string, number>> = { 'us-east-1': 0.005 };
/** A minute of a session of Live Tail, in USD: the same page. */
export const LIVE_TAIL: Readonly<Record<string, number>> = { 'us-east-1': 0.01 };
export const LOGS_FROM = { source: "AWS's page of prices", asOf: '2026-06' } as const;
