import { describe, expect, it } from 'vitest';
import { cronLines } from '../../../src/lib/schedules/crontab.ts';
import { offsetAt, parseWhen } from '../../../src/lib/schedules/when.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const owner = {
  project: 'shop',
  environment: 'dev',
  folder: '/srv/shop',
  program: ['/usr/bin/node', '/opt/infractl/run.js'],
  place: ['--env', 'dev'],
  log: '/var/log/infractl.log',
};

/** When cron runs a line's command: at its minutes, by the machine's clock, where the line's own test holds. */
function runsAt(line: string, zone: string, machineOffset: number): (at: number) => boolean {
  const read = /^([\d,]+) (?:\* ){4}case \$\(TZ=\S+ date \+(\S+)\) in (\S+)\)/.exec(
    line.replaceAll('\\%', '%'),
  );
  const [, minutes = '', format = '', pattern = ''] = read ?? [];
  return (at) => {
    const minute = String(((((at + machineOffset) / MINUTE) % 60) + 60) % 60);
    if (!minutes.split(',').includes(minute)) return false;
    const local = new Date(at + offsetAt(at, zone));
    const two = (value: number) => String(value).padStart(2, '0');
    const said = format
      .replace('%u', String(((local.getUTCDay() + 6) % 7) + 1))
      .replace('%H', two(local.getUTCHours()))
      .replace('%M', two(local.getUTCMinutes()));
    return new RegExp(`^${pattern}$`).test(said);
  };
}

describe('a line of the crontab', () => {
  it.each([
    ['UTC', 0],
    ['Europe/Paris', 0],
    ['Europe/Paris', 2 * 60 * MINUTE],
    ['America/New_York', 330 * MINUTE],
    ['Asia/Kathmandu', 0],
    ['Asia/Kolkata', 345 * MINUTE],
    // Its summer time is half an hour.
    ['Australia/Lord_Howe', 0],
  ] as const)(
    'of %s on a machine %i ms ahead of UTC runs at the wanted times, and at no other',
    (zone, ahead) => {
      const written = '19:20 Mon-Thu,Sat';
      const { hour, minute, days } = parseWhen(written);
      const now = Date.UTC(2026, 0, 5, 9);
      const schedule = {
        name: 'nightly',
        stop: written,
        start: null,
        timezone: zone,
        targets: [{ kind: 'instance' as const, id: 'i-00000000000000001' }],
        skipUntil: null,
      };
      const [made, ...others] = cronLines(owner, schedule, now, ahead);
      expect(others).toEqual([]);
      const runs = runsAt(made?.line ?? '', zone, ahead);
      const wanted = (at: number) => {
        const local = new Date(at + offsetAt(at, zone));
        return (
          local.getUTCHours() === hour &&
          local.getUTCMinutes() === minute &&
          days.includes((local.getUTCDay() + 6) % 7)
        );
      };
      let count = 0;
      // Weeks of winter, of summer, and of changes of clocks here and there; zones differ by quarters of an hour.
      for (const from of [now, Date.UTC(2026, 2, 27), Date.UTC(2026, 3, 3), Date.UTC(2026, 6, 6)])
        for (let at = from - (from % DAY) + (minute % 15) * MINUTE; at < from + 5 * DAY; at += 15 * MINUTE) {
          expect([new Date(at).toISOString(), runs(at)]).toEqual([new Date(at).toISOString(), wanted(at)]);
          if (wanted(at)) count++;
        }
      expect(count).toBeGreaterThan(8);
    },
  );
});
