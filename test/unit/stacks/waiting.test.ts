import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pacer } from '../../../src/lib/aws/pacing.ts';
import { InfractlError } from '../../../src/lib/base/errors.ts';
import { lookDelay, persist, pollDelay } from '../../../src/lib/stacks/watch/waiting.ts';
import { virtualClock } from '../../fake/clock.ts';

describe('the pause between two looks', () => {
  it('is never under a quarter of a second, never much over one, and grows with the quiet', () => {
    fc.assert(
      fc.property(fc.nat(3_600_000), fc.nat(3_600_000), fc.boolean(), (a, b, busy) => {
        const [short, long] = a < b ? [a, b] : [b, a];
        const delay = pollDelay(short, busy);
        expect(delay).toBeGreaterThanOrEqual(250);
        expect(delay).toBeLessThanOrEqual(1120);
        expect(delay).toBeLessThanOrEqual(pollDelay(long, busy));
      }),
    );
  });

  it('is about half a second at most when nothing is being worked on, less after ten seconds of quiet', () => {
    expect(pollDelay(3_600_000, false)).toBe(560);
    expect(pollDelay(10_000, true)).toBeLessThanOrEqual(300);
  });
});

describe('the pause before a change set is looked at again', () => {
  it('is short at first, and finds its end at most half as late again as it took', () => {
    let waited = 0;
    const looks: number[] = [];
    while (waited < 10_000) {
      waited += lookDelay(waited);
      looks.push(waited);
    }
    expect(looks[0]).toBe(50);
    expect(looks.filter((at) => at <= 1000).length).toBeLessThanOrEqual(10);
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 10_000 }), (took) => {
        const seen = looks.find((at) => at >= took) ?? took;
        expect(seen - took).toBeLessThanOrEqual(Math.min(1000, took / 2 + 50));
      }),
    );
  });
});

describe('persist', () => {
  const transient = () => Object.assign(new Error('rate'), { name: 'Throttling' });

  it('gives up at the deadline with the failure itself', async () => {
    const clock = virtualClock();
    const asked: number[] = [];
    const send = async () => {
      asked.push(clock.now());
      throw transient();
    };
    const began = clock.now();
    await expect(persist({ clock, deadline: began + 60_000 }, send)).rejects.toThrow('rate');
    expect(clock.now() - began).toBeGreaterThanOrEqual(60_000);
    expect(asked.length).toBeLessThan(25);
  });

  it('does not repeat what would fail again', async () => {
    const clock = virtualClock();
    let asked = 0;
    const send = async () => {
      asked++;
      throw new InfractlError({ code: 'AccessDenied', message: 'no' });
    };
    await expect(persist({ clock, deadline: clock.now() + 60_000 }, send)).rejects.toThrow('no');
    expect(asked).toBe(1);
  });

  it('waits no longer than ten seconds for a sandbox that is gone', async () => {
    const clock = virtualClock();
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const send = async () => {
      throw new InfractlError({ code: 'SandboxNotRunning', message: 'gone', cause });
    };
    const began = clock.now();
    await expect(persist({ clock, deadline: began + 3_600_000 }, send)).rejects.toThrow('gone');
    expect(clock.now() - began).toBeLessThan(20_000);
  });

  it('stops at once when it is interrupted, also in the middle of a call', async () => {
    const controller = new AbortController();
    const never = new Promise<never>(() => {});
    const waiting = persist(
      { clock: virtualClock(), deadline: Number.POSITIVE_INFINITY, signal: controller.signal },
      () => never,
    );
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ exit: 130 });
  });
});

describe('the pacer', () => {
  /** How many turns are given in a time by callers that always want one. */
  async function turnsIn(pacer: Pacer, clock: ReturnType<typeof virtualClock>, ms: number): Promise<number> {
    const end = clock.now() + ms;
    let turns = 0;
    while (clock.now() < end) {
      await pacer.take();
      turns++;
    }
    return turns;
  }

  it('lets a burst through at once, then keeps its rate, which grows by one a second', async () => {
    const clock = virtualClock();
    const pacer = new Pacer(clock);
    const began = clock.now();
    await Promise.all(Array.from({ length: 30 }, () => pacer.take()));
    expect(clock.now()).toBe(began);
    const turns = await turnsIn(pacer, clock, 10_000);
    expect(turns).toBeGreaterThan(330);
    expect(turns).toBeLessThanOrEqual(355);
  });

  it('halves its rate once for answers that were throttled together, and not to nothing', () => {
    const clock = virtualClock();
    const pacer = new Pacer(clock);
    for (let index = 0; index < 10; index++) pacer.throttled();
    expect(pacer.rate).toBe(15);
  });

  it('slows down while AWS throttles, and recovers when it stops', async () => {
    const clock = virtualClock();
    const pacer = new Pacer(clock);
    for (let index = 0; index < 20; index++) {
      await clock.sleep(600);
      pacer.throttled();
    }
    expect(pacer.rate).toBeLessThan(2);
    expect(pacer.rate).toBeGreaterThanOrEqual(0.5);
    await clock.sleep(30_000);
    expect(pacer.rate).toBeGreaterThan(25);
    await clock.sleep(600_000);
    expect(pacer.rate).toBe(60);
  });

  it('serves callers in the order in which they came', async () => {
    const clock = virtualClock();
    const pacer = new Pacer(clock);
    const served: number[] = [];
    await Promise.all(Array.from({ length: 60 }, (_, index) => pacer.take().then(() => served.push(index))));
    expect(served).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });

  it('serves those who poll after the others, but serves them', async () => {
    const clock = virtualClock();
    const pacer = new Pacer(clock);
    await Promise.all(Array.from({ length: 30 }, () => pacer.take()));
    const served: string[] = [];
    await Promise.all([
      ...Array.from({ length: 4 }, (_, i) => pacer.take(true).then(() => served.push(`poll ${i}`))),
      ...Array.from({ length: 6 }, (_, i) => pacer.take().then(() => served.push(`begin ${i}`))),
    ]);
    expect(served.filter((one) => one.startsWith('begin'))).toEqual(
      Array.from({ length: 6 }, (_, i) => `begin ${i}`),
    );
    expect(served.indexOf('begin 5')).toBeLessThanOrEqual(8);
    expect(served.indexOf('poll 0')).toBeLessThanOrEqual(4);
  });
});
