import { describe, expect, it } from 'vitest';
import { type Entry, parseMoment } from '../../../src/lib/backups/schedule/entry.ts';
import { type Engine, install, uninstall } from '../../../src/lib/backups/schedule/schedule.ts';
import { Computer, OTHERS } from '../../helpers/computer.ts';

/** A schedule on a machine, installed and taken away by a process that is killed at each of its steps. */

const entry: Entry = {
  name: 'mbot-prod',
  folder: '/srv/mbot',
  argv: ['/usr/bin/node', '/opt/infractl/bin/run.js', 'backup', 'auto'],
  at: parseMoment('02:00'),
  log: '/root/.local/state/infractl/backup-mbot-prod.log',
};
const later: Entry = { ...entry, at: parseMoment('03:30') };

const installed = async (engine: Engine, one: Entry) => {
  const computer = new Computer();
  await install(computer, engine, one);
  return computer;
};

it.each([
  ['systemd', 'cron'],
  ['cron', 'systemd'],
] as const)('a schedule by %s that is installed by %s is not there twice', async (first, second) => {
  const computer = await installed(first, entry);
  expect(await install(computer, second, later)).toBe(true);
  expect(computer.whole).toEqual((await installed(second, later)).whole);
  expect(await install(computer, second, later)).toBe(false);
});

describe.each(['systemd', 'cron'] as const)('a schedule by %s, killed at each step', (engine) => {
  const cases = [
    ['installed', async () => new Computer(), (one: Computer) => install(one, engine, later)],
    ['changed', () => installed(engine, entry), (one: Computer) => install(one, engine, later)],
    ['taken away', () => installed(engine, entry), (one: Computer) => uninstall(one, entry.name)],
  ] as const;

  it.each(cases)('%s: installed again it is whole; taken away nothing is left', async (_, prepared, work) => {
    const measured = await prepared();
    const before = measured.steps;
    await work(measured);
    const steps = measured.steps - before;
    expect(steps).toBeGreaterThan(1);
    const wanted = (await installed(engine, later)).whole;
    for (let at = 0; at < steps; at++) {
      const dead = async () => {
        const computer = await prepared();
        computer.dies = computer.steps + at;
        await expect(work(computer)).rejects.toThrow('killed');
        computer.dies = Number.POSITIVE_INFINITY;
        expect(computer.crontab.startsWith(OTHERS)).toBe(true);
        return computer;
      };
      const again = await dead();
      await install(again, engine, later);
      expect(again.whole, `installed after ${at}`).toEqual(wanted);
      const gone = await dead();
      await uninstall(gone, entry.name);
      const { crontab, files, enabled } = gone.whole;
      expect([crontab, files, enabled], `taken away after ${at}`).toEqual([OTHERS, [], []]);
    }
  });
});
