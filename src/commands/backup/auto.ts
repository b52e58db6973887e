import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BackupCommand } from '../../lib/cli/command/backup-command.ts';
import { millisecondsOf } from '../../lib/cli/flags/duration-flag.ts';
import { autoView } from '../../lib/cli/views/backup-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class BackupAuto extends BackupCommand<typeof BackupAuto> {
  static override summary = 'Back up, clean up, and check that the newest backup is young enough: for cron.';
  static override description =
    'Asks nothing. When a backup fails, nothing is deleted. Tells the URL (ping) and the SNS topic of the plan. ' +
    'One at a time for each plan: a second one on this machine ends with exit 6.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'What it would do', command: '<%= config.bin %> <%= command.id %> --dry-run' },
  ];
  static override args = {
    plan: Args.string({ description: 'A plan of infractl.yaml; all of them without.', ignoreStdin: true }),
  };
  static override flags = {
    timeout: Flags.string({
      description: 'How long to wait for AWS.',
      default: '6h',
      helpValue: 'DURATION',
    }),
    'dry-run': Flags.boolean({ description: 'Say what would be done; change nothing, tell nobody.' }),
  };

  protected override async work(): Promise<View> {
    const dryRun = this.flags['dry-run'] ?? false;
    const wait = millisecondsOf('--timeout', this.flags.timeout);
    if (!dryRun) await this.guardProtected();
    const desk = await this.backupDesk();
    const plans = await this.plans(desk, this.args.plan ? [this.args.plan] : []);
    return autoView(await desk.auto(plans, { wait, dryRun }), dryRun);
  }
}
