import { silentReporter } from '../../../lib/base/report.ts';
import { engineFlag, ManageScheduleCommand } from '../../../lib/cli/command/manage-schedule-command.ts';
import { schedulesView } from '../../../lib/cli/views/manage-schedule-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class ManageScheduleList extends ManageScheduleCommand<typeof ManageScheduleList> {
  static override summary = 'Show when what is started and stopped.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override flags = { engine: engineFlag() };

  protected override async work(): Promise<View> {
    return schedulesView(await (await this.engines(silentReporter)).list(this.flags.engine));
  }
}
