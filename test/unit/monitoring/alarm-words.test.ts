import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Alarm,
  actionWords,
  conditionWords,
  decidingDatapoints,
  figure,
  silenceWindow,
  whyWords,
} from '../../../src/lib/monitoring/index.ts';

const ERRORS: Alarm = {
  name: 'shop-errors',
  arn: 'arn:aws:cloudwatch:eu-west-3:123456789012:alarm:shop-errors',
  state: 'ALARM',
  reason: 'Threshold Crossed: 2 out of the last 2 datapoints …',
  reasonData: JSON.stringify({
    startDate: '2026-11-21T14:00:00.000+0000',
    period: 300,
    recentDatapoints: [12, 15],
    threshold: 10,
  }),
  since: Date.parse('2026-11-21T14:10:00Z'),
  actionsEnabled: true,
  actions: { ALARM: [], OK: [], INSUFFICIENT_DATA: [] },
  watched: {
    kind: 'metric',
    statistic: 'Sum',
    metric: { namespace: 'AWS/Lambda', metric: 'Errors', dimensions: { FunctionName: 'shop-api' } },
  },
  comparison: 'GreaterThanThreshold',
  threshold: 10,
  period: 300_000,
  evaluations: 2,
};

describe('an alarm in words', () => {
  it('says when it is set off', () => {
    expect(conditionWords(ERRORS)).toBe('the sum of Errors of shop-api above 10 in 5 min, 2 times in a row');
    expect(conditionWords({ ...ERRORS, evaluations: 3, datapoints: 2, missing: 'breaching' })).toBe(
      'the sum of Errors of shop-api above 10 in 5 min, 2 times of 3; no data counts as too much',
    );
    const slow: Alarm = {
      ...ERRORS,
      watched: {
        kind: 'metric',
        statistic: 'p95',
        metric: { namespace: 'Shop', metric: 'Wait', dimensions: {} },
      },
      comparison: 'LessThanOrEqualToThreshold',
      threshold: 0.123456,
      period: 10_000,
      evaluations: 1,
    };
    expect(conditionWords(slow)).toBe('p95 Wait in Shop at or below 0.1235 in 10 s');
    expect(conditionWords({ ...slow, watched: { kind: 'expression', expression: 'e / i' } })).toMatch(
      /^e \/ i /,
    );
    expect(conditionWords({ ...slow, watched: { kind: 'rule', rule: 'ALARM(a) OR ALARM(b)' } })).toBe(
      'ALARM(a) OR ALARM(b)',
    );
  });

  it('says why, with the datapoints that decided, by the words of AWS where it told none', () => {
    expect(decidingDatapoints(ERRORS)).toEqual([
      { at: Date.parse('2026-11-21T14:00:00Z'), value: 12 },
      { at: Date.parse('2026-11-21T14:05:00Z'), value: 15 },
    ]);
    expect(whyWords(ERRORS)).toBe('2 datapoints: 12, 15, the limit is 10');
    const { reasonData: _, ...untold } = ERRORS;
    for (const reasonData of ['', '{', '{}', '{"recentDatapoints":[1]}'])
      expect(whyWords({ ...untold, reasonData })).toBe(ERRORS.reason);
    const evaluated = JSON.stringify({
      evaluatedDatapoints: [
        { timestamp: '2026-11-21T14:05:00.000+0000', value: 15 },
        { timestamp: '2026-11-21T14:00:00.000+0000', value: 12 },
        { timestamp: '2026-11-21T13:55:00.000+0000' },
      ],
    });
    expect(decidingDatapoints({ ...ERRORS, reasonData: evaluated })).toEqual(decidingDatapoints(ERRORS));
    const composite: Alarm = {
      ...ERRORS,
      watched: { kind: 'rule', rule: 'ALARM(a)' },
      reasonData: '{"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:eu-west-3:1:alarm:a b"}]}',
    };
    expect(whyWords(composite)).toBe('because of a b');
  });

  it('says what its actions do', () => {
    expect(actionWords('arn:aws:sns:eu-west-3:123456789012:alerts')).toBe('notifies alerts');
    expect(actionWords('arn:aws:automate:eu-west-3:ec2:stop')).toBe('stops the instance');
    expect(
      actionWords('arn:aws:autoscaling:eu-west-3:1:scalingPolicy:u:autoScalingGroupName/g:policyName/grow'),
    ).toBe('scales by the policy grow');
    expect(actionWords('arn:aws:ssm:eu-west-3:1:opsitem:1')).toBe('arn:aws:ssm:eu-west-3:1:opsitem:1');
  });

  it('keeps figures short and true to a thousandth', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 }), (value) => {
        expect(Math.abs(Number(figure(value)) - value)).toBeLessThanOrEqual(Math.abs(value) / 1000);
      }),
    );
  });
});

describe('the window of a silence', () => {
  it('has whole minutes, begins in the future and soon, and is as long as asked, to the minute', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4e12 }),
        fc.integer({ min: 1, max: 15 * 86_400_000 }),
        (now, ms) => {
          const { from, until } = silenceWindow(now, ms);
          expect([from % 60_000, until % 60_000]).toEqual([0, 0]);
          expect(from).toBeGreaterThanOrEqual(now + 5000);
          expect(from).toBeLessThan(now + 65_000);
          expect(until - from).toBeGreaterThanOrEqual(ms);
          expect(until - from).toBeLessThan(ms + 60_000);
        },
      ),
    );
  });
});
