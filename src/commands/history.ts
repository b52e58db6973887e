import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../lib/base/clock.ts';
import { shortId } from '../lib/base/text.ts';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { historyEntryView, historyView } from '../lib/cli/views/history-view.ts';
import type { View } from '../lib/cli/views/view.ts';
import { readHistory } from '../lib/deploy/index.ts';
import { type JournalEntry, leftState } from '../lib/journal/index.ts';

export default class History extends ProjectCommand<typeof History> {
  static override summary = 'Show what was deployed, by whom, and how it went.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'More of it', command: '<%= config.bin %> <%= command.id %> --limit 100' },
  ];
  static override args = {
    id: Args.string({
      description: 'One entry with all its facts: its id, or the end of it that the list shows.',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    limit: Flags.integer({
      description: 'How many entries to show, newest first.',
      default: 20,
      min: 1,
      max: 1000,
    }),
  };

  protected override async work(): Promise<View> {
    const project = await this.glance();
    const session = await this.session();
    const now = systemClock.now();
    const { id } = this.args;
    if (id === undefined) {
      const entries = await readHistory(session, project, { limit: this.flags.limit, now });
      const named = (entry: JournalEntry) => ({
        value: shortId(entry.id),
        description: `${entry.startedAt.slice(0, 16)}Z, ${entry.result}, ${entry.command}`,
      });
      await this.rememberNames('deploy', entries.map(named));
      await this.rememberNames('state', entries.filter(leftState).map(named));
      return historyView(entries);
    }
    const [entry] = await readHistory(session, project, { id, now });
    return entry ? historyEntryView(entry) : historyView([]);
  }
}
