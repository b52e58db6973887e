import { Exit } from '../../base/errors.ts';
import { localTime } from '../../base/times.ts';
import type { AlarmEvent, AlarmsReport } from '../../desks/index.ts';
import type { Style } from '../terminal.ts';
import { harmless } from './harmless.ts';
import { table } from './table.ts';
import type { View } from './view.ts';

/** The words of CloudWatch by which a change of state is good or bad. */
const STYLES: readonly (readonly [RegExp, Style])[] = [
  [/ to ALARM\b|[Ff]ailed to execute/, 'red'],
  [/ to OK\b/, 'green'],
  [/ to INSUFFICIENT_DATA\b/, 'yellow'],
];

/** What became of alarms, oldest first. */
export function alarmHistoryView(
  { alarms, troubles }: Pick<AlarmsReport, 'alarms' | 'troubles'>,
  past: readonly AlarmEvent[],
): View {
  return {
    json: past.map(({ at, alarm, kind, summary }) => ({
      at: new Date(at).toISOString(),
      alarm,
      kind,
      summary,
    })),
    ...(troubles.length > 0 ? { exit: Exit.partial } : {}),
    text: (ui) => {
      if (alarms.length === 0) return 'No alarms in the stacks of this environment.';
      if (past.length === 0) return 'Nothing happened in this time. --since goes further back.';
      const rows = past.map(({ at, alarm, kind, summary }) => {
        const style = STYLES.find(([words]) => words.test(summary))?.[1];
        const when = localTime(new Date(at).toISOString());
        return [style ? ui.paint(style, when) : when, alarm, kind, harmless(summary)];
      });
      const columns = ['when', { title: 'alarm', min: 16 }, 'kind', { title: 'what', min: 20, wrap: true }];
      return table(ui, columns, rows);
    },
  };
}
