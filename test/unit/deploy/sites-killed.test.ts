import { afterEach, describe, expect, it } from 'vitest';
import { hashed, SiteDeploys } from './site-setup.ts';

/** Deploys of a site that end at any of their requests, as a process that is killed does; throttled; two at once. */

const opened: SiteDeploys[] = [];
afterEach(async () => {
  for (const site of opened.splice(0)) await site.close();
});

async function deployed(): Promise<SiteDeploys> {
  const site = await SiteDeploys.open('keep: 0');
  opened.push(site);
  site.deploys.put('dist/gone.html', 'gone');
  await site.deploys.deploy();
  await site.fake.clock.sleep(60_000);
  await site.build('two');
  return site;
}

const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Every page that is there finds the assets that it names. */
function expectWhole(site: SiteDeploys): void {
  const files = site.files();
  const [, asset = ''] = /src="\/([^"]+)"/.exec(files['index.html'] ?? '') ?? [];
  expect(Object.keys(files)).toContain(asset);
}

describe('a deploy of a site, killed', () => {
  it.each(['reset', 'lost'] as const)(
    'at any of its changes (%s): no page without its assets, and the next run ends it with one invalidation',
    { timeout: 240_000 },
    async (how) => {
      const measured = await deployed();
      const from = measured.fake.requests.length;
      await measured.deploys.deploy({ createStack: false });
      const want = measured.files();
      expect(Object.keys(want)).not.toContain('gone.html');
      expect(Object.keys(want)).not.toContain(`assets/index-${hashed('one')}.js`);
      for (const at of measured.deploys.changesSince(from)) {
        const site = await deployed();
        site.deploys.killAt(at, how);
        await failed(site.deploys.deploy({ createStack: false }));
        expectWhole(site);
        await site.deploys.comeBack();
        await site.deploys.deploy({ createStack: false });
        expect(site.files()).toEqual(want);
        const [invalidation] = site.distribution.invalidations;
        for (const path of ['/', '/gone.html', '/index.html', '/sw.js'])
          expect(invalidation?.paths).toContain(path);
        expect(site.distribution.invalidations).toHaveLength(1);
        await site.close();
        opened.splice(opened.indexOf(site), 1);
      }
    },
  );
});

describe('a deploy of a site', () => {
  it('throttled at every third call comes to the same end', async () => {
    const site = await deployed();
    for (const action of ['s3:CopyObject', 's3:PutObject', 's3:DeleteObjects', 'cloudfront:*'])
      site.fake.faults.throttle(action, { every: 3, times: Number.POSITIVE_INFINITY });
    site.fake.faults.unavailable('s3:HeadObject', { every: 3, times: Number.POSITIVE_INFINITY });
    await site.deploys.deploy({ createStack: false });
    expectWhole(site);
    expect(site.files()['sw.js']).toContain('two');
    expect(site.distribution.invalidations).toHaveLength(1);
  });

  it('waits for its turn while CloudFront is busy with other invalidations', async () => {
    const site = await deployed();
    site.fake.state.cloudFront.most = 1;
    site.distribution.invalidations.push({
      id: 'I0',
      reference: 'theirs',
      paths: ['/*'],
      at: site.fake.clock.now(),
    });
    await site.deploys.deploy({ createStack: false });
    expect(site.distribution.invalidations).toHaveLength(2);
    const said = site.deploys.events.flatMap((event) => (event.type === 'part.status' ? [event.status] : []));
    expect(said).toContain('waiting: CloudFront is busy with other invalidations');
  });

  it('says when CloudFront takes longer than somebody wants to wait, and is done all the same', async () => {
    const site = await deployed();
    site.fake.state.cloudFront.invalidationMs = 3_600_000;
    const { parts } = await site.deploys.deploy({ createStack: false });
    expect(parts.at(-1)).toMatchObject({ part: 'site web', outcome: 'updated' });
    const warnings = site.deploys.events.flatMap((event) =>
      event.type === 'warning' ? [event.message] : [],
    );
    expect(warnings.join()).toContain('has not let go of the old ones everywhere yet');
  });

  it('of two people at once is done by one; the other is told who, and finds it done afterwards', async () => {
    const site = await deployed();
    const ends = await Promise.all([
      failed(site.deploys.deploy({ createStack: false })),
      failed(site.deploys.deploy({ createStack: false })),
    ]);
    expect(ends.filter((error) => error !== undefined)).toMatchObject([{ code: 'Locked', exit: 6 }]);
    expectWhole(site);
    expect(site.distribution.invalidations).toHaveLength(1);
    const { parts } = await site.deploys.deploy({ createStack: false });
    expect(parts.at(-1)).toMatchObject({ outcome: 'unchanged' });
  });

  it('refused by CloudFront is not forgotten: the next run makes the invalidation alone', async () => {
    const site = await deployed();
    site.fake.faults.deny('cloudfront:CreateInvalidation', { times: 1 });
    expect(await failed(site.deploys.deploy({ createStack: false }))).toMatchObject({ code: 'AccessDenied' });
    expectWhole(site);
    const from = site.fake.requests.length;
    await site.fake.clock.sleep(60_000);
    await site.deploys.deploy({ createStack: false });
    expect(site.putSince(from)).toEqual([]);
    expect(site.distribution.invalidations).toHaveLength(1);
  });
});
