import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../lib/base/clock.ts';
import { historyEntryView, historyView } from '../lib/cli/history-view.ts';
import { ProjectCommand } from '../lib/cli/project-command.ts';
import type { View } from '../lib/cli/view.ts';

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
    const [{ openArtifactStore }, { asItIs, listJournal, readJournal, witness }] = await Promise.all([
      import('../lib/artifacts/index.ts'),
      import('../lib/journal/index.ts'),
    ]);
    const store = await openArtifactStore(session, project.name, { create: false });
    if (!store) return historyView([]);
    const now = witness(systemClock.now());
    if (this.args.id)
      return historyEntryView(asItIs(await readJournal(store, project.environment, this.args.id), now));
    const entries = await listJournal(store, project.environment, this.flags.limit);
    return historyView(entries.map((entry) => asItIs(entry, now)));
  }
}
