import { CostExplorerClient } from '@aws-sdk/client-cost-explorer';
import { S3Client } from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { hasPublicPrices, partitionOf } from '../../../src/lib/aws/partition.ts';
import { objectUrl } from '../../../src/lib/aws/s3.ts';

const REGIONS = {
  'eu-west-3': ['aws', 'us-east-1'],
  'mx-central-1': ['aws', 'us-east-1'],
  'cn-north-1': ['aws-cn', 'cn-northwest-1'],
  'us-gov-east-1': ['aws-us-gov', 'us-gov-west-1'],
  'eusc-de-east-1': ['aws-eusc', 'eusc-de-east-1'],
  'us-iso-west-1': ['aws-iso', 'us-iso-east-1'],
  'us-isob-east-1': ['aws-iso-b', 'us-isob-east-1'],
} as const;

/** Where a client would send a request. */
function hostOf(client: S3Client | SSMClient | CostExplorerClient, Region: string): string {
  const provider = client.config.endpointProvider as (parameters: object) => { url: URL };
  return provider({ Region, UseFIPS: false, UseDualStack: false }).url.hostname;
}

describe('a partition', () => {
  it.each(Object.entries(REGIONS))('of %s is the one that the SDK finds', (name, [id, home]) => {
    const found = partitionOf(name);
    expect(found).toMatchObject({ id, home });
    expect(hostOf(new S3Client({ region: name }), name)).toBe(`s3.${name}.${found.suffix}`);
    expect(hostOf(new SSMClient({ region: name }), name)).toBe(`ssm.${name}.${found.suffix}`);
    expect(objectUrl('b', name, undefined, 'k')).toBe(`https://b.s3.${name}.${found.suffix}/k`);
    const bill = hostOf(new CostExplorerClient({ region: home }), home);
    expect(bill).toMatch(new RegExp(`^ce\\.${home}\\.`));
  });

  it('has the public prices where it is the ordinary one', () => {
    expect(Object.keys(REGIONS).filter(hasPublicPrices)).toEqual(['eu-west-3', 'mx-central-1']);
  });
});
