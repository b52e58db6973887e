import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { uninstall } from '../../../lib/backups/index.ts';
import { ScheduleCommand } from '../../../lib/cli/command/schedule-command.ts';
import { uninstalledView } from '../../../lib/cli/views/schedule-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class BackupScheduleUninstall extends ScheduleCommand<typeof BackupScheduleUninstall> {
  static override summary = 'Take the timer or the line in the crontab away; the backups stay.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override args = {
    plan: Args.string({ description: 'A plan of infractl.yaml; all of them without.', ignoreStdin: true }),
  };
  static override flags = {
    dlm: Flags.boolean({ description: 'Take the stack with the policy of Data Lifecycle Manager away too.' }),
  };

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const { name } = await this.entry(this.args.plan);
    const here = await uninstall(await this.machine(), name);
    if (!this.flags.dlm) return uninstalledView(name, here);
    const { project } = await this.project();
    const { plan } = this.args;
    const desk = await this.backupDesk();
    return uninstalledView(
      name,
      (await desk.uninstallDlm(plan ? [plan] : [...project.backups.keys()])) || here,
    );
  }
}
