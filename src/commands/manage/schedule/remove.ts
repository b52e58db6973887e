import * as Args from '@oclif/core/args';
import { ManageCommand } from '../../../lib/cli/manage-command.ts';
import { confirmFlags } from '../../../lib/cli/manage-flags.ts';
import { confirmMild } from '../../../lib/cli/prompt.ts';
import type { View } from '../../../lib/cli/view.ts';

export default class ManageScheduleRemove extends ManageCommand<typeof ManageScheduleRemove> {
  static override summary = 'Take a schedule away. What it started or stopped stays as it is.';
  static override examples = ['<%= config.bin %> <%= command.id %> night --yes'];
  static override args = {
    name: Args.string({ description: 'The name of the schedule.', default: 'default', ignoreStdin: true }),
  };
  static override flags = { yes: confirmFlags.yes };
  static override streams = true;

  protected override async work(): Promise<View> {
    const { name } = this.args;
    await this.guardProtected();
    const desk = await this.scheduleDesk();
    await this.sayPlace();
    await confirmMild(this.prompter, { question: `Remove the schedule ${name}?`, yes: this.flags.yes });
    await desk.remove(name);
    return { json: { removed: name }, text: () => `Removed the schedule ${name}.` };
  }
}
