import * as Flags from '@oclif/core/flags';
import { systemClock } from '../lib/base/clock.ts';
import { shellWord } from '../lib/base/shell-words.ts';
import { confirmMild } from '../lib/cli/asking/prompt.ts';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { LOCK_FLAGS, lockChoice, withWait } from '../lib/cli/flags/lock-flags.ts';
import { span } from '../lib/cli/flags/span-flag.ts';
import { prunePlanView, pruneView, removalLine } from '../lib/cli/views/prune-view.ts';
import type { View } from '../lib/cli/views/view.ts';
import { openPrune } from '../lib/deploy/index.ts';

export default class Prune extends ProjectCommand<typeof Prune> {
  static override summary = 'Clear away images, archives and templates that nothing uses any more.';
  static override description =
    'Looks at every environment of the project in this account and region. What a version of any function, a ' +
    'stack, a site, or a run that is kept names, stays; so does what is young, and an image that somebody tagged. ' +
    'Without --apply it only shows what would go, and why everything else stays.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'Do it, in a script', command: '<%= config.bin %> <%= command.id %> --apply --yes' },
    {
      description: 'Keep less of the past',
      command: '<%= config.bin %> <%= command.id %> --keep 5 --keep-within 7d',
    },
  ];
  static override flags = {
    ...LOCK_FLAGS,
    apply: Flags.boolean({ description: 'Remove it; without this nothing is changed.' }),
    keep: Flags.integer({
      description: 'So many of the newest runs of each environment stay, with all that they name.',
      default: 20,
      min: 1,
    }),
    'keep-within': span({ description: 'And all runs that are younger.', default: '30d' }),
    'older-than': span({
      description: 'Nothing younger goes: somebody may be about to use it.',
      default: '1d',
    }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  };

  protected override completed = withWait;

  protected override async work(): Promise<View> {
    const { project } = await this.project();
    const { apply, yes, keep } = this.flags;
    if (apply) await this.guardProtected();
    const order = { keep, within: this.flags['keep-within'], grace: this.flags['older-than'] };
    const deps = { ...(await this.deployDeps(systemClock)), ...lockChoice(this.flags) };
    const prune = await openPrune(deps, project, order);
    await this.sayPlace();
    const plan = await prune.plan();
    for (const note of plan.notes) this.warnUser(note);
    if (!apply || plan.items.every(({ remove }) => !remove))
      return prunePlanView(
        plan,
        systemClock.now(),
        ['infractl prune', ...this.argv.map(shellWord), '--apply'].join(' '),
      );
    this.say(removalLine(plan));
    await confirmMild(this.prompter, { question: 'Remove them?', yes });
    return pruneView(await prune.run(plan));
  }
}
