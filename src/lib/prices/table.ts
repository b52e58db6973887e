/**
 * EC2 on demand, Linux on shared hardware, in USD an hour. A price that is not here is not guessed.
 *
 * us-east-1: Karpenter's copy of AWS's price list, generated from the Pricing API on 2026-07-20
 * (aws/karpenter-provider-aws, pkg/providers/pricing/zz_generated.pricing_aws.go). The other regions were compared on
 * 2026-11-21 with SkyPilot's copy (skypilot-org/skypilot-catalog, catalogs/v8/aws/vms.csv); t2 and t4g in Europe with
 * listings that quote the Pricing API and Cost Explorer.
 */
export const INSTANCES_FROM = { source: "public copies of AWS's price list", asOf: '2026-07-20' } as const;

/** Family → the price of its size `large`, Linux, shared hardware. The other sizes are multiples of it. */
export const LARGE: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'us-east-1': {
    t2: 0.0928,
    t3: 0.0832,
    t3a: 0.0752,
    t4g: 0.0672,
    m4: 0.1,
    m5: 0.096,
    m5a: 0.086,
    m5d: 0.113,
    m6i: 0.096,
    m6a: 0.0864,
    m6g: 0.077,
    m7i: 0.1008,
    m7a: 0.11592,
    m7g: 0.0816,
    m8g: 0.08976,
    c5: 0.085,
    c5a: 0.077,
    c6i: 0.085,
    c6a: 0.0765,
    c6g: 0.068,
    c7i: 0.08925,
    c7a: 0.10264,
    c7g: 0.0725,
    c8g: 0.07976,
    r5: 0.126,
    r5a: 0.113,
    r6i: 0.126,
    r6a: 0.1134,
    r6g: 0.1008,
    r7i: 0.1323,
    r7a: 0.15215,
    r7g: 0.1071,
    r8g: 0.11782,
  },
  'eu-west-1': { t2: 0.1008, t3: 0.0912, t3a: 0.0816, t4g: 0.0736, r7i: 0.14805 },
  'eu-west-2': { t2: 0.1056, t3: 0.0944, t3a: 0.085, r7i: 0.1554 },
  'eu-west-3': { t2: 0.1056, t3: 0.0944, t3a: 0.085, r7i: 0.1554 },
  'eu-central-1': { t2: 0.1072, t3: 0.096, t3a: 0.0864, r7i: 0.1596 },
};

/** Regions whose prices are another's. */
export const SAME_AS: Readonly<Record<string, string>> = {
  'us-east-2': 'us-east-1',
  'us-west-2': 'us-east-1',
};

/** Sizes as multiples of `large`. */
export const SIZES: Readonly<Record<string, number>> = {
  nano: 1 / 16,
  micro: 1 / 8,
  small: 1 / 4,
  medium: 1 / 2,
  large: 1,
  xlarge: 2,
  '2xlarge': 4,
  '4xlarge': 8,
  '8xlarge': 16,
  '12xlarge': 24,
  '16xlarge': 32,
  '24xlarge': 48,
};
