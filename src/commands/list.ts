import { systemClock } from '../lib/base/clock.ts';
import { silentReporter } from '../lib/base/report.ts';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { listView } from '../lib/cli/views/stacks-view.ts';
import type { View } from '../lib/cli/views/view.ts';

export default class List extends ProjectCommand<typeof List> {
  static override summary = 'Show the stacks of an environment and how they are.';
  static override needs = 'names' as const;
  static override description =
    'Status, age, resources, protection against deletion, and drift as AWS last knew it. Stacks that this ' +
    'project made and that are not in infractl.yaml any more are shown too.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  /** The tags of stacks name their project. */
  protected override get namesAll(): boolean {
    return true;
  }

  protected override async work(): Promise<View> {
    const { stacks, note } = await (await this.stackDesk(silentReporter)).list();
    if (note) this.warnUser(note);
    const { bare } = await this.glance();
    return listView(stacks, systemClock.now(), bare);
  }
}
