import { silentReporter } from '../../lib/base/report.ts';
import { ManageCommand } from '../../lib/cli/command/manage-command.ts';
import { targetFlags } from '../../lib/cli/flags/manage-flags.ts';
import { quickView } from '../../lib/cli/views/manage-status-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class ManageQuick extends ManageCommand<typeof ManageQuick> {
  static override summary = 'Say within three seconds whether hosts can be reached.';
  static override needs = 'names' as const;
  static override description =
    'The instance, its port for SSH, HTTP and HTTPS with status and the days that its certificate has left: ' +
    'all asked at the same time. Exits with 8 where something is not as it should be.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --host web',
  ];
  static override flags = targetFlags;

  protected override async work(): Promise<View> {
    const desk = await this.instanceDesk(silentReporter);
    return quickView(await desk.quick(this.choice()));
  }
}
