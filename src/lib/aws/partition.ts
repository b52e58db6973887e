/** A part of AWS with accounts, names and prices of its own. */
export interface Partition {
  /** As ARNs name it. */
  readonly id: string;
  /** What the names of its hosts end with. */
  readonly suffix: string;
  /** The region in which it has what is there once for all regions: the bill, the metrics of CloudFront. */
  readonly home: string;
}

const AWS: Partition = { id: 'aws', suffix: 'amazonaws.com', home: 'us-east-1' };

/** The others, by how their regions begin, the longer first. As AWS's own SDKs have them. */
const OTHERS: readonly (readonly [string, Partition])[] = [
  ['cn-', { id: 'aws-cn', suffix: 'amazonaws.com.cn', home: 'cn-northwest-1' }],
  ['us-gov-', { id: 'aws-us-gov', suffix: 'amazonaws.com', home: 'us-gov-west-1' }],
  ['eusc-', { id: 'aws-eusc', suffix: 'amazonaws.eu', home: 'eusc-de-east-1' }],
  ['us-isob-', { id: 'aws-iso-b', suffix: 'sc2s.sgov.gov', home: 'us-isob-east-1' }],
  ['us-isof-', { id: 'aws-iso-f', suffix: 'csp.hci.ic.gov', home: 'us-isof-south-1' }],
  ['eu-isoe-', { id: 'aws-iso-e', suffix: 'cloud.adc-e.uk', home: 'eu-isoe-west-1' }],
  ['us-iso-', { id: 'aws-iso', suffix: 'c2s.ic.gov', home: 'us-iso-east-1' }],
];

/** The partition that a region lies in; a region that nobody knows is one of the ordinary partition. */
export function partitionOf(region: string): Partition {
  return OTHERS.find(([start]) => region.startsWith(start))?.[1] ?? AWS;
}

/** Whether AWS's public prices, in dollars, are those of a region. */
export function hasPublicPrices(region: string): boolean {
  return partitionOf(region) === AWS;
}
