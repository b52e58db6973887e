import * as Flags from '@oclif/core/flags';
import { systemClock } from '../lib/base/clock.ts';
import { checkConfirmation, confirmEmptying, confirmSevere } from '../lib/cli/asking/prompt.ts';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { LOCK_FLAGS, lockChoice, withWait } from '../lib/cli/flags/lock-flags.ts';
import { painter } from '../lib/cli/terminal.ts';
import { destroyView, inventoryLines } from '../lib/cli/views/deploy-view.ts';
import type { View } from '../lib/cli/views/view.ts';
import { openDestroy } from '../lib/deploy/index.ts';

export default class Destroy extends ProjectCommand<typeof Destroy> {
  static override summary =
    'Delete the stacks of an environment, the images in its repositories and the files of its sites.';
  static override description =
    'Goes backwards through the project: what needs a part is deleted before it. What AWS would refuse half ' +
    'way is found first: protection, values that other stacks import, buckets that are not empty. Asks for the name of the ' +
    'environment to be typed; in a script give it with --confirm. The journal of deploys stays.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'In a script',
      command: '<%= config.bin %> <%= command.id %> --env dev --confirm auth-manager-dev',
    },
  ];
  static override flags = {
    ...LOCK_FLAGS,
    keep: Flags.string({
      description:
        'A part that stays, with all that it needs: stack:app. Or a resource at which a deletion failed.',
      helpValue: 'NAME',
      multiple: true,
    }),
    empty: Flags.boolean({ description: 'Delete what is in the buckets of the stacks, without asking.' }),
    confirm: Flags.string({
      description: 'The name to confirm with: <project>-<environment>.',
      helpValue: 'NAME',
    }),
  };
  static override streams = true;
  protected override completed = withWait;

  protected override async work(): Promise<View> {
    const { project } = await this.project();
    await this.guardProtected();
    const name = `${project.name}-${project.environment}`;
    const asked = { name, given: this.flags.confirm, question: 'This cannot be undone.' };
    checkConfirmation(name, this.flags.confirm);
    // Where nobody can be asked, the missing flag is named before anything is asked of AWS.
    if (this.flags.confirm === undefined && !this.prompter.canAsk) await confirmSevere(this.prompter, asked);
    const session = await this.session();
    const destruction = await openDestroy(
      { ...(await this.deployDeps(systemClock)), ...lockChoice(this.flags) },
      project,
      {
        keep: this.flags.keep ?? [],
        agreed: ({ holdings }) =>
          this.flags.confirm !== undefined &&
          (this.flags.empty || !holdings.some(({ kind }) => kind === 'bucket')),
      },
    );
    await this.sayPlace();
    const inventory = await destruction.inventory();
    if (inventory.stacks.length + inventory.sites.length > 0) {
      const { account } = await session.identity();
      this.say(inventoryLines(inventory, account, painter(this.terminal.colourErr)));
      if (inventory.holdings.some(({ kind }) => kind === 'bucket') && !this.flags.empty)
        await confirmEmptying(this.prompter);
      await confirmSevere(this.prompter, asked);
    }
    return destroyView(await destruction.run(), this.where);
  }
}
