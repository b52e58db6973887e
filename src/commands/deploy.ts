import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../lib/base/clock.ts';
import { DETACH_FLAG, STUCK_FLAGS, stuckChoice } from '../lib/cli/asking/stuck-choice.ts';
import { HostCommand } from '../lib/cli/command/host-command.ts';
import { GUARD_FLAGS, guardChoice } from '../lib/cli/flags/guard-flags.ts';
import { LOCK_FLAGS, lockChoice, withWait } from '../lib/cli/flags/lock-flags.ts';
import { SKIP_FLAGS, skipChoice } from '../lib/cli/flags/skip-flags.ts';
import { deployView, leftOut } from '../lib/cli/views/deploy-view.ts';
import type { View } from '../lib/cli/views/view.ts';
import { chooseParts, deployProject, withTheirFunctions } from '../lib/deploy/index.ts';

export default class Deploy extends HostCommand<typeof Deploy> {
  static override summary = 'Build, push and deploy what has changed.';
  static override description =
    'Makes the project true: images are built, functions get them, sites are published, applications released to their ' +
    'hosts, checks must pass. With --create-stack the stacks are created or updated too, in the order that they need ' +
    'each other. What has not changed is left alone. When a check fails, what was moved goes back to what was before.';
  static override examples = [
    { description: 'From nothing', command: '<%= config.bin %> <%= command.id %> --create-stack' },
    { description: 'After a change of the code', command: '<%= config.bin %> <%= command.id %>' },
    {
      description: 'See what would happen',
      command: '<%= config.bin %> <%= command.id %> --create-stack --dry-run',
    },
    {
      description: 'Put back what was changed by hand',
      command: '<%= config.bin %> <%= command.id %> --revert-drift',
    },
    { description: 'The newest pushed image', command: '<%= config.bin %> <%= command.id %> --skip-build' },
  ];
  static override strict = false;
  static override args = {
    part: Args.string({
      description: 'Deploy these parts and all that they need: api, stack:app.',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    ...LOCK_FLAGS,
    ...GUARD_FLAGS,
    ...STUCK_FLAGS,
    'create-stack': Flags.boolean({ description: 'Create or update the stacks too.' }),
    'revert-drift': Flags.boolean({
      description: 'Also put back what was changed by hand; includes --create-stack.',
    }),
    ...SKIP_FLAGS,
    ...DETACH_FLAG,
    'dry-run': Flags.boolean({ description: 'Show what would happen; change nothing.' }),
  };
  static override streams = true;
  protected override takesBack = true;
  protected override completed = withWait;

  protected override async work(): Promise<View> {
    const { project } = await this.project();
    const named = chooseParts(project, this.words);
    const revertDrift = this.flags['revert-drift'];
    const parts = revertDrift ? withTheirFunctions(project, named) : named;
    if (!this.flags['dry-run']) await this.guardProtected();
    const decide = stuckChoice(this.flags, this.prompter, (lines, ask) => this.asideSaying(lines, ask));
    const common = await this.deployDeps(systemClock);
    const deps = this.withHosts({ ...common, ...lockChoice(this.flags), decide });
    await this.sayPlace();
    if (revertDrift && this.flags['dry-run'])
      this.warnUser('A dry run does not look for what was changed by hand. To see that: infractl drift');
    else if (revertDrift && deps.session.sandbox)
      this.warnUser('The sandbox finds drift but does not put it back.');
    const result = await deployProject(deps, project, {
      parts,
      createStack: this.flags['create-stack'] || revertDrift,
      revertDrift,
      ...guardChoice(this.flags),
      ...skipChoice(this.flags),
      detach: this.flags.detach,
      dryRun: this.flags['dry-run'],
    });
    return deployView(result, this.where, leftOut(project, this.flags));
  }
}
