import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BackupCommand, keepFlags, targetFlags } from '../../lib/cli/command/backup-command.ts';
import { millisecondsOf } from '../../lib/cli/flags/duration-flag.ts';
import { createView } from '../../lib/cli/views/backup-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class BackupCreate extends BackupCommand<typeof BackupCreate> {
  static override summary = 'Back up instances, volumes and databases.';
  static override needs = 'names' as const;
  static override description =
    'All volumes of an instance in the same moment, encrypted, tagged. Safe to run twice: within the window of ' +
    'the plan there is no second one. Without --wait it ends when AWS has begun; copies are made by the next ' +
    'run that waits.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'One plan of infractl.yaml, until its snapshots are complete',
      command: '<%= config.bin %> <%= command.id %> nightly --wait',
    },
    { description: 'See first', command: '<%= config.bin %> <%= command.id %> --dry-run' },
  ];
  static override args = {
    plan: Args.string({ description: 'A plan of infractl.yaml; all of them without.', ignoreStdin: true }),
  };
  static override flags = {
    ...targetFlags,
    wait: Flags.boolean({ description: 'Wait until all is complete, copies included.' }),
    timeout: Flags.string({
      description: 'How long to wait.',
      default: '6h',
      helpValue: 'DURATION',
    }),
    force: Flags.boolean({ description: 'Make one although there is a recent one.' }),
    'dry-run': Flags.boolean({ description: 'Say what would be backed up; change nothing.' }),
    ...keepFlags,
  };

  protected override async work(): Promise<View> {
    const { plan } = this.args;
    const dryRun = this.flags['dry-run'] ?? false;
    const timeout = millisecondsOf('--timeout', this.flags.timeout);
    if (!dryRun) await this.guardProtected();
    const desk = await this.backupDesk();
    const plans = await this.plans(desk, plan ? [plan] : []);
    await this.sayPlace();
    const wait = this.flags.wait ? { wait: timeout } : {};
    return createView(
      await desk.create(plans, { force: this.flags.force ?? false, dryRun, ...wait }),
      dryRun,
    );
  }
}
