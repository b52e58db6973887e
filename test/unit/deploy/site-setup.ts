import type { FakeDistribution } from '../../fake/cloudfront.ts';
import type { S3Bucket } from '../../fake/state.ts';
import { Deploys } from './setup.ts';

/** A bucket and a distribution in front of it. */
export const SITE_TEMPLATE = JSON.stringify({
  Resources: {
    Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'shop-web' } },
    Distribution: {
      Type: 'AWS::CloudFront::Distribution',
      Properties: {
        DistributionConfig: {
          Enabled: true,
          Origins: [{ Id: 'site', DomainName: { 'Fn::GetAtt': ['Bucket', 'RegionalDomainName'] } }],
        },
      },
    },
  },
  Outputs: {
    Bucket: { Value: { Ref: 'Bucket' } },
    DistributionId: { Value: { Ref: 'Distribution' } },
    ApiUrl: { Value: 'https://api.example.com' },
  },
});

export const SITE_PROJECT = (more = '', rest = '') => `project: shop
region: eu-west-3
stacks:
  app: { template: app.json }
sites:
  web:
    folder: dist
    bucket: { output: app.Bucket }
    distribution: { output: app.DistributionId }
${more.replace(/^/gm, '    ').trimEnd()}
${rest}`;

/** What the folder holds, as a bundler makes it; `mark` makes another release. */
export const SITE_FILES = (mark: string): Record<string, string> => ({
  'dist/index.html': `<script src="/assets/index-${hashed(mark)}.js"></script>`,
  'dist/about/index.html': '<p>about</p>',
  [`dist/assets/index-${hashed(mark)}.js`]: `console.log('${mark}')`,
  'dist/assets/logo.svg': '<svg/>',
  'dist/sw.js': `const release = '${mark}'`,
});

/** Eight letters as Rollup writes them. */
export const hashed = (mark: string): string => `B${mark.padEnd(3, 'x').slice(0, 3)}9Kq_`;

/** `deploy` of a project with a site. */
export class SiteDeploys {
  readonly deploys: Deploys;

  private constructor(deploys: Deploys) {
    this.deploys = deploys;
  }

  static async open(more = '', rest = ''): Promise<SiteDeploys> {
    const files = {
      'infractl.yaml': SITE_PROJECT(more, rest),
      'app.json': SITE_TEMPLATE,
      ...SITE_FILES('one'),
    };
    return new SiteDeploys(await Deploys.open(files));
  }

  async build(mark: string): Promise<void> {
    const { rmSync } = await import('node:fs');
    rmSync(`${this.deploys.folder}/dist`, { recursive: true, force: true });
    for (const [name, text] of Object.entries(SITE_FILES(mark))) this.deploys.put(name, text);
  }

  get fake() {
    return this.deploys.fake;
  }

  get bucket(): S3Bucket {
    return this.fake.state.s3.buckets.get('shop-web') as S3Bucket;
  }

  get distribution(): FakeDistribution {
    return [...this.fake.state.cloudFront.distributions.values()][0] as FakeDistribution;
  }

  /** Path → text of what is there, without the mark of whose it is. */
  files(): Record<string, string> {
    return Object.fromEntries(
      [...this.bucket.objects]
        .filter(([key]) => key !== '.infractl.json')
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { body }]) => [key, Buffer.from(body).toString()]),
    );
  }

  /** Keys of the site's bucket that were put since a request's number, in their order. */
  putSince(from: number): string[] {
    return this.fake.requests
      .slice(from)
      .filter(({ action, parameters }) => action === 'CopyObject' && parameters.Bucket === 'shop-web')
      .map(({ parameters }) => String(parameters.Key));
  }

  close(): Promise<void> {
    return this.deploys.close();
  }
}
