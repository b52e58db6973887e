import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../../../lib/base/clock.ts';
import { AlarmCommand } from '../../../lib/cli/command/alarm-command.ts';
import { whenOf } from '../../../lib/cli/flags/when-flag.ts';
import { alarmsView } from '../../../lib/cli/views/alarms-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class MonitoringAlarms extends AlarmCommand<typeof MonitoringAlarms> {
  static override summary = 'Show the alarms of the stacks: which, since when, and why.';
  static override description =
    'Also called alarms list. With names, also called alarms explain, each at length: what it watches, the datapoints that decided, what it does, what became of it ' +
    'since --since. A name is that of the alarm or of its resource in the template.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override strict = false;
  static override args = {
    name: Args.string({ description: 'Alarms, told at length.', ignoreStdin: true }),
  };
  static override flags = {
    since: Flags.string({
      description: 'How far back the history of named alarms goes: 2h, "yesterday 14:00", ISO 8601.',
      default: '1d',
    }),
  };

  protected override async work(): Promise<View> {
    const now = systemClock.now();
    const from = whenOf('--since', this.flags.since, now);
    const desk = await this.alarmDesk();
    const report = await this.found(desk);
    if (this.words.length === 0) return alarmsView(report, now);
    const histories = await Promise.all(
      report.alarms.map(async (one) => [one.alarm.name, await desk.history(one, from)] as const),
    );
    return alarmsView(report, now, new Map(histories));
  }
}
