import * as Flags from '@oclif/core/flags';
import { DashboardCommand } from '../../lib/cli/command/dashboard-command.ts';
import type { ExitOn } from '../../lib/cli/dashboard/continuous.ts';
import { millisecondsOf } from '../../lib/cli/flags/duration-flag.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class MonitoringContinuous extends DashboardCommand<typeof MonitoringContinuous> {
  static override summary = 'Watch everything that runs, and tell each change.';
  static override description =
    'On a terminal it is the screen of the dashboard. Elsewhere a line is printed for each change: an alarm, an ' +
    'instance, a service, a certificate, a backup, a deploy, a connection that is lost or back. With --json a line of ' +
    'JSON for each. --exit-on ends it with exit 8 once that is so.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'After a release: fail when an alarm goes off within ten minutes',
      command: '<%= config.bin %> <%= command.id %> --exit-on alarm --for 10m',
    },
  ];
  static override streams = true;
  static override flags = {
    interval: Flags.string({
      description: 'Look again after so long; CloudWatch charges for metrics by the look.',
      default: '30s',
    }),
    for: Flags.string({ description: 'End after so long: 10m, 1h.' }),
    'exit-on': Flags.string({
      description: 'End with exit 8 once there is an alarm, or anything is bad.',
      options: ['alarm', 'unhealthy'],
    }),
  };

  protected override async work(): Promise<View> {
    const { interval, for: length, 'exit-on': exitOn } = this.flags;
    return this.watched({
      every: millisecondsOf('--interval', interval),
      length: length === undefined ? undefined : millisecondsOf('--for', length),
      exitOn: exitOn as ExitOn | undefined,
    });
  }
}
