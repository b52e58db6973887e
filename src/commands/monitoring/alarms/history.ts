import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../../../lib/base/clock.ts';
import { AlarmCommand } from '../../../lib/cli/command/alarm-command.ts';
import { whenOf } from '../../../lib/cli/flags/when-flag.ts';
import { alarmHistoryView } from '../../../lib/cli/views/alarm-history-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class MonitoringAlarmsHistory extends AlarmCommand<typeof MonitoringAlarmsHistory> {
  static override summary = 'Tell what became of the alarms, all of them in one order of time.';
  static override description =
    'Changes of state, actions that were carried out, and changes of the alarms themselves, the newest last. ' +
    'CloudWatch keeps them for 30 days.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'What went off last night',
      command: '<%= config.bin %> <%= command.id %> --since "yesterday 22:00"',
    },
  ];
  static override strict = false;
  static override args = {
    name: Args.string({ description: 'Alarms; all without a name.', ignoreStdin: true }),
  };
  static override flags = {
    since: Flags.string({
      description: 'From when on: 2h, "yesterday 14:00", ISO 8601.',
      default: '1d',
    }),
  };

  protected override async work(): Promise<View> {
    const from = whenOf('--since', this.flags.since, systemClock.now());
    const desk = await this.alarmDesk();
    const report = await this.found(desk);
    return alarmHistoryView(report, await desk.past(report.alarms, from));
  }
}
