import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../lib/base/clock.ts';
import { checkConfirmation, confirmMild, confirmSevere } from '../lib/cli/asking/prompt.ts';
import { STUCK_FLAGS, stuckChoice } from '../lib/cli/asking/stuck-choice.ts';
import { HostCommand } from '../lib/cli/command/host-command.ts';
import { GUARD_FLAGS } from '../lib/cli/flags/guard-flags.ts';
import { LOCK_FLAGS, lockChoice, withWait } from '../lib/cli/flags/lock-flags.ts';
import { painter } from '../lib/cli/terminal.ts';
import { planLines, rollbackPlanView, rollbackView } from '../lib/cli/views/rollback-view.ts';
import type { View } from '../lib/cli/views/view.ts';
import { openRollback } from '../lib/deploy/index.ts';

export default class Rollback extends HostCommand<typeof Rollback> {
  static override summary = 'Go back to an earlier deploy.';
  static override needs = 'file' as const;
  static override description =
    'Stacks get the template and the parameters of that time, functions the version or the code, sites their files, hosts ' +
    'their release; then the checks of that time are asked. Works from the journal and AWS alone: no file of this folder ' +
    'matters but the name of the project. Without an ID: after a deploy that failed, to the newest one that did not; ' +
    'after one that went well, to the state before it. A rollback is a change like any other, so a second one takes the ' +
    'first one back. Data in tables, buckets and databases stays as it is.';
  static override examples = [
    { description: 'See what would go back', command: '<%= config.bin %> <%= command.id %> --dry-run' },
    { description: 'Undo the last, in a script', command: '<%= config.bin %> <%= command.id %> --yes' },
  ];
  static override strict = false;
  static override args = {
    id: Args.string({
      description: 'The deploy to go back to, as `history` shows it; then the parts that go back.',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    ...LOCK_FLAGS,
    ...STUCK_FLAGS,
    'allow-replacement': GUARD_FLAGS['allow-replacement'],
    'dry-run': Flags.boolean({ description: 'Show what would go back; change nothing.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask, where the environment is not protected.' }),
    confirm: Flags.string({
      description: 'For a protected environment: <project>-<environment>.',
      helpValue: 'NAME',
    }),
    project: Flags.string({
      description: "The project's name, where its infractl.yaml cannot be found or read.",
      helpValue: 'NAME',
    }),
  };
  static override streams = true;
  protected override takesBack = true;
  protected override completed = withWait;

  protected override async work(): Promise<View> {
    const project = await this.salvage(this.flags.project);
    const { 'dry-run': dryRun, yes, confirm: given, 'allow-replacement': allowReplacement } = this.flags;
    const name = `${project.name}-${project.environment}`;
    const severe = { name, given, question: 'The environment is protected.' };
    checkConfirmation(name, given);
    if (!dryRun) {
      await this.guardProtected();
      if (project.protected && given === undefined && !this.prompter.canAsk)
        await confirmSevere(this.prompter, severe);
    }
    const isId = /^(\d{8}T\d{9}Z-)?[0-9a-f]{6}$/.test(this.words[0] ?? '');
    const [to, parts] = isId ? [this.words[0], this.words.slice(1)] : [undefined, this.words];
    const decide = stuckChoice(this.flags, this.prompter, (lines, ask) => this.asideSaying(lines, ask));
    const choices = { ...lockChoice(this.flags), decide };
    const deps = this.withHosts({ ...(await this.deployDeps(systemClock)), ...choices });
    await this.sayPlace();
    const rollback = await openRollback(deps, project, { to, parts, allowReplacement });
    const plan = await rollback.plan();
    if (dryRun || !plan.changes) return rollbackPlanView(plan, dryRun);
    this.say(planLines(plan, { ...this.terminal, paint: painter(this.terminal.colourErr) }));
    if (project.protected) await confirmSevere(this.prompter, severe);
    else await confirmMild(this.prompter, { question: 'Go back?', yes: yes || given !== undefined });
    return rollbackView(plan, await rollback.run(plan), this.where);
  }
}
