import { silentReporter } from '../../../lib/base/report.ts';
import { ManageCommand } from '../../../lib/cli/manage-command.ts';
import { schedulesView } from '../../../lib/cli/manage-schedule-view.ts';
import type { View } from '../../../lib/cli/view.ts';

export default class ManageScheduleList extends ManageCommand<typeof ManageScheduleList> {
  static override summary = 'Show when what is started and stopped.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  protected override async work(): Promise<View> {
    return schedulesView(await (await this.scheduleDesk(silentReporter)).list());
  }
}
