import * as Args from '@oclif/core/args';
import { scheduleState } from '../../../lib/backups/index.ts';
import { ScheduleCommand } from '../../../lib/cli/command/schedule-command.ts';
import { scheduleStateView } from '../../../lib/cli/views/schedule-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class BackupScheduleStatus extends ScheduleCommand<typeof BackupScheduleStatus> {
  static override summary = 'Show what runs the backups of this environment on this machine.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override args = {
    plan: Args.string({ description: 'A plan of infractl.yaml; all of them without.', ignoreStdin: true }),
  };

  protected override async work(): Promise<View> {
    const { plan } = this.args;
    const entry = await this.entry(plan);
    return scheduleStateView(entry, await scheduleState(await this.machine(), entry.name, entry.log), plan);
  }
}
