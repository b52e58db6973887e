import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { LogCommand } from '../../lib/cli/command/log-command.ts';
import { queryView } from '../../lib/cli/views/log-query-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class LogsQuery extends LogCommand<typeof LogsQuery> {
  static override summary = 'Ask the logs with CloudWatch Logs Insights.';
  static override needs = 'names' as const;
  static override description =
    'For more than can be read: AWS searches, and is paid by what it scans. The query is in the language of Logs ' +
    'Insights. Ctrl-C stops it in AWS too.';
  static override examples = [
    `<%= config.bin %> <%= command.id %> "fields @timestamp, @message | sort @timestamp desc"`,
    {
      description: 'Slow requests of one function, the last day',
      command: `<%= config.bin %> <%= command.id %> "filter @duration > 1000 | stats count() by bin(1h)" --in api --since 1d`,
    },
  ];
  static override args = {
    query: Args.string({ description: 'The query.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    in: Flags.string({
      description: 'A function, a stack, a log group, or the beginning of several.',
      multiple: true,
    }),
    limit: Flags.integer({ description: 'At most so many rows.', min: 1, max: 10_000 }),
  };

  protected override async work(): Promise<View> {
    const { from, to } = this.times(Date.now());
    const desk = await this.logDesk();
    const sources = await desk.sources(this.flags.in ?? []);
    const reporter = await this.reporter();
    const query = { query: this.args.query, from, to: to ?? (await desk.now()), limit: this.flags.limit };
    const [result, price] = await Promise.all([
      desk.query(sources, query, reporter),
      this.price({ kind: 'logs-scanned' }),
    ]);
    return queryView(result, price);
  }
}
