import type { Clock } from '../base/clock.ts';
import { UsageError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { dayBegins, type Schedule } from '../schedules/index.ts';
import type { CronScheduleDesk } from './cron-schedule-desk.ts';
import type { ScheduleDesk } from './schedule-desk.ts';

/** Who keeps the time: EventBridge Scheduler, or cron on this machine. */
export type ScheduleEngine = 'scheduler' | 'cron';

export interface PlacedSchedule extends Schedule {
  readonly engine: ScheduleEngine;
}

const ENGINES = ['scheduler', 'cron'] as const;
const KEEPER = { scheduler: 'EventBridge Scheduler', cron: "this machine's cron" } as const;

/** All schedules of an environment, whoever keeps them. */
export class ScheduleEngines {
  readonly #desks: { readonly scheduler: ScheduleDesk; readonly cron: CronScheduleDesk };
  readonly #clock: Clock;

  constructor(scheduler: ScheduleDesk, cron: CronScheduleDesk, clock: Clock) {
    this.#desks = { scheduler, cron };
    this.#clock = clock;
  }

  /** @param engine asks this one alone: without credentials cron still answers */
  async list(engine?: ScheduleEngine): Promise<PlacedSchedule[]> {
    const asked = ENGINES.filter((one) => engine === undefined || one === engine);
    const lists = await Promise.all(asked.map((one) => this.#desks[one].list()));
    return asked.flatMap((one, at) => (lists[at] ?? []).map((schedule) => ({ ...schedule, engine: one })));
  }

  /** @throws UsageError `OtherEngine`: two would stop and start the same */
  async set(engine: ScheduleEngine, schedule: Schedule): Promise<'created' | 'updated' | 'unchanged'> {
    const other = engine === 'cron' ? 'scheduler' : 'cron';
    if ((await this.#desks[other].list()).some(({ name }) => name === schedule.name))
      throw new UsageError({
        code: 'OtherEngine',
        message: `The schedule ${schedule.name} is kept by ${KEEPER[other]} already.`,
        suggestions: [
          `Remove it there first: infractl manage schedule remove ${schedule.name} --engine ${other}`,
          'Or give this one another name: --name NAME',
        ],
      });
    return this.#desks[engine].set(schedule);
  }

  /**
   * Also takes away what a `set` left that never came to its end.
   *
   * @throws UsageError `NoSuchSchedule`
   */
  async remove(name: string, engine?: ScheduleEngine): Promise<void> {
    const all = await this.list(engine);
    const found = all.filter((one) => one.name === name);
    if (found.length === 0 && engine !== 'cron' && (await this.#desks.scheduler.sweep())) return;
    if (found.length === 0) throw noSuch(name, all);
    for (const one of found) await this.#desks[one.engine].remove(name);
  }

  /**
   * Lets schedules do nothing before a day begins in their zone; `now` lets them run again.
   *
   * @throws UsageError `BadDate`, `DateIsPast`, `NoSuchSchedule`
   */
  async skipUntil(day: string, name: string | undefined, engine?: ScheduleEngine): Promise<PlacedSchedule[]> {
    const all = await this.list(engine);
    const found = all.filter((one) => name === undefined || one.name === name);
    if (found.length === 0) throw noSuch(name ?? '', all);
    const changed = found.map((one) => ({ ...one, skipUntil: this.#until(day, one.timezone) }));
    const of = (wanted: ScheduleEngine) =>
      changed.flatMap(({ engine: keeper, ...schedule }) => (keeper === wanted ? [schedule] : []));
    for (const schedule of of('cron')) await this.#desks.cron.set(schedule, { tried: false });
    if (of('scheduler').length > 0) await this.#desks.scheduler.put(of('scheduler'));
    return all.map(
      (one) => changed.find(({ name, engine }) => name === one.name && engine === one.engine) ?? one,
    );
  }

  #until(day: string, timezone: string): string | null {
    if (day === 'now') return null;
    const begins = dayBegins(day, timezone);
    if (begins <= this.#clock.now())
      throw new UsageError({ code: 'DateIsPast', message: `${day} has begun already in ${timezone}.` });
    return new Date(begins).toISOString().replace('.000Z', 'Z');
  }
}

function noSuch(name: string, all: readonly Schedule[]): UsageError {
  const known = all.map((one) => one.name);
  const near = nearest(name, known);
  return new UsageError({
    code: 'NoSuchSchedule',
    message:
      all.length === 0 ? 'The environment has no schedule.' : `The environment has no schedule "${name}".`,
    suggestions: [
      ...(near ? [`Did you mean: ${near}`] : []),
      all.length > 0
        ? `Its schedules: ${known.join(', ')}`
        : 'Make one: infractl manage schedule set --stop "20:00 Mon-Fri"',
    ],
  });
}
