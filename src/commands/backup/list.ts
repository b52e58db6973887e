import * as Args from '@oclif/core/args';
import { systemClock } from '../../lib/base/clock.ts';
import { BackupCommand } from '../../lib/cli/command/backup-command.ts';
import { backupListView } from '../../lib/cli/views/backup-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class BackupList extends BackupCommand<typeof BackupList> {
  static override summary = 'Show the backups of an environment, and why each is kept.';
  static override needs = 'names' as const;
  static override description =
    'Newest first: what of, when, how complete, verified when, kept by which rule.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override args = {
    plan: Args.string({ description: 'A plan of infractl.yaml; all without.', ignoreStdin: true }),
  };

  protected override async work(): Promise<View> {
    const desk = await this.backupDesk();
    const { plan } = this.args;
    const plans = await (plan ? this.plans(desk, [plan]) : this.allPlans(desk));
    const listed = await desk.list(plans);
    const shown = plan ? listed.filter(({ backup }) => backup.plan === plan) : listed;
    if (!plan)
      await this.rememberNames(
        'backup',
        listed.map(({ backup }) => ({
          value: backup.id,
          description: [backup.subject, backup.state].join(', '),
        })),
      );
    return backupListView(shown, systemClock.now());
  }
}
