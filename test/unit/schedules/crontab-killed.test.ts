import { expect, it } from 'vitest';
import { CronScheduleDesk } from '../../../src/lib/desks/cron-schedule-desk.ts';
import type { Schedule } from '../../../src/lib/schedules/index.ts';
import { virtualClock } from '../../fake/clock.ts';
import { Computer, OTHERS } from '../../helpers/computer.ts';

/** A schedule of instances in a crontab, set and removed by a process that is killed at each of its steps. */

const night: Schedule = {
  name: 'night',
  stop: '20:00 Mon-Fri',
  start: '07:30',
  timezone: 'Europe/Paris',
  targets: [{ kind: 'instance', id: 'i-0a1b2c3d4e5f60718' }],
  skipUntil: null,
};
const later: Schedule = { ...night, stop: '21:00 Mon-Fri' };
const weekend: Schedule = { ...night, name: 'weekend', stop: '20:00 Sat', start: null };

const owner = {
  project: 'shop',
  environment: 'dev',
  folder: '/srv/shop',
  program: ['/usr/bin/node', '/opt/infractl/bin/run.js'],
  place: [],
  log: '/root/.local/state/infractl/schedule.log',
};
const desk = (computer: Computer) => new CronScheduleDesk(computer, owner, virtualClock());

async function withSchedules(...schedules: Schedule[]): Promise<Computer> {
  const computer = new Computer();
  for (const one of schedules) await desk(computer).set(one);
  return computer;
}

const CASES = [
  ['set', [weekend], (one: Computer) => desk(one).set(night), [weekend, night]],
  ['changed', [night, weekend], (one: Computer) => desk(one).set(later), [later, weekend]],
  ['removed', [night, weekend], (one: Computer) => desk(one).remove('night'), [weekend]],
] as const;

it.each(CASES)(
  '%s, killed at each step: all other lines stay, and again it is whole',
  async (_, prepared, work, end) => {
    const measured = await withSchedules(...prepared);
    const before = measured.crontab;
    const from = measured.steps;
    await work(measured);
    const steps = measured.steps - from;
    expect(steps).toBeGreaterThan(1);
    for (let at = 0; at < steps; at++) {
      const computer = await withSchedules(...prepared);
      computer.dies = computer.steps + at;
      await expect(work(computer)).rejects.toThrow('killed');
      computer.dies = Number.POSITIVE_INFINITY;
      expect(computer.crontab.startsWith(OTHERS)).toBe(true);
      expect([before, measured.crontab]).toContain(computer.crontab);
      await work(computer);
      expect(computer.crontab, `after ${at}`).toBe(measured.crontab);
      expect(await desk(computer).list()).toEqual(end);
    }
  },
);
