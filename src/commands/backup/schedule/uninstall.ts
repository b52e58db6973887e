import * as Args from '@oclif/core/args';
import { uninstall } from '../../../lib/backups/index.ts';
import { ScheduleCommand } from '../../../lib/cli/schedule-command.ts';
import { uninstalledView } from '../../../lib/cli/schedule-view.ts';
import type { View } from '../../../lib/cli/view.ts';

export default class BackupScheduleUninstall extends ScheduleCommand<typeof BackupScheduleUninstall> {
  static override summary = 'Take the timer or the line in the crontab away; the backups stay.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override args = {
    plan: Args.string({ description: 'A plan of infractl.yaml; all of them without.', ignoreStdin: true }),
  };

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const { name } = await this.entry(this.args.plan);
    return uninstalledView(name, await uninstall(await this.machine(), name));
  }
}
