import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../../lib/base/clock.ts';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { whenOf } from '../../lib/cli/flags/when-flag.ts';
import { metricsView } from '../../lib/cli/views/metrics-view.ts';
import type { View } from '../../lib/cli/views/view.ts';
import { metricWindow } from '../../lib/monitoring/index.ts';

export default class MonitoringMetrics extends HostCommand<typeof MonitoringMetrics> {
  static override summary = 'Show the numbers of functions, APIs, instances, databases, tables and hosts.';
  static override description =
    'Charts of what CloudWatch has of the resources of the stacks, in as few calls as it takes, and CPU, memory, disk ' +
    'and load of the hosts, read from the hosts themselves. What has no data is said to have none.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'The last day', command: '<%= config.bin %> <%= command.id %> --since 1d' },
  ];
  static override strict = false;
  static override args = {
    name: Args.string({
      description: 'Resources by their names in the template or in AWS, stacks, hosts.',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    since: Flags.string({
      description: 'From when on: 30m, 6h, "yesterday 14:00", ISO 8601.',
      default: '3h',
    }),
  };

  protected override async work(): Promise<View> {
    const now = systemClock.now();
    const from = whenOf('--since', this.flags.since, now);
    const [{ openMetricDesk }, project] = await Promise.all([
      import('../../lib/desks/index.ts'),
      this.glance(),
    ]);
    const signal = this.interrupts.watch();
    let opened: ReturnType<typeof this.hostDesk> | undefined;
    const hosts = () => {
      opened ??= this.hostDesk();
      return opened;
    };
    const desk = await openMetricDesk({ session: () => this.session(), signal, hosts }, project);
    return metricsView(await desk.read(this.words, metricWindow(Math.min(from, now - 60_000), now)));
  }
}
