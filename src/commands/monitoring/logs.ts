import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { filterFlag, LogCommand, sinceFlag } from '../../lib/cli/command/log-command.ts';
import { troublesView } from '../../lib/cli/views/troubles-view.ts';
import type { View } from '../../lib/cli/views/view.ts';
import { Troubles } from '../../lib/logs/index.ts';

export default class MonitoringLogs extends LogCommand<typeof MonitoringLogs> {
  static override summary = 'Show the last errors of all logs and hosts, those that are alike together.';
  static override description =
    'Looks through what the stacks and functions of the environment write and through the journals of its hosts. Errors ' +
    'that differ in numbers, ids and times alone are one, with the newest of them. infractl logs shows what stands around them.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'Since yesterday', command: '<%= config.bin %> <%= command.id %> --since yesterday' },
  ];
  static override strict = false;
  static override args = {
    name: Args.string({
      description: 'Functions, stacks, hosts, log groups, or beginnings of them.',
      ignoreStdin: true,
    }),
  };
  static override baseFlags = {
    ...LogCommand.baseFlags,
    since: sinceFlag('1h'),
  };
  static override flags = {
    filter: filterFlag,
    top: Flags.integer({
      description: 'How many different errors of each.',
      default: 5,
      min: 1,
      max: 1000,
    }),
  };

  protected override async work(): Promise<View> {
    const { from, to } = this.times(Date.now());
    const desk = await this.logDesk();
    // A filter is carried out by AWS, which has no journals.
    const all = this.words.length === 0 && this.pattern === undefined;
    const sources = all ? await desk.everything() : await desk.sources(this.words);
    const window = { from, to: to ?? (await desk.now()), pattern: this.pattern };
    const troubles = new Troubles();
    const result = await this.reading((reading) =>
      desk.read(sources, window, (events) => {
        troubles.add(events);
        reading.add(events);
      }),
    );
    const told = sources.map((source) => ({ ...source, ...troubles.of(source.group, this.flags.top) }));
    return troublesView(told, result, window);
  }
}
