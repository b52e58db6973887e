import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Matching } from '../../../src/lib/logs/matching.ts';
import { Peeked } from '../../../src/lib/logs/peeked.ts';
import type { LogEvent } from '../../../src/lib/logs/port.ts';
import { Rounds } from '../../../src/lib/logs/rounds.ts';
import { lookAt, OFTEN, readNext } from '../../../src/lib/logs/turns.ts';

const event = (message: string, at = 1, stream = 's'): LogEvent => ({
  id: '',
  at,
  ingested: at,
  group: 'g',
  stream,
  message,
});

describe('events that are read, sent by Live Tail and looked at', () => {
  it('are told once each, in whatever order they come, and however much of them the looks show, again and again', () => {
    const kind = fc.integer({ min: 0, max: 2 });
    const step = fc.oneof(
      fc.constant({ way: 'read' } as const),
      fc.constant({ way: 'live' } as const),
      fc.record({ way: fc.constant('look' as const), shown: fc.array(fc.boolean()) }),
    );
    fc.assert(
      fc.property(fc.array(kind, { maxLength: 12 }), fc.array(step), (kinds, steps) => {
        const matching = new Matching();
        const all = kinds.map((one) => event(`m${one}`));
        const [read, live] = [[...all], [...all]];
        const told: string[] = [];
        for (const one of steps) {
          if (one.way === 'look')
            told.push(
              ...matching
                .peeked(
                  all.filter((_, at) => one.shown[at]),
                  0,
                )
                .map(({ message }) => message),
            );
          else {
            const next = (one.way === 'read' ? read : live).shift();
            if (next && matching[one.way](next, 0)) told.push(next.message);
          }
        }
        for (const next of read) if (matching.read(next, 0)) told.push(next.message);
        expect(told.toSorted()).toEqual(all.map(({ message }) => message).toSorted());
      }),
    );
  });
});

describe('when a group is looked at', () => {
  it('is such that nothing is unknown for longer than the promise lets it, by few looks', () => {
    fc.assert(
      fc.property(fc.integer({ min: OFTEN + 1, max: 60_000 }), (every) => {
        const looks: number[] = [0];
        for (;;) {
          const at = lookAt(looks.at(-1) as number, 0, every) as number;
          if (at >= every) break;
          looks.push(at);
        }
        const waits = [...looks.slice(1), every].map((at, index) => at - (looks[index] as number));
        expect(Math.max(...waits)).toBeLessThanOrEqual(OFTEN);
        expect(Math.min(...waits)).toBeGreaterThan(1200);
      }),
    );
  });

  it('is never where it is read often, and a little after a reading that does not come', () => {
    expect(lookAt(1000, 1000, OFTEN)).toBeUndefined();
    // Read at 0 and each 4 s, looked at at 2 s: the next one is the reading at 4 s.
    expect(lookAt(2000, 0, 4000)).toBe(4300);
  });
});

describe('whose turn it is to be read', () => {
  it('reaches each group, and sooner where nothing but reading shows it', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 2, maxLength: 40 }), (lookable) => {
        const groups = lookable.map((canLook) => {
          const one = { busy: false, canLook, asked: 0, longest: 0, due: () => one.asked + 1000 };
          return one;
        });
        const each = 200;
        for (let now = 1000; now < 120_000; now += each) {
          const next = readNext(groups, now, ({ canLook }) => canLook) as (typeof groups)[number];
          // All begin at the same moment; it evens out.
          if (now > 30_000) next.longest = Math.max(next.longest, now - next.asked);
          next.asked = now;
        }
        const round = groups.length * each;
        const waits = (canLook: boolean) =>
          groups.filter((one) => one.canLook === canLook).map(({ longest }) => longest);
        expect(Math.max(...groups.map(({ longest }) => longest))).toBeLessThanOrEqual(7000 + round);
        // All in turn takes a round; who cannot be looked at never waits longer for those that can.
        expect(Math.max(0, ...waits(false))).toBeLessThanOrEqual(Math.max(1800, round) + 2 * each);
      }),
    );
  });
});

describe('what a look would show', () => {
  it('is all of a group whose active streams are few, and a stream at least', () => {
    const peeked = new Peeked();
    expect(peeked.streams(0)).toEqual([]);
    for (let n = 0; n < 5; n++) peeked.note(`s${n}`, n * 1000);
    expect(peeked.streams(10_000)).toEqual(['s4', 's3', 's2', 's1', 's0']);
    expect(peeked.streams(123_500)).toEqual(['s4']);
    expect(peeked.streams(10_000_000)).toEqual(['s4']);
    peeked.note('s5', 6000);
    expect(peeked.streams(10_000)).toBeUndefined();
    expect(peeked.can(10_000)).toBe(false);
    expect(peeked.can(124_500)).toBe(true);
  });

  it('is not believed for a time after a look that had left something out', () => {
    const peeked = new Peeked();
    peeked.note('s', 0);
    peeked.saw({ from: 0, sent: 10_000, streams: ['s'] });
    expect(peeked.past).toBe(10_000);
    // Too new for the look, before it, of another stream: no fault of it.
    for (const one of [event('x', 9500), event('x', -1), event('x', 8000, 'other')]) peeked.missed(one);
    expect(peeked.past).toBe(10_000);
    peeked.missed(event('x', 8000));
    expect(peeked.past).toBe(Number.NEGATIVE_INFINITY);
    expect(peeked.can(69_999)).toBe(false);
    expect(peeked.can(70_000)).toBe(true);
    peeked.saw({ from: 0, sent: 80_000, streams: ['s'] });
    peeked.missed(event('x', 70_000));
    expect(peeked.can(199_999)).toBe(false);
  });
});

describe('rounds', () => {
  it('that are slow for longer than a moment are said, once for each doubling, and when they are over', () => {
    const rounds = new Rounds();
    const said = (waited: number, from: number, to: number) => {
      const news: (string | undefined)[] = [];
      for (let now = from; now < to; now += 200) news.push(rounds.note(waited, now));
      return news.filter(Boolean);
    };
    expect(said(2000, 0, 10_000)).toEqual([]);
    expect(said(3000, 10_000, 15_000)).toEqual([]);
    expect(said(2000, 15_000, 25_000)).toEqual([]);
    expect(said(3000, 25_000, 60_000)).toEqual(['slow']);
    expect(said(5000, 60_000, 90_000)).toEqual([]);
    expect(said(6500, 90_000, 120_000)).toEqual(['slow']);
    expect(said(2000, 120_000, 140_000)).toEqual([]);
    expect(said(2000, 140_000, 180_000)).toEqual(['prompt']);
    expect(rounds.longest(179_800)).toBe(2000);
    expect(rounds.longest(200_000)).toBe(0);
  });
});
