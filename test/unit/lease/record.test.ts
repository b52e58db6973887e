import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXPIRY_MS, holderWords, judge, type LeaseRecord } from '../../../src/lib/lease/record.ts';

const RECORD: LeaseRecord = {
  format: 1,
  id: 'one',
  project: 'shop',
  environment: 'dev',
  owner: { who: 'arn:x', host: 'laptop', user: 'ann', pid: 1, command: 'deploy' },
  since: '2026-01-05T09:00:00.000Z',
  beat: 3,
  expiresAfterSeconds: 60,
};
const seen = (record: object | string, age?: number) => ({
  object: {
    body: new TextEncoder().encode(typeof record === 'string' ? record : JSON.stringify(record)),
    etag: '"e"',
  },
  ...(age === undefined ? {} : { age }),
});

describe('whether a lock may be taken', () => {
  it('where there is none, or it was given back: yes', () => {
    expect(judge({})).toMatchObject({ free: true, why: 'nobody', etag: undefined });
    expect(judge(seen({ ...RECORD, released: { how: 'done' } }, 0))).toMatchObject({
      free: true,
      why: 'released',
      etag: '"e"',
    });
  });

  it('is a matter of its age by S3’s clock alone, whatever the record says of times', () => {
    fc.assert(
      fc.property(fc.nat(7_200_000), fc.date({ noInvalidDate: true }), (age, since) => {
        const verdict = judge(seen({ ...RECORD, since: since.toISOString() }, age));
        expect(verdict.free).toBe(age > EXPIRY_MS);
      }),
    );
  });

  it('is no where S3 does not tell the time', () => {
    expect(judge(seen(RECORD))).toMatchObject({ free: false, age: undefined });
  });

  it('believes a longer expiry of another version, within an hour', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.nat(10_000_000), (seconds, age) => {
        const verdict = judge(seen({ ...RECORD, expiresAfterSeconds: seconds }, age));
        expect(verdict.free).toBe(age > Math.min(seconds * 1000, 3_600_000));
      }),
    );
  });

  it('takes what is no record for one that is held, until it is old', () => {
    for (const text of ['', 'null', '[]', '{"format":2}', 'x'.repeat(50)]) {
      expect(judge(seen(text, 10_000)).free).toBe(false);
      expect(judge(seen(text, EXPIRY_MS + 1))).toMatchObject({ free: true, why: 'dead' });
    }
  });
});

describe('the words for a holder', () => {
  it('say how long ago by the clock of S3, never in the future', () => {
    const at = Date.parse(RECORD.since);
    expect(holderWords(RECORD, at + 200_000)).toContain('(3 min ago)');
    expect(holderWords(RECORD, at - 5000)).toContain('(0 s ago)');
    expect(holderWords(RECORD, undefined)).not.toContain('ago');
  });

  it('say since when in local time, with its zone', () => {
    expect(holderWords(RECORD, undefined)).toMatch(/, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]{2,5}\S*$/);
  });
});
