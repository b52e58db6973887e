import { DashboardCommand } from '../../lib/cli/command/dashboard-command.ts';
import type { View } from '../../lib/cli/views/view.ts';

/** Milliseconds: metrics cost money, and most of them change once in five minutes. */
const EVERY = 30_000;

export default class MonitoringDashboard extends DashboardCommand<typeof MonitoringDashboard> {
  static override summary = 'Show everything that runs on one screen: alarms, instances, services, charts.';
  static override description =
    'On a terminal it stays and is kept fresh: arrows move, d describes, l shows logs, r changes the range, / filters, ' +
    '? helps, q quits. Elsewhere it is printed once, as a table or with --json. What cannot be looked at says why in ' +
    'its panel; exit 3 then.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'A report for the browser',
      command: '<%= config.bin %> <%= command.id %> --html report.html',
    },
  ];

  protected override async work(): Promise<View> {
    if (!this.hasScreen) return this.lookedAt(EVERY);
    const { json } = await this.watched({ every: EVERY });
    // Whoever has left the screen has seen it.
    return { json, text: () => '' };
  }
}
