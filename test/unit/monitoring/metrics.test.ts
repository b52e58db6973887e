import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { metricsPort } from '../../../src/lib/aws/metrics.ts';
import {
  agentMeasures,
  hostReading,
  type MetricQuery,
  measuresOf,
  metricWindow,
  seriesWords,
  sparkline,
  valueWords,
} from '../../../src/lib/monitoring/index.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

const MINUTE = 60_000;

describe('the window of a chart', () => {
  it('holds the time asked for in at most so many whole periods, and as fine as CloudWatch has them', () => {
    const to = Date.parse('2026-11-21T14:07:31Z');
    fc.assert(
      fc.property(fc.integer({ min: MINUTE, max: 455 * 1440 * MINUTE }), (age) => {
        const window = metricWindow(to - age, to);
        expect(window.from).toBeLessThanOrEqual(to - age);
        expect(window.to).toBeGreaterThanOrEqual(to);
        expect((window.to - window.from) / window.period).toBeLessThanOrEqual(62);
        expect([window.from % window.period, window.to % window.period]).toEqual([0, 0]);
        if (age > 15 * 1440 * MINUTE) expect(window.period).toBeGreaterThanOrEqual(5 * MINUTE);
        if (age > 63 * 1440 * MINUTE) expect(window.period).toBeGreaterThanOrEqual(60 * MINUTE);
      }),
    );
  });
});

describe('a chart', () => {
  const window = { from: 0, to: 10 * MINUTE, period: MINUTE };
  const at = (minute: number, value: number) => ({ at: minute * MINUTE, value });

  it('begins at zero, shows the largest highest, and nothing where there is no data', () => {
    expect(sparkline([at(0, 0), at(1, 1), at(2, 8), at(9, 4)], window, 40)).toBe('▁▂█      ▅');
    expect(sparkline([at(0, 0)], window, 40)).toBe('▁         ');
    expect(sparkline([], window, 5)).toBe('     ');
  });

  it('is never wider than asked, and a higher value never lower', () => {
    const values = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 9 }), fc.double({ min: 0, max: 1e9, noNaN: true })),
    );
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 20 }), (pairs, width) => {
        const points = [...new Map(pairs)].map(([minute, value]) => at(minute, value));
        const line = sparkline(points, window, width);
        expect(line.length).toBe(Math.min(width, 10));
        if (width < 10) return;
        const heights = points.map((point) => ({ ...point, height: line.charCodeAt(point.at / MINUTE) }));
        for (const a of heights)
          for (const b of heights) if (a.value > b.value) expect(a.height).toBeGreaterThanOrEqual(b.height);
      }),
    );
  });

  it('has words: the sum of counts, the newest of others, and that there is no data', () => {
    const points = [at(0, 2), at(1, 3)];
    expect(seriesWords(points, 'Sum', 'count')).toBe('5, at most 3 at a time');
    expect(seriesWords(points, 'p95', 'ms')).toBe('3 ms, at most 3 ms');
    expect(seriesWords(points, 'Minimum', 'bytes')).toBe('3 B, at least 2 B');
    expect(seriesWords([], 'Sum', 'count')).toBe('no data');
    expect(valueWords(71.26, 'percent')).toBe('71.3 %');
    expect(valueWords(0.25, 'seconds')).toBe('250 ms');
  });
});

describe('what is measured', () => {
  it('goes by the type of a resource', () => {
    const arn = 'arn:aws:elasticloadbalancing:eu-west-3:1:loadbalancer/app/shop/50dc6c495c0c9188';
    const balancer = measuresOf({ type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', physicalId: arn });
    expect(balancer?.measures[0]?.metric.dimensions).toEqual({ LoadBalancer: 'app/shop/50dc6c495c0c9188' });
    expect(measuresOf({ type: 'AWS::IAM::Role', physicalId: 'x' })).toBeUndefined();
    const measures = measuresOf({ type: 'AWS::Lambda::Function', physicalId: 'shop-api' })?.measures ?? [];
    expect(measures.map(({ label }) => label)).toEqual([
      'invocations',
      'errors',
      'duration p95',
      'throttles',
    ]);
  });

  it('names each in the words of its service', () => {
    const first = (type: string, physicalId: string, name?: string) => {
      const metric = measuresOf({ type, physicalId, ...(name ? { name } : {}) })?.measures[0];
      return [metric?.metric.namespace, metric?.metric.dimensions, metric?.global];
    };
    expect(first('AWS::ApiGateway::RestApi', 'a1b2', 'astro-api')).toEqual([
      'AWS/ApiGateway',
      { ApiName: 'astro-api' },
      undefined,
    ]);
    expect(first('AWS::SQS::Queue', 'https://sqs.eu-west-3.amazonaws.com/1/jobs')).toEqual([
      'AWS/SQS',
      { QueueName: 'jobs' },
      undefined,
    ]);
    expect(first('AWS::SNS::Topic', 'arn:aws:sns:eu-west-3:1:alerts')[1]).toEqual({ TopicName: 'alerts' });
    expect(first('AWS::CloudFront::Distribution', 'E1')).toEqual([
      'AWS/CloudFront',
      { DistributionId: 'E1', Region: 'Global' },
      true,
    ]);
    const network = 'arn:aws:elasticloadbalancing:eu-west-3:1:loadbalancer/net/shop/50dc6c495c0c9188';
    expect(first('AWS::ElasticLoadBalancingV2::LoadBalancer', network)[0]).toBe('AWS/NetworkELB');
  });

  it('takes memory and disks from the agent, whatever dimensions it was given', () => {
    const dimensions = { InstanceId: 'i-1', path: '/', device: 'nvme0n1p1', fstype: 'ext4' };
    const metric = (name: string) => ({ namespace: 'CWAgent', metric: name, dimensions });
    const found = agentMeasures(['mem_used_percent', 'disk_used_percent', 'cpu_usage_idle'].map(metric));
    expect(found.map(({ label }) => label)).toEqual(['memory', 'disk /']);
  });
});

describe('GetMetricData', () => {
  let fake: Fake;
  beforeEach(async () => {
    fake = await startFake();
  });
  afterEach(() => fake.close());

  const query = (name: string, id = name): MetricQuery => ({
    id,
    statistic: 'Sum',
    metric: { namespace: 'AWS/Lambda', metric: 'Errors', dimensions: { FunctionName: name } },
  });
  const window = { from: 0, to: 10 * MINUTE, period: MINUTE };

  it('asks 500 at once, follows the pages, and gives each its own values in order', async () => {
    const names = Array.from({ length: 501 }, (_, at) => `f${at}`);
    for (const [at, name] of names.entries())
      fake.state.cloudWatch.metrics.push({
        namespace: 'AWS/Lambda',
        metric: 'Errors',
        dimensions: { FunctionName: name },
        values:
          at === 7
            ? []
            : [
                [2 * MINUTE, at],
                [MINUTE, 1],
                [MINUTE + 1000, 1],
              ],
      });
    fake.state.cloudWatch.pageSize = 300;
    const found = await metricsPort(await sessionFor(fake)).values(
      names.map((name) => query(name)),
      window,
    );
    expect(fake.actions()).toEqual(Array(3).fill('cloudwatch:GetMetricData'));
    expect(found.get('f500')).toEqual([
      { at: MINUTE, value: 2 },
      { at: 2 * MINUTE, value: 500 },
    ]);
    expect(found.get('f7')).toEqual([]);
  });

  it('throttled on every second call, it gets all of them', async () => {
    fake.faults.throttle('cloudwatch:GetMetricData', { every: 2, times: 5 });
    const port = metricsPort(await sessionFor(fake, 4));
    for (const name of ['a', 'b', 'c'])
      expect((await port.values([query(name)], window)).has(name)).toBe(true);
  });
});

describe('a host about itself', () => {
  const TEXT = `cores 2
load 0.50 0.25 0.10 1/123 4567
uptime 3600.52 7000.00
MemTotal:        2000 kB
MemAvailable:     500 kB
cpu  100 0 100 700 100 0 0 0 0 0
cpu  150 0 150 850 50 0 0 0 0 0
Filesystem     1024-blocks    Used Available Capacity Mounted on
/dev/root          1000     250       750      25% /
tmpfs              1000       0      1000       0% /run
/dev/root          1000     250       750      25% /snap
`;

  it('is read from /proc and df', () => {
    expect(hostReading(TEXT)).toEqual({
      cpuPercent: 50,
      cores: 2,
      load: [0.5, 0.25, 0.1],
      memory: { used: 1500 * 1024, total: 2000 * 1024 },
      disks: [{ path: '/', used: 250 * 1024, total: 1000 * 1024 }],
      uptimeSeconds: 3600,
    });
  });

  it('that answers otherwise has no data, and breaks nothing', () => {
    fc.assert(fc.property(fc.string(), (text) => hostReading(text) === undefined));
    expect(hostReading(TEXT.replace(/cpu {2}150.*\n/, ''))).toBeUndefined();
  });
});
