import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDestroy, openPrune, openRollback, projectDifferences } from '../../../src/lib/deploy/index.ts';
import { startHealth } from './setup.ts';
import { hashed, SiteDeploys } from './site-setup.ts';

let site: SiteDeploys;
beforeEach(async () => {
  site = await SiteDeploys.open();
});
afterEach(() => site.close());

const failure = (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
const partOf = (result: { parts: readonly { part: string }[] }, part = 'site web') =>
  result.parts.find((one) => one.part === part) as unknown as Record<string, unknown>;
const later = () => site.fake.clock.sleep(60_000);
const assets = () => Object.keys(site.files()).filter((key) => key.startsWith('assets/index-'));

describe('a deploy of a site', () => {
  it('puts all files with their types and caching, assets first and the entry after the pages', async () => {
    const result = await site.deploys.deploy();
    expect(partOf(result)).toMatchObject({
      outcome: 'created',
      after: { files: 5, put: 5, bucket: 'shop-web' },
    });
    const { objects } = site.bucket;
    expect(objects.get('index.html')).toMatchObject({
      contentType: 'text/html; charset=utf-8',
      headers: { 'cache-control': 'no-cache' },
    });
    expect(objects.get(`assets/index-${hashed('one')}.js`)).toMatchObject({
      contentType: 'text/javascript; charset=utf-8',
      headers: { 'cache-control': 'public, max-age=31536000, immutable' },
    });
    expect(objects.get('assets/logo.svg')?.headers).toEqual({ 'cache-control': 'no-cache' });
    const order = site.putSince(0);
    expect(order.slice(0, 2).sort()).toEqual([`assets/index-${hashed('one')}.js`, 'assets/logo.svg']);
    expect(order.slice(2)).toEqual(['about/index.html', 'index.html', 'sw.js']);
    // Nothing was there before, so the CDN holds nothing old.
    expect(site.distribution.invalidations).toEqual([]);
  });

  it('again puts nothing, asks little and leaves no entry in the journal', async () => {
    await site.deploys.deploy();
    const entries = site.deploys.journal().length;
    const mutations = site.fake.mutations().length;
    const from = site.fake.requests.length;
    const result = await site.deploys.deploy({ createStack: false });
    expect(partOf(result)).toMatchObject({ outcome: 'unchanged' });
    expect(site.fake.mutations()).toHaveLength(mutations);
    expect(site.deploys.journal()).toHaveLength(entries);
    expect(site.fake.requests.length - from).toBeLessThan(12);
  });

  it('with a change puts what changed, keeps the old assets, and tells the CDN of what is another now', async () => {
    await site.deploys.deploy();
    await later();
    await site.build('two');
    const from = site.fake.requests.length;
    const result = await site.deploys.deploy({ createStack: false });
    expect(site.putSince(from)).toEqual([`assets/index-${hashed('two')}.js`, 'index.html', 'sw.js']);
    expect(assets().sort()).toEqual([`assets/index-${hashed('one')}.js`, `assets/index-${hashed('two')}.js`]);
    expect(site.distribution.invalidations).toMatchObject([{ paths: ['/', '/index.html', '/sw.js'] }]);
    expect(partOf(result)).toMatchObject({
      outcome: 'updated',
      detail: expect.stringMatching(/^release [0-9a-f]{12}: 3 files put, 3 paths invalidated$/),
      after: { invalidated: ['/', '/index.html', '/sw.js'], url: expect.stringContaining('.cloudfront.net') },
    });
    const [, entry] = site.deploys.journal();
    expect(entry).toMatchObject({ parts: [expect.objectContaining({ part: 'site web' })] });
  });

  it('removes assets after as many releases as were asked for, and pages at once', async () => {
    await site.deploys.deploy();
    for (const mark of ['two', 'thr', 'fou', 'fiv']) {
      await later();
      await site.build(mark);
      if (mark === 'two') site.deploys.put('dist/old.html', 'old');
      await site.deploys.deploy({ createStack: false });
      expect(Object.keys(site.files()).includes('old.html')).toBe(mark === 'two');
    }
    expect(assets().sort()).toEqual(
      ['fiv', 'fou', 'thr', 'two'].map((mark) => `assets/index-${hashed(mark)}.js`),
    );
  });

  it('mends what somebody changed or deleted by hand, and leaves what is not its own', async () => {
    await site.deploys.deploy();
    await later();
    const index = site.bucket.objects.get('index.html');
    if (index) site.bucket.objects.set('index.html', { ...index, body: Buffer.from('hacked'), etag: '"x"' });
    site.bucket.objects.delete('sw.js');
    if (index) site.bucket.objects.set('theirs.html', { ...index, body: Buffer.from('theirs') });
    const result = await site.deploys.deploy({ createStack: false });
    expect(partOf(result)).toMatchObject({ outcome: 'updated', after: { put: 2 } });
    expect(site.files()).toMatchObject({ 'sw.js': "const release = 'one'", 'theirs.html': 'theirs' });
    expect(site.files()['index.html']).toContain('<script');
    expect(site.distribution.invalidations).toMatchObject([{ paths: ['/', '/index.html'] }]);
  });

  it('in a dry run says each file, and makes no mutating call', async () => {
    await site.deploys.deploy();
    await later();
    await site.build('two');
    const before = site.fake.mutations().length;
    const result = await site.deploys.deploy({ createStack: false, dryRun: true });
    expect(partOf(result)).toMatchObject({
      outcome: 'update',
      detail: '3 files to put (1 new, 2 changed); 3 paths to invalidate; 1 asset of earlier releases kept',
      files: [
        { path: `assets/index-${hashed('two')}.js`, change: 'new' },
        { path: 'index.html', change: 'changed' },
        { path: 'sw.js', change: 'changed' },
      ],
    });
    const diff = await projectDifferences(await site.deploys.deps(), await site.deploys.project(), {
      parts: [{ kind: 'site', name: 'web' }],
      offline: false,
    });
    expect(diff.parts).toMatchObject([{ part: 'site web', would: 'update', files: { length: 3 } }]);
    expect(site.fake.mutations().filter(({ service }) => service !== 'cloudformation')).toHaveLength(
      site.fake
        .mutations()
        .slice(0, before)
        .filter(({ service }) => service !== 'cloudformation').length,
    );
  });

  it('goes back when a check fails, and the journal says so', async () => {
    const health = await startHealth();
    await site.close();
    site = await SiteDeploys.open('', `checks:\n  home: { url: "${health.url}", timeout: 5s }\n`);
    try {
      await site.deploys.deploy();
      await later();
      await site.build('two');
      health.status = 500;
      const error = await failure(site.deploys.deploy({ createStack: false }));
      expect(error).toMatchObject({ code: 'Unhealthy', exit: 8 });
      expect(error.why).toMatch(/It was taken back: web is on release [0-9a-f]{12} again\./);
      expect(site.files()['index.html']).toContain(hashed('one'));
      expect(site.files()['sw.js']).toContain('one');
      expect(site.deploys.journal().at(-1)).toMatchObject({
        result: 'unhealthy',
        parts: expect.arrayContaining([expect.objectContaining({ part: 'site web', outcome: 'reverted' })]),
      });
      expect(site.distribution.invalidations).toHaveLength(2);
    } finally {
      await health.close();
    }
  });

  it('takes no other bucket: of another account, of another project, behind another distribution', async () => {
    await site.deploys.deploy();
    site.bucket.objects.clear();
    site.bucket.settings.set(
      'tagging',
      '<Tagging><TagSet><Tag><Key>infractl:project</Key><Value>blog</Value></Tag></TagSet></Tagging>',
    );
    expect(await failure(site.deploys.deploy({ createStack: false }))).toMatchObject({
      code: 'NotOurBucket',
      exit: 5,
    });
    site.bucket.settings.clear();
    Object.assign(site.bucket, { owner: '999999999999' });
    const denied = await failure(site.deploys.deploy({ createStack: false }));
    expect(denied).toMatchObject({ code: 'AccessDenied', exit: 4 });
    expect(denied.why).toContain('another account than 123456789012');
    Object.assign(site.bucket, { owner: '123456789012' });
    const origins = site.distribution.origins as { domain: string }[];
    origins[0] = { domain: 'other.s3.eu-west-3.amazonaws.com' };
    expect(await failure(site.deploys.deploy({ createStack: false }))).toMatchObject({
      code: 'WrongDistribution',
      exit: 2,
    });
    expect(site.bucket.objects.size).toBe(0);
  });

  it('of two environments that share a bucket by mistake, refuses the second', async () => {
    await site.deploys.deploy();
    site.deploys.put(
      'infractl.yaml',
      `project: shop
region: eu-west-3
environments: { dev: {}, prod: {} }
sites: { web: { folder: dist, bucket: shop-web } }
`,
    );
    const { loadProject } = await import('../../../src/lib/project/index.ts');
    const { deployProject } = await import('../../../src/lib/deploy/index.ts');
    const { project } = await loadProject({ cwd: site.deploys.folder, env: {}, environment: 'prod' });
    const options = { parts: [], createStack: false, skipBuild: false, dryRun: false };
    const error = await failure(deployProject(await site.deploys.deps(), project, options));
    expect(error).toMatchObject({ code: 'NotOurBucket', exit: 5 });
    expect(error.message).toContain('of the site web of shop dev');
  });
});

describe('afterwards', () => {
  async function twice(): Promise<string[]> {
    const one = await site.deploys.deploy();
    await later();
    await site.build('two');
    const two = await site.deploys.deploy({ createStack: false });
    await later();
    return [one.journal ?? '', two.journal ?? ''];
  }

  async function rollback(to?: string) {
    const deps = await site.deploys.deps({ commandLine: 'rollback' });
    const one = await openRollback(deps, await site.deploys.project(), { to, parts: [] });
    const plan = await one.plan();
    return { plan, run: () => one.run(plan) };
  }

  it('a rollback puts the release of before back, without its folder, and a second one the other', async () => {
    const [one] = await twice();
    await site.build('gone');
    const { plan, run } = await rollback();
    expect(plan).toMatchObject({
      to: { id: one },
      parts: [
        { part: 'stack app', change: 'unchanged' },
        {
          part: 'site web',
          change: 'back',
          files: [{ path: 'index.html', change: 'changed' }, { path: 'sw.js' }],
        },
      ],
    });
    await run();
    expect(site.files()['index.html']).toContain(hashed('one'));
    await later();
    await (await rollback()).run();
    expect(site.files()['index.html']).toContain(hashed('two'));
  });

  it('a rollback whose bytes are gone is refused before anything is changed', async () => {
    await twice();
    for (const [name, bucket] of site.fake.state.s3.buckets)
      if (name.startsWith('infractl-'))
        for (const key of [...bucket.objects.keys()])
          if (key.startsWith('sites/blobs/')) bucket.objects.delete(key);
    const { plan, run } = await rollback();
    expect(plan.parts).toMatchObject([{}, { part: 'site web', change: 'blocked' }]);
    expect(await failure(run())).toMatchObject({ code: 'RollbackBlocked', exit: 5 });
  });

  it('prune spares what the site and kept runs use, and takes the rest', async () => {
    await site.deploys.deploy();
    for (const mark of ['two', 'thr', 'fou', 'fiv', 'six']) {
      await site.fake.clock.sleep(3 * 3_600_000);
      await site.build(mark);
      await site.deploys.deploy({ createStack: false });
    }
    await site.fake.clock.sleep(3 * 3_600_000);
    const order = { keep: 1, within: 0, grace: 3_600_000 };
    const prune = await openPrune(await site.deploys.deps(), await site.deploys.project(), order);
    const plan = await prune.plan();
    const blobs = plan.items.filter(({ id }) => id.startsWith('sites/blobs/'));
    expect(blobs.some(({ remove }) => remove)).toBe(true);
    await prune.run(plan);
    const kept = (await prune.plan()).items.filter(({ id }) => id.startsWith('sites/'));
    expect(kept.every(({ remove }) => !remove)).toBe(true);
    // The state that is there can still be made again from what is left.
    site.bucket.objects.clear();
    await site.deploys.deploy({ createStack: false });
    expect(site.files()['index.html']).toContain(hashed('six'));
  });

  it('destroy takes away what was put, and asks for the rest of the bucket', async () => {
    await site.deploys.deploy();
    const destroy = await openDestroy(
      await site.deploys.deps({ commandLine: 'destroy' }),
      await site.deploys.project(),
      { keep: [] },
    );
    const inventory = await destroy.inventory();
    expect(inventory.sites).toEqual([{ part: 'site web', bucket: 'shop-web', prefix: '', files: 5 }]);
    const { parts } = await destroy.run();
    expect(parts.map(({ part, outcome }) => `${part} ${outcome}`)).toEqual([
      'site web deleted',
      'stack app deleted',
    ]);
    expect(site.fake.state.s3.buckets.has('shop-web')).toBe(false);
  });

  it('keeps its files where the stack with its bucket is kept', async () => {
    await site.deploys.deploy();
    const before = [...site.bucket.objects.keys()];
    const deps = await site.deploys.deps({ commandLine: 'destroy' });
    const destroy = await openDestroy(deps, await site.deploys.project(), { keep: ['stack:app'] });
    expect(await destroy.inventory()).toMatchObject({ stacks: [], sites: [], kept: ['stack app'] });
    await destroy.run();
    expect([...site.bucket.objects.keys()]).toEqual(before);
  });

  it('destroy leaves the files of others in a bucket that is not the project’s', async () => {
    await site.deploys.deploy();
    const object = site.bucket.objects.get('index.html');
    if (object) site.bucket.objects.set('theirs.html', object);
    site.deploys.put(
      'infractl.yaml',
      'project: shop\nregion: eu-west-3\nsites: { web: { folder: dist, bucket: shop-web } }\n',
    );
    const destroy = await openDestroy(
      await site.deploys.deps({ commandLine: 'destroy' }),
      await site.deploys.project(),
      { keep: [] },
    );
    await destroy.inventory();
    await destroy.run();
    expect([...site.bucket.objects.keys()]).toEqual(['theirs.html']);
  });
});
