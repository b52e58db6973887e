import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schedulesOf, scheduleTemplate } from '../../../src/lib/schedules/template.ts';
import {
  checkTimezone,
  dayBegins,
  parseWhen,
  schedulerCron,
  writtenWhen,
} from '../../../src/lib/schedules/when.ts';

describe('times of a schedule', () => {
  test.each([
    ['20:00 Mon-Fri', 'cron(0 20 ? * MON,TUE,WED,THU,FRI *)'],
    ['07:30', 'cron(30 7 * * ? *)'],
    ['7:05 Sat', 'cron(5 7 ? * SAT *)'],
    ['22:00 weekdays', 'cron(0 22 ? * MON,TUE,WED,THU,FRI *)'],
    ['6:00 fri-mon', 'cron(0 6 ? * MON,FRI,SAT,SUN *)'],
    ['6:00 Monday,Wed', 'cron(0 6 ? * MON,WED *)'],
  ])('%s is %s', (text, cron) => expect(schedulerCron(parseWhen(text))).toBe(cron));

  test.each([
    '',
    '24:00',
    '7',
    '7:60',
    '20:00 Mo',
    '20:00 Mon-',
    '20:00 Mon-Tue-Wed',
    '20:00 Mon,,Tue',
    '8pm',
  ])('"%s" is refused', (text) => expect(() => parseWhen(text)).toThrow('no time of a schedule'));

  test('what is written is read as the same', () => {
    const when = fc.record({
      hour: fc.integer({ min: 0, max: 23 }),
      minute: fc.integer({ min: 0, max: 59 }),
      days: fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { minLength: 1 }).map((days) => days.sort()),
    });
    fc.assert(
      fc.property(when, (one) => {
        expect(parseWhen(writtenWhen(one))).toEqual(one);
      }),
    );
  });
});

describe('days in zones', () => {
  test.each([
    ['2026-01-05', 'Europe/Paris', '2026-01-04T23:00:00.000Z'],
    ['2026-07-01', 'Europe/Paris', '2026-06-30T22:00:00.000Z'],
    ['2026-03-29', 'Europe/Paris', '2026-03-28T23:00:00.000Z'],
    ['2026-10-26', 'Europe/Paris', '2026-10-25T23:00:00.000Z'],
    ['2026-01-05', 'America/New_York', '2026-01-05T05:00:00.000Z'],
    ['2026-01-05', 'UTC', '2026-01-05T00:00:00.000Z'],
    // Its clocks change after the day has begun, and before UTC's has.
    ['2026-04-05', 'Pacific/Auckland', '2026-04-04T11:00:00.000Z'],
  ])('%s begins in %s at %s', (day, zone, at) =>
    expect(new Date(dayBegins(day, zone)).toISOString()).toBe(at),
  );

  test.each(['2026-02-30', '5.1.2026', 'tomorrow'])('%s is no date', (day) =>
    expect(() => dayBegins(day, 'UTC')).toThrow('is no date'),
  );

  test('a zone that is none', () => expect(() => checkTimezone('Europe/Lutetia')).toThrow('no time zone'));
});

test('the template holds what was set, and a role for these targets alone', () => {
  const schedules = [
    {
      name: 'default',
      stop: '20:00 Mon-Fri',
      start: '07:30',
      timezone: 'Europe/Paris',
      skipUntil: '2026-01-04T23:00:00Z',
      targets: [
        { kind: 'instance', id: 'i-1' },
        { kind: 'database', id: 'orders' },
        { kind: 'group', id: 'web', capacity: { min: 1, max: 4, desired: 2 } },
      ],
    },
  ] as const;
  const text = scheduleTemplate(schedules);
  expect(schedulesOf(text)).toEqual(schedules);
  const { Resources } = JSON.parse(text) as {
    Resources: Record<
      string,
      { Type: string; Properties: { StartDate?: string; Target: { Input: string } } }
    >;
  };
  const made = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Scheduler::Schedule');
  expect(made).toHaveLength(6);
  expect(made.every(({ Properties }) => Properties.StartDate === '2026-01-04T23:00:00Z')).toBe(true);
  expect(made.map(({ Properties }) => Properties.Target.Input)).toContain(
    '{"AutoScalingGroupName":"web","MinSize":1,"MaxSize":4,"DesiredCapacity":2}',
  );
  expect(JSON.stringify(Resources.Role)).not.toMatch(/"Resource":"\*"/);
  expect(schedulesOf('Resources: {}')).toEqual([]);
});
