import * as Args from '@oclif/core/args';
import { checkConfirmation, confirmMild, confirmSevere } from '../../lib/cli/asking/prompt.ts';
import { BackupCommand } from '../../lib/cli/command/backup-command.ts';
import { millisecondsOf } from '../../lib/cli/flags/duration-flag.ts';
import { restoreFlags } from '../../lib/cli/flags/restore-flags.ts';
import { painter } from '../../lib/cli/terminal.ts';
import {
  restoredBeforeView,
  restoredItem,
  restoredView,
  restoreLines,
  restorePlanView,
} from '../../lib/cli/views/restore-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class BackupRestore extends BackupCommand<typeof BackupRestore> {
  static override summary =
    'Bring a backup back: as volumes, as an instance, as a database, or as the root volume.';
  static override needs = 'names' as const;
  static override description =
    'Says first what it will do, how long it takes and what it costs. What is there now is kept, and the way ' +
    'back is printed. Only --replace-root touches a disk in use: the name of the instance is to be typed then.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> latest --of i-0a1b2c3d4e5f60718 --dry-run',
    {
      description: 'A new volume, attached beside the others',
      command:
        '<%= config.bin %> <%= command.id %> latest --of i-0a1b2c3d4e5f60718 --attach i-0a1b2c3d4e5f60718 --yes',
    },
    {
      description: 'The whole instance goes back, in a script',
      command:
        '<%= config.bin %> <%= command.id %> latest --of i-0a1b2c3d4e5f60718 --replace-root --confirm web',
    },
    {
      description: 'A new database beside the old one',
      command: '<%= config.bin %> <%= command.id %> latest --of shop --to database --yes',
    },
  ];
  static override args = {
    backup: Args.string({
      description: 'The backup or one of its snapshots, or "latest".',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = restoreFlags;

  protected override async work(): Promise<View> {
    const { of, source, attach: instance, zone, name, again, confirm } = this.flags;
    const timeout = millisecondsOf('--timeout', this.flags.timeout);
    const dryRun = this.flags['dry-run'] ?? false;
    if (!dryRun) await this.guardProtected();
    const desk = await this.backupDesk();
    const backup = await desk.find(await this.allPlans(desk), this.args.backup, of);
    await this.sayPlace();
    const to = this.flags['replace-root'] ? 'root' : this.flags.to;
    const plan = await desk.planRestore({ backup, to, source, instance, zone, name, again, timeout });
    if (plan.already) return restoredBeforeView(plan, plan.already, dryRun);
    const { account } = await (await this.session()).identity();
    const item = restoredItem(plan);
    const usd = item && (await desk.quote(item))?.usd;
    const price = { usd, note: (await desk.prices()).note };
    const lines = restoreLines(plan, price, account, {
      paint: painter(this.terminal.colourErr),
      columns: this.terminal.columns,
    });
    if (dryRun) return restorePlanView(plan, price, lines);
    this.say(lines);
    if (plan.confirm === undefined)
      await confirmMild(this.prompter, { question: 'Do that?', yes: this.flags.yes });
    else {
      checkConfirmation(plan.confirm, confirm);
      const question = 'The disk that is in use now is replaced.';
      await confirmSevere(this.prompter, { name: plan.confirm, given: confirm, question });
    }
    return restoredView(plan, price, await desk.restore(plan));
  }
}
