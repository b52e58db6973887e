import * as Flags from '@oclif/core/flags';
import { BackupCommand } from '../../lib/cli/command/backup-command.ts';
import { costsView } from '../../lib/cli/views/verify-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class BackupCosts extends BackupCommand<typeof BackupCosts> {
  static override summary =
    'Show what each backup really holds, what deleting it frees, and what all cost a month.';
  static override description =
    'Counts blocks through the direct APIs of EBS: a snapshot costs what differs from the one before it, not the ' +
    'size of its volume. Each call lists up to 10,000 blocks and costs a fraction of a cent.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override flags = {
    'max-calls': Flags.integer({ description: 'Calls of the direct APIs at most.', default: 500, min: 1 }),
  };

  protected override async work(): Promise<View> {
    const desk = await this.backupDesk();
    const costs = await desk.costs(await this.allPlans(desk), this.flags['max-calls']);
    return costsView(costs, await desk.prices());
  }
}
