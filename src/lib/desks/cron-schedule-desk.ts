import { dirname } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { InfractlError } from '../base/errors.ts';
import {
  type CronLine,
  glanceAtCrontab,
  type Machine,
  readCrontab,
  runBare,
  tryLine,
  withLine,
  withoutLine,
  writeCrontab,
} from '../cron/index.ts';
import {
  type CronOwner,
  cronLines,
  cronMarks,
  offsetAt,
  type Schedule,
  scheduledCommand,
  schedulesOfCrontab,
} from '../schedules/index.ts';

/** The schedules of an environment that stand in the crontab of this machine's user, and nowhere else. */
export class CronScheduleDesk {
  readonly #machine: Machine;
  readonly #owner: CronOwner;
  readonly #clock: Clock;

  constructor(machine: Machine, owner: CronOwner, clock: Clock) {
    this.#machine = machine;
    this.#owner = owner;
    this.#clock = clock;
  }

  async list(): Promise<Schedule[]> {
    return schedulesOfCrontab(await glanceAtCrontab(this.#machine), this.#owner);
  }

  /**
   * Sets a schedule in place of one of its name, after its commands have worked in cron's bare environment with
   * `--dry-run`. `tried: false` where they have before.
   *
   * @throws InfractlError `NoCron`, `CrontabUnreadable`, `CrontabRefused`, `TrialFailed`, `NoZoneData`
   */
  async set(schedule: Schedule, { tried = true } = {}): Promise<'created' | 'updated' | 'unchanged'> {
    const before = await readCrontab(this.#machine);
    const known = schedulesOfCrontab(before, this.#owner).some(({ name }) => name === schedule.name);
    const lines = await this.#lines(schedule);
    const after = this.#with(before, schedule.name, lines);
    if (after === before) return 'unchanged';
    if (tried) await this.#try(schedule);
    // cron's redirection makes the file, not its folder.
    this.#machine.makeFolder(dirname(this.#owner.log));
    await writeCrontab(this.#machine, after);
    return known ? 'updated' : 'created';
  }

  /** Whether there was such a schedule. */
  async remove(name: string): Promise<boolean> {
    if (!(await this.list()).some((one) => one.name === name)) return false;
    await writeCrontab(this.#machine, this.#with(await readCrontab(this.#machine), name, []));
    return true;
  }

  #with(crontab: string, name: string, lines: readonly CronLine[]): string {
    const stale = Object.values(cronMarks(this.#owner, name)).filter(
      (mark) => !lines.some((line) => line.mark === mark),
    );
    return lines.reduce(withLine, stale.reduce(withoutLine, crontab));
  }

  async #lines(schedule: Schedule): Promise<CronLine[]> {
    const now = this.#clock.now();
    const [here, there] = await Promise.all([this.#offset(''), this.#offset(schedule.timezone)]);
    const expected = offsetAt(now, schedule.timezone);
    if (there !== expected)
      throw new InfractlError({
        code: 'NoZoneData',
        message: `This machine does not know the time zone ${schedule.timezone}: nothing was installed.`,
        suggestions: ['Install the zones: apt-get install tzdata', 'Or use --timezone UTC.'],
      });
    return cronLines(this.#owner, schedule, now, here);
  }

  /** How far a zone's clock is ahead of UTC on this machine, in milliseconds; without one: that of cron. */
  async #offset(zone: string): Promise<number> {
    const said = await runBare(this.#machine, `${zone && `TZ='${zone}' `}date +%z`);
    const [, sign, hours, minutes] = /^([+-])(\d\d)(\d\d)$/.exec(said?.stdout.trim() ?? '') ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  }

  async #try({ stop, start, targets }: Schedule): Promise<void> {
    for (const [doing, when] of [
      ['stop', stop],
      ['start', start],
    ] as const)
      if (when !== null)
        await tryLine(this.#machine, `${scheduledCommand(this.#owner, doing, targets)} --dry-run`);
  }
}
