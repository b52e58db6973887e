import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { shellWord } from '../../lib/base/shell-words.ts';
import { checkConfirmation, confirmSevere } from '../../lib/cli/asking/prompt.ts';
import { BackupCommand, keepFlags } from '../../lib/cli/command/backup-command.ts';
import { painter } from '../../lib/cli/terminal.ts';
import { cleanupView, goingLines } from '../../lib/cli/views/backup-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class BackupCleanup extends BackupCommand<typeof BackupCleanup> {
  static override summary = 'Delete the backups that no rule keeps; a dry run unless --apply is given.';
  static override description =
    'Shows every backup with its reason. Never goes: what infractl did not make, the newest good one, ' +
    'unfinished ones, what an image is made of, what is locked, shared or held by a tag (infractl:hold, ' +
    'legal-hold), anything when the newest backup failed or the clock is wrong.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'In a script',
      command: '<%= config.bin %> <%= command.id %> --apply --confirm auth-manager-dev',
    },
  ];
  static override args = {
    plan: Args.string({ description: 'A plan of infractl.yaml; all of them without.', ignoreStdin: true }),
  };
  static override flags = {
    apply: Flags.boolean({ description: 'Delete, after the name was typed.' }),
    'dry-run': Flags.boolean({ description: 'Only show what would go: the default.', exclusive: ['apply'] }),
    confirm: Flags.string({
      description: 'The name to confirm with: <project>-<environment>.',
      helpValue: 'NAME',
    }),
    'max-delete': Flags.integer({
      description: 'Snapshots that may go in this run, in place of what the plan says.',
      min: 0,
    }),
    ...keepFlags,
  };

  protected override async work(): Promise<View> {
    const { apply, confirm } = this.flags;
    const { project } = await this.project();
    const name = `${project.name}-${project.environment}`;
    if (apply) await this.guardProtected();
    checkConfirmation(name, confirm);
    const asked = { name, given: confirm, question: 'Snapshots cannot be brought back.' };
    // Where nobody can be asked, the missing flag is named before anything is asked of AWS.
    if (apply && confirm === undefined && !this.prompter.canAsk) await confirmSevere(this.prompter, asked);
    const desk = await this.backupDesk();
    const plans = await this.plans(desk, this.args.plan ? [this.args.plan] : []);
    await this.sayPlace();
    const cleanup = await desk.planCleanup(plans, this.flags['max-delete']);
    const words = this.argv.filter((word) => word !== '--dry-run');
    const typed = ['infractl backup cleanup', ...words.map(shellWord), '--apply'].join(' ');
    if (!apply || cleanup.going.length === 0) return cleanupView(cleanup, apply ? EMPTY : undefined, typed);
    const { account } = await (await this.session()).identity();
    this.say(goingLines(cleanup, account, { paint: painter(this.terminal.colourErr) }));
    await confirmSevere(this.prompter, asked);
    return cleanupView(cleanup, await desk.carryOut(cleanup), typed);
  }
}

const EMPTY = { snapshots: [], failures: [] };
