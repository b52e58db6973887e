import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { filterFlag, LogCommand } from '../../lib/cli/command/log-command.ts';
import { statsView } from '../../lib/cli/views/log-stats-view.ts';
import type { View } from '../../lib/cli/views/view.ts';
import { StatsCounter } from '../../lib/logs/index.ts';

export default class LogsStats extends LogCommand<typeof LogsStats> {
  static override summary = 'Count what the logs say: errors, durations, cold starts, frequent messages.';
  static override needs = 'names' as const;
  static override description =
    'Reads the same events as logs would show, and counts them here: it is exact, and costs nothing but the reading. ' +
    'Durations, cold starts and memory come from the reports of Lambda functions.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'One function, the last day',
      command: '<%= config.bin %> <%= command.id %> api --since 1d',
    },
  ];
  static override strict = false;
  static override args = {
    name: Args.string({
      description: 'Functions, stacks, log groups, or beginnings of them.',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    filter: filterFlag,
    top: Flags.integer({
      description: 'How many frequent messages to show.',
      default: 10,
      min: 0,
      max: 1000,
    }),
  };

  protected override async work(): Promise<View> {
    const { from, to } = this.times(Date.now());
    const desk = await this.logDesk();
    const sources = await desk.sources(this.words);
    const window = { from, to: to ?? (await desk.now()), pattern: this.pattern };
    const counter = new StatsCounter();
    const result = await this.reading((reading) =>
      desk.read(sources, window, (events) => {
        counter.add(events);
        reading.add(events);
      }),
    );
    return statsView({ ...result, stats: counter.result(this.flags.top) }, window);
  }
}
