import { UsageError } from '../base/errors.ts';
import { shellWord } from '../base/shell-words.ts';
import { type CronLine, cronCommand, marksOf, shellLine } from '../cron/index.ts';
import type { Doing, Schedule, ScheduledTarget } from './template.ts';
import { offsetAt, parseWhen } from './when.ts';

/** Whose lines these are, and what they run. */
export interface CronOwner {
  readonly project: string;
  readonly environment: string;
  /** The folder with infractl.yaml. */
  readonly folder: string;
  /** Absolute path of Node and of infractl's launcher. */
  readonly program: readonly string[];
  /** The flags that choose environment, profile, region. */
  readonly place: readonly string[];
  /** Where cron writes what was printed. */
  readonly log: string;
}

/** Debian's cron takes no longer command; others do. */
const LONGEST = 998;
const HALF_A_YEAR = 183 * 86_400_000;
const MINUTE = 60_000;

const prefix = ({ project, environment }: CronOwner) => `infractl schedule ${project}-${environment}/`;

/** The marks of both lines of a schedule; one of them may have no line. Pure. */
export function cronMarks(owner: CronOwner, name: string): Record<Doing, string> {
  const of = (doing: Doing) => `${prefix(owner)}${encodeURIComponent(name)} ${doing}`;
  return { stop: of('stop'), start: of('start') };
}

/** The command of a schedule, for sh. What it asks is answered: a schedule has been decided on. Pure. */
export function scheduledCommand(
  owner: CronOwner,
  doing: Doing,
  targets: readonly ScheduledTarget[],
): string {
  const ids = ['--id', targets.map(({ id }) => id).join(',')];
  const confirm = doing === 'stop' ? ['--confirm', `${owner.project}-${owner.environment}`] : [];
  // One that is gone must not keep the others running every night.
  const words = ['manage', doing, ...ids, '--skip-gone', ...owner.place, '--no-input', ...confirm];
  return shellLine({ folder: owner.folder, argv: [...owner.program, ...words] });
}

/**
 * The lines of a schedule. cron looks once an hour, and the line itself tells by the clock of the schedule's zone
 * whether it is time: the machine may be in any other zone, and no change of clocks moves the hour.
 *
 * @param machineOffset how far cron's clock is ahead of UTC, in milliseconds
 * @throws UsageError `TooManyTargets`: cron takes no line that is so long
 */
export function cronLines(
  owner: CronOwner,
  schedule: Schedule,
  now: number,
  machineOffset: number,
): CronLine[] {
  const marks = cronMarks(owner, schedule.name);
  const note = JSON.stringify(schedule);
  return (['stop', 'start'] as const).flatMap((doing) => {
    const written = schedule[doing];
    if (written === null) return [];
    const { hour, minute, days } = parseWhen(written);
    const two = (value: number) => String(value).padStart(2, '0');
    const zone = `TZ=${shellWord(schedule.timezone)} date`;
    // Zones that are half an hour apart see another minute.
    const minutes = new Set(
      [now, now + HALF_A_YEAR].map((at) => {
        const apart = (offsetAt(at, schedule.timezone) - machineOffset) / MINUTE;
        return (((minute - apart) % 60) + 60) % 60;
      }),
    );
    const [format, time] = minutes.size === 1 ? ['%u%H', two(hour)] : ['%u%H%M', two(hour) + two(minute)];
    const { skipUntil } = schedule;
    const skip = skipUntil === null ? '' : `[ $(date +%s) -ge ${Date.parse(skipUntil) / 1000} ] && `;
    const work = `${skip}${scheduledCommand(owner, doing, schedule.targets)}`;
    const weekdays = days.map((day) => day + 1).join('');
    const command = cronCommand(`case $(${zone} +${format}) in [${weekdays}]${time}) ${work}`, owner.log);
    if (command.length + ' ;; esac'.length > LONGEST)
      throw new UsageError({
        code: 'TooManyTargets',
        message: `A line of a crontab takes ${LONGEST} characters; ${schedule.targets.length} targets need more.`,
        suggestions: ['Use --engine scheduler, or make several schedules with --name.'],
      });
    return [
      {
        mark: marks[doing],
        note,
        line: `${[...minutes].sort((a, b) => a - b).join(',')} * * * * ${command} ;; esac`,
      },
    ];
  });
}

/** The schedules that stand in a crontab, as they were set. Pure. */
export function schedulesOfCrontab(crontab: string, owner: CronOwner): Schedule[] {
  const found = new Map<string, Schedule>();
  for (const mark of marksOf(crontab, prefix(owner))) {
    try {
      const schedule = JSON.parse(mark.slice(mark.indexOf('{'))) as Schedule;
      found.set(schedule.name, schedule);
    } catch {
      // A comment that somebody edited: not ours any more.
    }
  }
  return [...found.values()];
}
