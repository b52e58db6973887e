import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../../src/lib/project/index.ts';
import { partKey } from '../../../src/lib/project/model.ts';
import { effectiveConfiguration } from '../../../src/lib/project/show.ts';
import { load } from './folder.ts';

const HEAD = 'project: shop\nstacks: { app: { template: app.json }, api: { template: app.json } }\nsites:\n';
const FILES = { 'app.json': '{"Resources":{"A":{"Type":"AWS::SNS::Topic"}}}' };

async function problems(site: string): Promise<string> {
  return load(`${HEAD}  web: ${site}\n`, {}, FILES).then(
    () => '',
    (error: Error & { why?: string }) => `${error.message}\n${error.why ?? ''}`,
  );
}

describe('the sites of a project', () => {
  it('have defaults for all but folder and bucket, and the folder need not be there yet', async () => {
    const { project } = await load(`${HEAD}  web: { folder: dist, bucket: shop-web }\n`, {}, FILES);
    expect(project.sites.get('web')).toEqual({
      name: 'web',
      folder: `${project.root}/dist`,
      bucket: 'shop-web',
      prefix: '',
      build: [],
      environment: {},
      cache: {},
      headers: {},
      types: {},
      exclude: [],
      allow: [],
      keep: { releases: 3 },
      invalidate: 'changed',
      wait: 120_000,
    });
  });

  it('come after what they refer to, and before the checks', async () => {
    const { project } = await load(
      `${HEAD}  web:
    folder: dist
    bucket: { output: app.Bucket }
    environment: { API: { output: api.ApiUrl } }
    config: { file: config.json, values: { id: { output: api.Id } } }
checks: { home: { url: https://example.com } }
`,
      {},
      FILES,
    );
    const graph = buildGraph(project);
    expect(graph.needs({ kind: 'site', name: 'web' }).map(partKey)).toEqual(['stack app', 'stack api']);
    expect(graph.needs({ kind: 'check', name: 'home' }).map(partKey)).toContain('site web');
  });

  it('are overridden by an environment, references as a whole', async () => {
    const { project } = await load(
      `project: shop
environments: { dev: {}, prod: { sites: { web: { bucket: { ssm: /web/bucket }, keep: 7d, wait: false } } } }
stacks: { app: { template: app.json } }
sites: { web: { folder: dist, bucket: { output: app.Bucket }, prefix: docs/v1, keep: 5 } }
`,
      { environment: 'prod' },
      FILES,
    );
    expect(project.sites.get('web')).toMatchObject({
      bucket: { ssm: '/web/bucket' },
      prefix: 'docs/v1/',
      keep: { ms: 7 * 86_400_000, written: '7d' },
      wait: 0,
    });
  });

  it('are shown as a configuration that gives the same', async () => {
    const source = `${HEAD}  web: { folder: dist, bucket: { output: app.Bucket }, prefix: docs, distribution: E2EXAMPLE12345, build: [npm, run, build], environment: { A: 1 }, config: { file: js/config.js, values: { a: true }, global: APP }, cache: { '*.png': 1h, '*.js': 'public, max-age=60' }, headers: { '*.pdf': { content-disposition: attachment } }, types: { '*.glb': model/gltf-binary }, exclude: ['*.map'], allow: [x.pem], keep: 36h, invalidate: all, wait: 5m }\n`;
    const { project } = await load(source, {}, FILES);
    const { environment: _, protected: __, ...shown } = effectiveConfiguration(project, { env: {} });
    const again = await load(JSON.stringify(shown), {}, FILES);
    expect(effectiveConfiguration(again.project, { env: {} })).toMatchObject(shown);
    const folder = expect.stringMatching(/\/dist$/);
    expect(again.project.sites.get('web')).toEqual({ ...project.sites.get('web'), folder });
  });

  it.each([
    ['no bucket', '{ folder: dist }', 'infractl.yaml:4:3'],
    ['an unknown key', '{ folder: dist, bucket: b-b, cach: {} }', 'did you mean "cache"?'],
    ['a stack that is not there', '{ folder: dist, bucket: { output: ap.Bucket } }', 'did you mean "app"?'],
    ['no name of a bucket', '{ folder: dist, bucket: "My Bucket" }', 'must be the name of a bucket'],
    [
      'no id of a distribution',
      '{ folder: dist, bucket: b-b, distribution: d1.cloudfront.net }',
      'must be the id of a distribution',
    ],
    [
      'a prefix that leaves the bucket',
      '{ folder: dist, bucket: b-b, prefix: ../x }',
      'must be a path inside the bucket',
    ],
    [
      'a secret as a public value',
      '{ folder: dist, bucket: b-b, environment: { A: { secret: jwt } } }',
      'secret',
    ],
    ['an image as a value', '{ folder: dist, bucket: b-b, environment: { A: { image: api } } }', 'image'],
    [
      'a header of the distribution',
      '{ folder: dist, bucket: b-b, headers: { "*": { x-frame-options: DENY } } }',
      'x-frame-options',
    ],
    ['no caching', '{ folder: dist, bucket: b-b, cache: { "*": forever } }', 'must be immutable, no-cache'],
    [
      'neither releases nor a time',
      '{ folder: dist, bucket: b-b, keep: often }',
      'is neither a number of releases nor a span of time',
    ],
    [
      'a configuration file of another kind',
      '{ folder: dist, bucket: b-b, config: { file: config.xml, values: {} } }',
      'must be a path in the site that ends with .json or .js',
    ],
    ['an empty command', '{ folder: dist, bucket: b-b, build: [] }', 'must name a command'],
    ['another word', '{ folder: dist, bucket: b-b, invalidate: some }', 'sites.web.invalidate'],
  ])('are refused with %s', async (_what, site, said) => {
    expect(await problems(site)).toContain(said);
  });
});
