import { localTime } from '../../base/times.ts';
import type { PlacedSchedule } from '../../desks/index.ts';
import { advised } from '../terminal.ts';
import { table } from './table.ts';
import type { View } from './view.ts';
import { broken } from './wrap.ts';

/** The schedules of an environment. */
export function schedulesView(schedules: readonly PlacedSchedule[]): View {
  return {
    json: schedules,
    text: (ui) =>
      schedules.length === 0
        ? [
            broken('The environment has no schedule. Make one:', ui.columns),
            advised(ui, '  infractl manage schedule set --stop "20:00 Mon-Fri" --start "07:30 Mon-Fri"'),
          ].join('\n')
        : table(
            ui,
            [
              { title: 'name' },
              { title: 'stop' },
              { title: 'start' },
              { title: 'zone', optional: true },
              { title: 'by', optional: true },
              { title: 'skips until', optional: true },
              { title: 'targets', wrap: true },
            ],
            schedules.map((one) => [
              one.name,
              one.stop ?? '-',
              one.start ?? '-',
              one.timezone,
              one.engine,
              one.skipUntil ? localTime(one.skipUntil, 'minutes') : '-',
              one.targets.map(({ id }) => id).join(', '),
            ]),
          ),
  };
}

/** A schedule that was set, or would be. */
export function setView(
  schedule: PlacedSchedule,
  outcome: 'created' | 'updated' | 'unchanged' | 'planned',
): View {
  const words = [
    schedule.stop === null ? '' : `stops at ${schedule.stop}`,
    schedule.start === null ? '' : `starts at ${schedule.start}`,
  ].filter(Boolean);
  const what = `${schedule.name} ${words.join(' and ')} (${schedule.timezone}): ${schedule.targets.map(({ id }) => id).join(', ')}`;
  return {
    json: { outcome, schedule },
    text: (ui) => {
      if (outcome === 'planned') return `${what}\nThis was a dry run: nothing was changed.`;
      const cron =
        schedule.engine === 'cron'
          ? `\ncron of this machine looks every hour whether it is that time in ${schedule.timezone}: crontab -l`
          : '';
      return outcome === 'unchanged'
        ? `Nothing to do: ${what}`
        : `${ui.paint('green', 'Set')}: ${what}${cron}`;
    },
  };
}
