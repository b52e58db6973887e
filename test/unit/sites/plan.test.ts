import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { kindOf, ORDER } from '../../../src/lib/sites/kinds.ts';
import { afterwards, aheadOf, planSite, type SitePlan } from '../../../src/lib/sites/plan.ts';
import type { SiteRecord } from '../../../src/lib/sites/record.ts';
import { releaseOf } from '../../../src/lib/sites/release.ts';
import type { Keep, Release, StoredFile } from '../../../src/lib/sites/types.ts';

const PLACE = { bucket: 'b', prefix: '' };
const PATHS = ['index.html', 'about/index.html', 'sw.js', 'a.js', 'b.css', 'c.png', 'd.woff2', 'feed.xml'];
const HOUR = 3_600_000;

const release = fc
  .dictionary(fc.constantFrom(...PATHS), fc.constantFrom('1', '2', '3'), { minKeys: 1 })
  .map((files) =>
    releaseOf(
      Object.entries(files).map(([path, mark]) => ({
        path,
        sha256: mark.repeat(64),
        size: 1,
        headers: { 'content-type': 'x', 'cache-control': mark === '3' ? 'no-cache' : 'no-store' },
      })),
    ),
  );

/** A bucket that does what a plan says. */
class Bucket {
  there = new Map<string, StoredFile>();
  record: SiteRecord | undefined;
  now = 0;
  #serial = 0;

  plan(wanted: Release, keep: Keep): SitePlan {
    return planSite({ wanted, record: this.record, there: this.there, keep, now: this.now });
  }

  /** @param stopAfter how many changes are made before the process dies; all when undefined */
  deploy(wanted: Release, keep: Keep, stopAfter = Number.POSITIVE_INFINITY): void {
    const plan = this.plan(wanted, keep);
    const before = new Map(this.there);
    const ahead = aheadOf(this.record, plan, before, { place: PLACE });
    this.record = ahead;
    let left = stopAfter;
    const answers = new Map<string, { etag: string; modified: number }>();
    for (const { file } of plan.puts.flat()) {
      if (left-- <= 0) return;
      const answer = { etag: `"${++this.#serial}"`, modified: this.now };
      this.there.set(file.path, { ...answer, size: file.size });
      answers.set(file.path, answer);
    }
    for (const path of plan.removals) {
      if (left-- <= 0) return;
      this.there.delete(path);
    }
    if (left <= 0) return;
    this.record = afterwards(ahead, plan, { wanted, there: before, now: this.now }, answers);
  }
}

const paths = ({ files }: Release) => files.map(({ path }) => path);

describe('the plan of a site', () => {
  it('done, there is nothing left to do, whatever was there before', () => {
    fc.assert(
      fc.property(fc.array(release, { minLength: 1, maxLength: 6 }), fc.nat(4), (releases, keep) => {
        const bucket = new Bucket();
        for (const one of releases) {
          bucket.deploy(one, { releases: keep });
          const again = bucket.plan(one, { releases: keep });
          expect([again.puts, again.removals, again.newRelease]).toEqual([[], [], false]);
          expect(paths(one).filter((path) => !bucket.there.has(path))).toEqual([]);
        }
      }),
    );
  });

  it('puts no page before an asset, no worker before a page, and each file once', () => {
    fc.assert(
      fc.property(release, release, (before, after) => {
        const bucket = new Bucket();
        bucket.deploy(before, { releases: 2 });
        const { puts } = bucket.plan(after, { releases: 2 });
        const ranks = puts.map((group) =>
          Math.max(...group.map(({ file }) => ORDER.indexOf(kindOf(file.path)))),
        );
        expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
        const put = puts.flat().map(({ file }) => file.path);
        expect(new Set(put).size).toBe(put.length);
        if (put.includes('index.html') && put.some((path) => kindOf(path) === 'page'))
          expect(put.filter((path) => kindOf(path) === 'page').at(-1)).toBe('index.html');
      }),
    );
  });

  it('keeps the assets of as many earlier releases as were asked for, and no page that is gone', () => {
    fc.assert(
      fc.property(fc.array(release, { minLength: 1, maxLength: 8 }), fc.nat(3), (releases, keep) => {
        const bucket = new Bucket();
        const done: Release[] = [];
        for (const one of releases) {
          bucket.deploy(one, { releases: keep });
          if (done.at(-1)?.id !== one.id) done.push(one);
          const used = done.slice(-1 - keep).flatMap(paths);
          const wanted = new Set(paths(one));
          for (const path of used.filter((path) => kindOf(path) === 'asset'))
            expect(bucket.there.has(path)).toBe(true);
          for (const path of bucket.there.keys())
            expect(wanted.has(path) || (kindOf(path) === 'asset' && keep > 0)).toBe(true);
        }
      }),
    );
  });

  it('keeps assets for a time, counted from when they left', () => {
    const bucket = new Bucket();
    const of = (...names: string[]) =>
      releaseOf(names.map((path) => ({ path, sha256: '1'.repeat(64), size: 1, headers: {} })));
    bucket.deploy(of('index.html', 'a.js'), { ms: 2 * HOUR });
    bucket.now = 10 * HOUR;
    bucket.deploy(of('index.html', 'b.js'), { ms: 2 * HOUR });
    expect([...bucket.there.keys()]).toContain('a.js');
    bucket.now = 11 * HOUR;
    expect(bucket.plan(of('index.html', 'b.js'), { ms: 2 * HOUR }).removals).toEqual([]);
    bucket.now = 12 * HOUR;
    expect(bucket.plan(of('index.html', 'b.js'), { ms: 2 * HOUR }).removals).toEqual(['a.js']);
  });

  it('cut off anywhere, the next run makes it whole and leaves nothing of ours behind', () => {
    fc.assert(
      fc.property(release, release, release, fc.nat(12), (first, cut, last, at) => {
        const bucket = new Bucket();
        bucket.deploy(first, { releases: 0 });
        bucket.deploy(cut, { releases: 0 }, at);
        bucket.deploy(last, { releases: 0 });
        expect([...bucket.there.keys()].sort()).toEqual(paths(last));
      }),
    );
  });

  it('removes nothing that it did not put, or that somebody put over it', () => {
    fc.assert(
      fc.property(release, release, fc.subarray(PATHS), (before, after, touched) => {
        const bucket = new Bucket();
        bucket.there.set('theirs.html', { etag: 't', size: 1, modified: 0 });
        bucket.deploy(before, { releases: 0 });
        for (const path of touched)
          if (bucket.there.has(path)) bucket.there.set(path, { etag: 't', size: 1, modified: 0 });
        const plan = bucket.plan(after, { releases: 0 });
        expect(plan.foreign).toContain('theirs.html');
        for (const path of plan.removals) {
          expect(touched).not.toContain(path);
          expect(paths(before)).toContain(path);
        }
        for (const path of paths(after)) expect(plan.removals).not.toContain(path);
      }),
    );
  });

  it('cut off before it replaced what somebody else had there, leaves that to them', () => {
    fc.assert(
      fc.property(release, release, fc.nat(12), (cut, last, at) => {
        const bucket = new Bucket();
        for (const path of PATHS) bucket.there.set(path, { etag: 'theirs', size: 1, modified: 0 });
        bucket.deploy(cut, { releases: 0 }, at);
        const theirs = [...bucket.there].filter(([, { etag }]) => etag === 'theirs').map(([path]) => path);
        const { removals } = bucket.plan(last, { releases: 0 });
        for (const path of removals) expect(theirs).not.toContain(path);
      }),
    );
  });

  it('tells the CDN of what has another answer afterwards, and of nothing else', () => {
    fc.assert(
      fc.property(release, release, (before, after) => {
        const bucket = new Bucket();
        bucket.deploy(before, { releases: 0 });
        const { stale } = bucket.plan(after, { releases: 0 });
        const old = new Map(before.files.map((file) => [file.path, JSON.stringify(file)]));
        const fresh = new Map(after.files.map((file) => [file.path, JSON.stringify(file)]));
        const differs = [...old.keys()].filter((path) => old.get(path) !== fresh.get(path));
        expect(stale).toEqual(differs.sort());
      }),
    );
  });

  it('sees a change of the headers alone, and one made by hand that S3 tells by its time only', () => {
    const bucket = new Bucket();
    const of = (cache: string) =>
      releaseOf([{ path: 'a.js', sha256: '1'.repeat(64), size: 1, headers: { 'cache-control': cache } }]);
    bucket.deploy(of('no-cache'), { releases: 0 });
    expect(bucket.plan(of('no-store'), { releases: 0 }).puts).toMatchObject([[{ why: 'headers' }]]);
    const stored = bucket.there.get('a.js') as StoredFile;
    bucket.there.set('a.js', { ...stored, modified: stored.modified + HOUR });
    expect(bucket.plan(of('no-cache'), { releases: 0 }).puts).toMatchObject([[{ why: 'mended' }]]);
  });

  it('tells of a file that browsers were to keep for a year, and that is another one now', () => {
    const bucket = new Bucket();
    const of = (mark: string) =>
      releaseOf([
        {
          path: 'logo-Version2Logo.png',
          sha256: mark.repeat(64),
          size: 1,
          headers: { 'cache-control': 'public, max-age=31536000, immutable' },
        },
      ]);
    bucket.deploy(of('1'), { releases: 0 });
    expect(bucket.plan(of('2'), { releases: 0 }).broken).toEqual(['logo-Version2Logo.png']);
  });

  it('takes names for names: one that every object has is a file like others', () => {
    const bucket = new Bucket();
    const odd = releaseOf([{ path: 'constructor', sha256: '1'.repeat(64), size: 1, headers: {} }]);
    bucket.deploy(odd, { releases: 0 });
    expect(bucket.plan(odd, { releases: 0 }).puts).toEqual([]);
    expect(bucket.there.has('constructor')).toBe(true);
  });
});
