import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudFormation } from '../../../src/lib/aws/cloudformation.ts';
import { lambdaPort } from '../../../src/lib/aws/lambda.ts';
import { type Caller, type Pace, Pacer, Pacers, type Pacing, pacers } from '../../../src/lib/aws/pacing.ts';
import { openSession } from '../../../src/lib/aws/session.ts';
import type { Clock } from '../../../src/lib/base/clock.ts';
import { virtualClock } from '../../fake/clock.ts';
import { type Fake, startFake } from '../../fake/server.ts';

const PLACE = { endpoint: undefined, region: 'eu-west-3' };

describe('the pacers of a process', () => {
  const of = (all: Pacers, caller: Caller, region = 'eu-west-3', api = 'cloudformation') =>
    all.of({ ...PLACE, region }, api, caller);

  it('are one for an account, whatever profile or key leads there', () => {
    const all = new Pacers(virtualClock());
    const a = of(all, { accessKeyId: 'A', accountId: '111' });
    expect(of(all, { accessKeyId: 'B', accountId: '111' })).toBe(a);
    expect(of(all, { accessKeyId: 'C', accountId: '222' })).not.toBe(a);
  });

  it('are apart for regions, services and endpoints', () => {
    const all = new Pacers(virtualClock());
    const caller = { accessKeyId: 'A', accountId: '111' };
    const a = of(all, caller);
    expect(of(all, caller, 'us-east-1')).not.toBe(a);
    expect(of(all, caller, 'eu-west-3', 'lambda')).not.toBe(a);
    expect(all.of({ ...PLACE, endpoint: 'http://127.0.0.1' }, 'cloudformation', caller)).not.toBe(a);
  });

  it('go by the access key until its account is known, and then keep what was learned', async () => {
    const clock = virtualClock();
    const all = new Pacers(clock);
    const known = of(all, { accessKeyId: 'A', accountId: '111' });
    const unknown = of(all, { accessKeyId: 'B' });
    expect(unknown).not.toBe(known);
    unknown.throttled();
    all.learn('B', '111');
    expect(of(all, { accessKeyId: 'B' })).toBe(known);
    expect(known.rate).toBeCloseTo(15, 1);
    await clock.sleep(10_000);
    expect(known.rate).toBeGreaterThan(20);
  });

  it('move as they are where the account has none yet', () => {
    const all = new Pacers(virtualClock());
    const unknown = of(all, { accessKeyId: 'B' });
    all.learn('B', '111');
    all.learn('B', '111');
    expect(of(all, { accessKeyId: 'B' })).toBe(unknown);
    expect(of(all, { accountId: '111' })).toBe(unknown);
  });
});

describe('a pacer of an API whose rates AWS publishes by region', () => {
  const pace: Pace = { burst: 25, rate: 10, most: 25, published: [5, 10] };

  it('goes up to the largest where nothing is refused', async () => {
    const clock = virtualClock();
    const pacer = new Pacer(clock, pace);
    expect(pacer.rate).toBe(10);
    await clock.sleep(60_000);
    expect(pacer.rate).toBe(25);
  });

  it('keeps for ten minutes to what most regions allow, once more was refused', async () => {
    const clock = virtualClock();
    const pacer = new Pacer(clock, pace);
    await clock.sleep(4000);
    pacer.throttled();
    expect(pacer.rate).toBe(10);
    await clock.sleep(590_000);
    expect(pacer.rate).toBe(10);
    await clock.sleep(15_000);
    expect(pacer.rate).toBeGreaterThan(11);
  });

  it('goes down to the least, and soon tries again whether others still take a share; each time later', async () => {
    const clock = virtualClock();
    const pacer = new Pacer(clock, { ...pace, most: 10 });
    for (const patience of [30_000, 60_000, 120_000]) {
      pacer.throttled();
      expect(pacer.rate).toBe(5);
      await clock.sleep(patience - 1000);
      expect(pacer.rate).toBe(5);
      await clock.sleep(11_000);
      expect(pacer.rate).toBe(10);
    }
  });

  it('goes below the least where that is refused too, and is back within seconds', async () => {
    const clock = virtualClock();
    const pacer = new Pacer(clock, { ...pace, most: 10 });
    pacer.throttled();
    await clock.sleep(1000);
    pacer.throttled();
    expect(pacer.rate).toBe(2.5);
    await clock.sleep(3000);
    expect(pacer.rate).toBe(5);
  });
});

describe('who waits for a turn', () => {
  interface Caller {
    readonly patient: boolean;
    /** Milliseconds; null: stays. */
    readonly leaves: number | null;
  }

  /** What became of each, and when. */
  async function served(callers: readonly Caller[]) {
    const clock = virtualClock();
    const pacer = new Pacer(clock, { burst: 2, rate: 5, most: 5 });
    const began = clock.now();
    const turns: { readonly caller: Caller; readonly at: number }[] = [];
    const left: { readonly caller: Caller; readonly at: number; readonly error: unknown }[] = [];
    await Promise.all(
      callers.map(async (caller) => {
        const leaving = new AbortController();
        if (caller.leaves !== null) void clock.sleep(caller.leaves).then(() => leaving.abort());
        await pacer.take(caller.patient, leaving.signal).then(
          () => turns.push({ caller, at: clock.now() - began }),
          (error) => left.push({ caller, at: clock.now() - began, error }),
        );
      }),
    );
    return { turns, left };
  }

  it('leaves at once when it is told to, and takes no turn from the others', async () => {
    const caller = fc.record({
      patient: fc.boolean(),
      leaves: fc.option(fc.integer({ min: 0, max: 4000 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(caller, { maxLength: 20 }), async (callers) => {
        const { turns, left } = await served(callers);
        expect(turns.length + left.length).toBe(callers.length);
        for (const { caller, at, error } of left) {
          expect(at).toBe(caller.leaves);
          expect(error).toMatchObject({ code: 'Interrupted', exit: 130 });
        }
        // As if those that left had never come.
        const gone = new Set(left.map((one) => one.caller));
        const alone = await served(callers.filter((one) => !gone.has(one)));
        expect(turns).toEqual(alone.turns);
      }),
      { numRuns: 40 },
    );
  });

  it('is not let in when it comes too late', async () => {
    await expect(new Pacer(virtualClock()).take(false, AbortSignal.abort())).rejects.toMatchObject({
      code: 'Interrupted',
    });
  });
});

describe('a real client', () => {
  let fake: Fake;
  beforeEach(async () => {
    fake = await startFake();
  });
  afterEach(() => fake.close());

  const session = (accessKeyId: string, accountId?: string) =>
    openSession(
      {},
      {},
      {
        endpoint: fake.url,
        credentials: { accessKeyId, secretAccessKey: 'fake', ...(accountId ? { accountId } : {}) },
      },
      { AWS_REGION: 'eu-west-3', AWS_MAX_ATTEMPTS: '1' },
    );

  it('is paced by the account that its credentials name, without a further call', async () => {
    const seen: Caller[] = [];
    const all = new Pacers();
    const pacing: Pacing = (_api, caller) => {
      seen.push(caller);
      return all.of(PLACE, 'cloudformation', caller);
    };
    await cloudFormation(await session('AKIDA', '111111111111'), pacing).stack('none');
    expect(seen).toMatchObject([{ accessKeyId: 'AKIDA', accountId: '111111111111' }]);
    expect(fake.actions()).toEqual(['cloudformation:DescribeStacks']);
  });

  it('stops waiting for its turn when its request is aborted', async () => {
    const leaving = new AbortController();
    // Its turn never comes: this clock stands still, and who sleeps is told of.
    let awake = 0;
    const clock: Clock = {
      now: () => 0,
      sleep: (_ms, signal) =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => {
            awake++;
            resolve();
          });
          leaving.abort();
        }),
    };
    const all = new Pacers(clock);
    const caller = { accountId: '111111111111' };
    const shared = { ...(await session('AKIDA', caller.accountId)), pacers: all };
    all.of(shared, 'lambda', caller, { burst: 0, rate: 1, most: 1 });
    await expect(lambdaPort(shared, leaving.signal).latest('api')).rejects.toMatchObject({
      code: 'Interrupted',
    });
    expect(fake.actions()).toEqual([]);
    // Nothing of it keeps the process alive.
    expect(awake).toBe(1);
  });

  it('of another key shares the pacer as soon as both accounts are known', async () => {
    const [one, two] = [await session('AKIDONE'), await session('AKIDTWO')];
    await one.identity();
    await two.identity();
    const place = { endpoint: fake.url, region: 'eu-west-3' };
    const api = 'cloudformation:DescribeStacks';
    const pacer = pacers.of(place, api, { accessKeyId: 'AKIDONE' });
    expect(pacers.of(place, api, { accessKeyId: 'AKIDTWO' })).toBe(pacer);
    fake.faults.throttle('cloudformation:DescribeStacks');
    await cloudFormation(two)
      .stack('none')
      .catch(() => {});
    expect(pacer.rate).toBeLessThan(40);
  });

  it('of CloudFormation goes on beginning at full pace while its looking is throttled', async () => {
    const clock = virtualClock();
    const shared = { ...(await session('AKIDA', '111111111111')), pacers: new Pacers(clock) };
    const rate = (api: string) =>
      shared.pacers.of(shared, `cloudformation:${api}`, { accountId: '111111111111' }).rate;
    fake.faults.throttle('cloudformation:DescribeStackEvents');
    const port = cloudFormation(shared);
    await port.events('none').catch(() => {});
    await port.stack('none');
    expect(rate('DescribeStackEvents')).toBeLessThan(40);
    expect(rate('DescribeStacks')).toBe(60);
  });
});
