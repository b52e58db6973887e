import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cloudFormation } from '../../../src/lib/aws/cloudformation.ts';
import { type Caller, Pacers, type Pacing, pacers } from '../../../src/lib/aws/pacing.ts';
import { openSession } from '../../../src/lib/aws/session.ts';
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
