import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyWords, retain } from '../../../src/lib/backups/retention.ts';
import type { BackupPolicy } from '../../../src/lib/project/model.ts';
import { DAY, HOUR, NIGHT } from './setup.ts';

const dated = (moments: readonly number[]) => moments.map((at) => ({ at }));
const kept = (moments: readonly number[], policy: BackupPolicy) =>
  retain(dated(moments), policy)
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ item }) => item.at);
const nights = (count: number) => Array.from({ length: count }, (_, i) => NIGHT - i * DAY);
const days = (ms: number) => ({ ms, written: `${ms / DAY}d` });

const policies = fc.record(
  {
    last: fc.nat(5),
    hourly: fc.nat(30),
    daily: fc.nat(10),
    weekly: fc.nat(6),
    monthly: fc.nat(14),
    yearly: fc.nat(3),
    within: fc.integer({ min: 1, max: 40 }).map((n) => days(n * DAY)),
    timeZone: fc.constantFrom('UTC', 'Europe/Paris', 'America/St_Johns'),
  },
  { requiredKeys: [] },
);
const moments = fc.uniqueArray(
  fc.integer({ min: NIGHT - 900 * DAY, max: NIGHT }).map((at) => at - (at % 1000)),
  {
    maxLength: 80,
  },
);

describe('what a policy keeps', () => {
  it('daily: the newest of each of the last days that have one', () => {
    const twice = nights(10).flatMap((at) => [at, at + 5 * HOUR]);
    expect(kept(twice, { daily: 3 })).toEqual(nights(3).map((at) => at + 5 * HOUR));
  });

  it('a day without a backup does not use up a count', () => {
    const gaps = [NIGHT, NIGHT - 5 * DAY, NIGHT - 9 * DAY, NIGHT - 20 * DAY];
    expect(kept(gaps, { daily: 3 })).toEqual(gaps.slice(0, 3));
  });

  it('weekly, monthly and yearly go on where daily ends, by ISO weeks', () => {
    const all = kept(nights(800), { daily: 7, weekly: 4, monthly: 6, yearly: 2 });
    const on = all.map((at) => new Date(at).toISOString().slice(0, 10));
    expect(on.slice(0, 7)).toEqual(nights(7).map((at) => new Date(at).toISOString().slice(0, 10)));
    // The Sundays that end a week; the one of 4 January is among the daily ones.
    expect(on).toContain('2025-12-28');
    expect(on).toContain('2025-12-21');
    expect(on).not.toContain('2025-12-14');
    expect(on).toContain('2025-12-31');
    expect(on).toContain('2025-08-31');
    expect(on).not.toContain('2025-07-31');
  });

  it('a rule with counts left keeps the oldest too', () => {
    const result = retain(dated([NIGHT, NIGHT - HOUR]), { yearly: 3 });
    expect(result.map(({ reasons }) => reasons)).toEqual([['newest good', 'yearly'], ['oldest yearly']]);
  });

  it('within counts from the newest, not from today: nothing goes when backups have stopped', () => {
    const old = nights(10).map((at) => at - 400 * DAY);
    expect(kept(old, { within: days(7 * DAY) })).toEqual(old.slice(0, 7));
  });

  it('a day is a day of the policy’s time zone', () => {
    const lateEvening = [Date.UTC(2026, 5, 1, 22, 30), Date.UTC(2026, 5, 1, 12)];
    expect(kept(lateEvening, { daily: 2 })).toHaveLength(2); // The second is the oldest.
    const three = [...lateEvening, Date.UTC(2026, 5, 1, 1)];
    expect(kept(three, { daily: 2, timeZone: 'Europe/Paris' })).toEqual(three.slice(0, 2));
    expect(kept(three, { daily: 2 })).toEqual([three[0], three[2]]);
  });

  it('the hour that comes twice in autumn is two hours', () => {
    const twice = [Date.UTC(2026, 9, 25, 1, 30), Date.UTC(2026, 9, 25, 0, 30), Date.UTC(2026, 9, 24, 20)];
    const result = retain(dated(twice), { hourly: 2, timeZone: 'Europe/Paris' });
    expect(result.map(({ reasons }) => reasons.includes('hourly'))).toEqual([true, true, false]);
  });

  it('says its rules in words', () => {
    expect(policyWords({ daily: 7, weekly: 0, within: days(2 * DAY) })).toBe('daily 7, within 2d');
  });
});

describe('whatever the policy', () => {
  it('keeps the newest', () => {
    fc.assert(
      fc.property(moments, policies, (at, policy) => {
        if (at.length > 0) expect(kept(at, policy)).toContain(Math.max(...at));
      }),
    );
  });

  it('answers once for each, newest first, whatever the order they come in', () => {
    fc.assert(
      fc.property(moments, policies, (at, policy) => {
        const result = retain(dated(at), policy);
        expect(result.map(({ item }) => item.at)).toEqual([...at].sort((a, b) => b - a));
        expect(retain(dated(at.toReversed()), policy)).toEqual(result);
      }),
    );
  });

  it('no rule keeps more than its count', () => {
    fc.assert(
      fc.property(moments, policies, (at, policy) => {
        const result = retain(dated(at), policy);
        for (const rule of ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const) {
          const count = result.filter(({ reasons }) => reasons.some((one) => one.endsWith(rule))).length;
          expect(count).toBeLessThanOrEqual(policy[rule] ?? 0);
        }
      }),
    );
  });

  it('a more generous policy keeps all that the other kept, the oldest aside', () => {
    fc.assert(
      fc.property(moments, policies, fc.nat(5), (at, policy, more) => {
        const generous = { ...policy, daily: (policy.daily ?? 0) + more, last: (policy.last ?? 0) + more };
        const before = retain(dated(at), policy)
          .filter(({ reasons }) => reasons.some((one) => !one.startsWith('oldest')))
          .map(({ item }) => item.at);
        expect(kept(at, generous)).toEqual(expect.arrayContaining(before));
      }),
    );
  });

  it('again on what is left deletes nothing more: cleaning up twice is cleaning up once', () => {
    fc.assert(
      fc.property(moments, policies, (at, policy) => {
        const once = kept(at, policy);
        expect(kept(once, policy)).toEqual(once);
      }),
    );
  });
});
