import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { insights } from '../../../src/lib/aws/logs-insights.ts';
import { type LogEvent, runQuery, StatsCounter } from '../../../src/lib/logs/index.ts';
import { patternOf, percentile } from '../../../src/lib/logs/stats.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

const event = (message: string, at = 0): LogEvent => ({ id: '', at, group: 'g', stream: 's', message });
const report = (ms: number, more = '') =>
  event(
    `REPORT RequestId: r\tDuration: ${ms} ms\tBilled Duration: ${ms} ms\tMemory Size: 128 MB\tMax Memory Used: ${ms % 100} MB\t${more}\n`,
  );

describe('figures of logs', () => {
  it('counts messages, levels, invocations; marks of the platform are none', () => {
    const counter = new StatsCounter();
    counter.add([
      event('START RequestId: r Version: 1\n'),
      event('[ERROR] order 17 failed'),
      event('[ERROR] order 18 failed', 5000),
      event('{"level":"warn","message":"slow: 812 ms"}'),
      event('hello'),
      ...Array.from({ length: 100 }, (_, index) => report(index + 1)),
      report(200, 'Init Duration: 150.00 ms\t'),
      report(3000, 'Status: timeout'),
    ]);
    const stats = counter.result(2);
    expect(stats).toMatchObject({ events: 4, errors: 2, warnings: 1 });
    expect(stats.invocations).toEqual({
      count: 102,
      coldStarts: 1,
      timeouts: 1,
      failures: 0,
      p50: 51,
      p95: 97,
      p99: 200,
      max: 3000,
      initP95: 150,
      memory: 128,
      mostUsed: 99,
    });
    expect(stats.patterns).toEqual([
      {
        pattern: '[ERROR] order <n> failed',
        count: 2,
        level: 'error',
        example: '[ERROR] order 17 failed',
        last: new Date(5000).toISOString(),
      },
      expect.objectContaining({ pattern: 'slow: <n> ms', level: 'warn' }),
    ]);
  });

  it('percentiles are values that were there, and grow', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true }), { minLength: 1 }),
        fc.nat(100),
        fc.nat(100),
        (values, a, b) => {
          const sorted = Float64Array.from(values).sort();
          const [low, high] = a < b ? [a, b] : [b, a];
          expect(values).toContain(percentile(sorted, low));
          expect(percentile(sorted, low)).toBeLessThanOrEqual(percentile(sorted, high));
          expect(percentile(sorted, 100)).toBe(sorted.at(-1));
        },
      ),
    );
  });

  it.each([
    ['user 17 of 203.0.113.7:443 took 3.5 ms', 'user <n> of <address> took <n> ms'],
    ['id 5d9f1a2b-0000-4000-8000-000000000001 gone', 'id <id> gone'],
    ['commit 9f27c1d8a4b6', 'commit <id>'],
    ['2026-01-05T09:00:00.123Z start', '<time> start'],
    ['first\nsecond 2', 'first'],
    ['http2 and v1.2 stay', 'http2 and v1.2 stay'],
  ])('%j is %j', (message, pattern) => expect(patternOf(message)).toBe(pattern));
});

describe('Logs Insights', () => {
  let fake: Fake;
  afterEach(() => fake.close());

  async function query(text: string, signal?: AbortSignal) {
    const port = insights(await sessionFor(fake));
    return runQuery(
      { port, clock: fake.clock, signal },
      { groups: ['/a'], query: text, from: fake.clock.now() - 1000, to: fake.clock.now() },
    );
  }

  it('runs a query to its end, with what it scanned', async () => {
    fake = await startFake();
    fake.state.logs.queryMs = 8000;
    fake.state.logs.groups.set('/a', [{ at: fake.clock.now(), message: 'hello' }]);
    const began = fake.clock.now();
    expect(await query('fields @message')).toMatchObject({
      status: 'Complete',
      rows: [{ '@message': 'hello' }],
      recordsMatched: 1,
      bytesScanned: 5,
    });
    expect(fake.clock.now() - began).toBeLessThan(10_500);
    expect(fake.requests.filter(({ action }) => action === 'GetQueryResults').length).toBeLessThan(12);
  });

  it('says what AWS does not understand', async () => {
    fake = await startFake();
    fake.state.logs.groups.set('/a', []);
    await expect(query('select *')).rejects.toMatchObject({ code: 'BadQuery', exit: 2 });
  });

  it('is stopped in AWS when it is interrupted, and says when AWS ended it', async () => {
    fake = await startFake();
    fake.state.logs.queryMs = 60_000;
    fake.state.logs.groups.set('/a', []);
    const over = new AbortController();
    const asked = query('fields @message', over.signal).catch((error: unknown) => error);
    await fake.clock.sleep(5000);
    over.abort();
    expect(await asked).toMatchObject({ code: 'Interrupted', exit: 130 });
    expect(fake.requests.at(-1)?.action).toBe('StopQuery');
    const second = query('fields @message').catch((error: unknown) => error);
    await fake.clock.sleep(3000);
    for (const one of fake.state.logs.queries.values()) one.stopped = true;
    expect(await second).toMatchObject({ code: 'QueryFailed', exit: 1 });
  });

  it('outlasts answers that are throttled or cut, and stops what it can wait for no longer', async () => {
    fake = await startFake();
    fake.state.logs.queryMs = 8000;
    fake.state.logs.groups.set('/a', [{ at: fake.clock.now(), message: 'hello' }]);
    fake.faults.throttle('logs:GetQueryResults', { times: 12, after: 1 });
    expect(await query('fields @message')).toMatchObject({ status: 'Complete', recordsMatched: 1 });
    fake.faults.deny('logs:GetQueryResults');
    await expect(query('fields @message')).rejects.toMatchObject({ code: 'AccessDenied' });
    expect(fake.requests.at(-1)?.action).toBe('StopQuery');
  });
});
