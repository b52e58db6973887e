import * as Args from '@oclif/core/args';
import { examine } from '../../../lib/backups/index.ts';
import { ScheduleCommand } from '../../../lib/cli/command/schedule-command.ts';
import { doctorView } from '../../../lib/cli/views/schedule-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class BackupScheduleDoctor extends ScheduleCommand<typeof BackupScheduleDoctor> {
  static override summary = 'Look for what would keep the next backup from being made.';
  static override description =
    'Whether it is installed, whether what it runs is still there, whether its daemon runs, how the last run ' +
    'ended, and whether the command works in a bare environment now. Exit 1 when something is wrong.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override args = {
    plan: Args.string({ description: 'A plan of infractl.yaml; all of them without.', ignoreStdin: true }),
  };

  protected override async work(): Promise<View> {
    const entry = await this.entry(this.args.plan);
    return doctorView(await examine(await this.machine(), entry));
  }
}
