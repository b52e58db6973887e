import * as Args from '@oclif/core/args';
import { confirmMild } from '../../../lib/cli/asking/prompt.ts';
import { engineFlag, ManageScheduleCommand } from '../../../lib/cli/command/manage-schedule-command.ts';
import { LOCK_FLAGS } from '../../../lib/cli/flags/lock-flags.ts';
import { confirmFlags } from '../../../lib/cli/flags/manage-flags.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class ManageScheduleRemove extends ManageScheduleCommand<typeof ManageScheduleRemove> {
  static override summary = 'Take a schedule away. What it started or stopped stays as it is.';
  static override examples = ['<%= config.bin %> <%= command.id %> night --yes'];
  static override args = {
    name: Args.string({ description: 'The name of the schedule.', default: 'default', ignoreStdin: true }),
  };
  static override flags = { yes: confirmFlags.yes, engine: engineFlag(), ...LOCK_FLAGS };
  static override streams = true;

  protected override async work(): Promise<View> {
    const { name } = this.args;
    const { engine } = this.flags;
    await this.guardProtected();
    const engines = await this.engines();
    await this.sayEngine(engine);
    await confirmMild(this.prompter, { question: `Remove the schedule ${name}?`, yes: this.flags.yes });
    await engines.remove(name, engine);
    return { json: { removed: name }, text: () => `Removed the schedule ${name}.` };
  }
}
