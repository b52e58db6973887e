import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BackupCommand } from '../../lib/cli/command/backup-command.ts';
import { verifyView } from '../../lib/cli/views/verify-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class BackupVerify extends BackupCommand<typeof BackupVerify> {
  static override summary = 'Prove that a backup can be read: the drill.';
  static override description =
    'On the host of its plan: a volume of each snapshot is attached, its file systems checked and a sample of ' +
    'files hashed; the volume is taken away, also what an earlier drill that was killed left. Without a host: ' +
    'blocks are read and compared with their checksums. The snapshot is tagged with when and how.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> latest --of i-0a1b2c3d4e5f60718 --how blocks',
  ];
  static override args = {
    backup: Args.string({
      description: 'The backup or one of its snapshots, or "latest".',
      default: 'latest',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    of: Flags.string({ description: 'The instance, volume or database that it is of.', helpValue: 'ID' }),
    how: Flags.option({
      description: 'On the host, by blocks, or as the plan allows.',
      options: ['auto', 'host', 'blocks'] as const,
      default: 'auto' as const,
    })(),
    sample: Flags.integer({
      description: 'Blocks to read of each snapshot.',
      default: 64,
      min: 1,
      max: 10_000,
    }),
  };

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const desk = await this.backupDesk();
    const plans = await this.allPlans(desk);
    const backup = await desk.find(plans, this.args.backup, this.flags.of);
    await this.sayPlace();
    return verifyView(backup, await desk.verify(plans, backup, this.flags.how, this.flags.sample));
  }
}
