import { InfractlError } from '../../src/lib/base/errors.ts';
import {
  type AlarmLine,
  type Chart,
  costOf,
  type InstanceLine,
  type Picture,
} from '../../src/lib/monitoring/dashboard/index.ts';

/** A picture of a project with something in every panel, at one fixed moment. */

export const NOON = Date.UTC(2026, 0, 5, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What somebody puts into a name to break a terminal or a page. */
export const EVIL = `\u001B[2J\u0007\n\t<script>alert("x")</script>' onload='x`;

function alarm(name: string, state: 'OK' | 'ALARM', reason = ''): AlarmLine {
  return {
    stack: 'app',
    logicalId: 'Errors',
    quiet: false,
    alarm: {
      name,
      arn: `arn:aws:cloudwatch:eu-west-3:123456789012:alarm:${name}`,
      state,
      reason: reason || 'Threshold Crossed',
      reasonData: JSON.stringify({
        evaluatedDatapoints: [
          { timestamp: '2026-01-05T11:50:00Z', value: 12 },
          { timestamp: '2026-01-05T11:55:00Z', value: 17 },
        ],
      }),
      since: NOON - 4 * MINUTE,
      actionsEnabled: true,
      actions: { ALARM: ['arn:aws:sns:eu-west-3:123456789012:alerts'], OK: [], INSUFFICIENT_DATA: [] },
      watched: {
        kind: 'metric',
        statistic: 'Sum',
        metric: { namespace: 'AWS/Lambda', metric: 'Errors', dimensions: { FunctionName: 'shop-api-dev' } },
      },
      comparison: 'GreaterThanThreshold',
      threshold: 10,
      period: 5 * MINUTE,
      evaluations: 2,
    },
  };
}

function instance(name: string, mood: InstanceLine['mood'], state: string): InstanceLine {
  return {
    kind: 'instance',
    id: `i-0123456789abcdef${name.length}`,
    name,
    state,
    mood,
    type: 't3.small',
    address: '203.0.113.7',
    checks: state === 'running' ? 'ok' : null,
    health: state === 'running' ? 'answers 200' : null,
    upMs: state === 'running' ? 50 * HOUR : null,
    costUsdMonth: state === 'running' ? 17.23 : 0,
    detail: null,
  };
}

function chart(name: string, label: string, facts: Partial<Chart>): Chart {
  const points = Array.from({ length: 36 }, (_, turn) => ({
    at: NOON - 3 * HOUR + turn * 5 * MINUTE,
    value: 40 + 30 * Math.sin(turn / 4),
  }));
  return {
    id: `app/${name} ${label}`,
    topic: 'cpu',
    label,
    kind: 'function',
    name,
    stack: 'app',
    resource: 'shop-api-dev',
    unit: 'count',
    statistic: 'Sum',
    // A quarter of an hour without data.
    points: points.filter((_, turn) => turn < 12 || turn > 14),
    cadence: 5 * MINUTE,
    ...facts,
  };
}

export interface PictureOptions {
  /** Whether anything has answered yet. */
  readonly asked?: boolean;
  readonly evil?: boolean;
  readonly alarms?: number;
}

export function picture({ asked = true, evil = false, alarms = 2 }: PictureOptions = {}): Picture {
  const told = <T>(value: T) => (asked ? { value, at: NOON, busy: false } : { busy: true });
  const bad = evil ? EVIL : '';
  const instances = [instance(`web${bad}`, 'good', 'running'), instance('jobs', 'off', 'stopped')];
  const denied = new InfractlError({
    code: 'AccessDenied',
    message: `arn:aws:iam::123456789012:user/dev may not do ec2:DescribeSnapshots.${bad}`,
    suggestions: ['Ask for a policy that allows ec2:DescribeSnapshots.'],
  });
  const backups = {
    value: [
      { plan: 'nightly', subject: 'vol-0123', id: 'nightly-1', at: NOON - 9 * HOUR, maxAgeMs: 26 * HOUR },
    ],
    at: NOON - 10 * MINUTE,
    busy: false,
    trouble: { word: 'no permission', error: denied, since: NOON - 5 * MINUTE },
  };
  return {
    place: { project: 'shop', environment: 'dev', region: 'eu-west-3', profile: null, sandbox: false },
    at: NOON,
    range: '3h',
    panels: {
      alarms: told([
        alarm(`shop-errors${bad}`, 'ALARM', bad),
        ...Array.from({ length: alarms - 1 }, (_, n) => alarm(`shop-other-${n}`, 'OK')),
      ]),
      instances: told(instances),
      hosts: told([
        {
          host: 'web',
          reading: {
            cpuPercent: 12.4,
            cores: 2,
            load: [0.2, 0.1, 0.1],
            memory: { used: 1.1e9, total: 2e9 },
            disks: [{ path: '/', used: 14e9, total: 20e9 }],
            uptimeSeconds: 180_000,
          },
          cpu: [{ at: NOON, value: 12.4 }],
          memory: [{ at: NOON, value: 55 }],
        },
      ]),
      services: told([
        {
          host: 'web',
          services: [
            {
              unit: 'app.service',
              state: 'failed',
              substate: 'failed',
              enabled: 'enabled',
              sinceSeconds: 90,
              restarts: 3,
              memory: null,
              result: 'exit-code',
              ports: [],
              lines: [`cannot connect to the database${bad}`],
            },
          ],
        },
      ]),
      endpoints: told([
        {
          name: 'health',
          url: 'https://shop.example/health',
          ok: true,
          words: '200 in 41 ms',
          ms: 41,
          certificateDays: 61,
          certificateProblem: null,
        },
      ]),
      metrics: told({
        window: { from: NOON - 3 * HOUR, to: NOON, period: 5 * MINUTE },
        charts: [
          chart(`Api${bad}`, 'errors', { topic: 'errors' }),
          chart('Api', 'invocations', { topic: 'requests' }),
          chart('Api', 'duration p95', { topic: 'duration', statistic: 'p95', unit: 'ms' }),
          chart('Web', 'CPU', {
            kind: 'instance',
            statistic: 'Average',
            unit: 'percent',
            resource: 'i-0123',
          }),
          chart('Worker', 'throttles', { topic: 'throttles', points: [] }),
        ],
      }),
      backups: asked ? backups : { busy: true },
      deploy: told({
        id: '20260105T110000Z-a1b2c3',
        at: NOON - HOUR,
        result: 'succeeded',
        command: 'deploy',
        who: 'ann',
        commit: '0123456789abcdef',
      }),
    },
    cost: costOf(asked ? instances : undefined, 'On-demand list prices.', null),
    spent: {
      calls: 42,
      byAction: [['cloudwatch:GetMetricData', 3]],
      metrics: 15,
      usd: 0.0012,
      usdADay: 0.43,
    },
  };
}
