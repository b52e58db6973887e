import * as Flags from '@oclif/core/flags';
import { checkConfirmation, confirmSevere } from '../lib/cli/asking/prompt.ts';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { painter } from '../lib/cli/terminal.ts';
import { lockLines, unlockView } from '../lib/cli/views/lock-view.ts';
import type { View } from '../lib/cli/views/view.ts';
import { breakLock, readLock } from '../lib/deploy/index.ts';

export default class Unlock extends ProjectCommand<typeof Unlock> {
  static override summary = 'Break the lock of an environment that somebody else holds.';
  static override description =
    'One deploy, destroy or rollback of an environment runs at a time, from all machines. The lock of a ' +
    'command that died ends by itself after a minute. This is for one that lives and must not go on: it ' +
    'finds out before it begins anything further. What AWS was told to do goes on: see cancel for that.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'In a script',
      command: '<%= config.bin %> <%= command.id %> --env dev --confirm auth-manager-dev',
    },
  ];
  static override flags = {
    confirm: Flags.string({
      description: 'The name to confirm with: <project>-<environment>.',
      helpValue: 'NAME',
    }),
  };

  protected override async work(): Promise<View> {
    const project = await this.glance();
    await this.guardProtected();
    const name = `${project.name}-${project.environment}`;
    checkConfirmation(name, this.flags.confirm);
    const session = await this.session();
    await this.sayPlace();
    const lock = await readLock(session, project);
    if (!lock.held) return unlockView(name, lock, 'free');
    this.say(lockLines(lock, painter(this.terminal.colourErr)));
    await confirmSevere(this.prompter, {
      name,
      given: this.flags.confirm,
      question: 'Its owner stops where it is.',
    });
    const broken = await breakLock(session, project, lock);
    return unlockView(name, lock, broken ? 'broken' : 'over');
  }
}
