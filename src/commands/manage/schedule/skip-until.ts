import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { engineFlag, ManageScheduleCommand } from '../../../lib/cli/command/manage-schedule-command.ts';
import { LOCK_FLAGS } from '../../../lib/cli/flags/lock-flags.ts';
import { schedulesView } from '../../../lib/cli/views/manage-schedule-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class ManageScheduleSkipUntil extends ManageScheduleCommand<typeof ManageScheduleSkipUntil> {
  static override summary = 'Let schedules do nothing before a day; they go on by themselves.';
  static override description =
    'On that day, at 0:00 of its own zone, a schedule runs again: nobody has to think of it. "now" ends it earlier.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> 2099-01-05',
    '<%= config.bin %> <%= command.id %> now --name night',
  ];
  static override args = {
    date: Args.string({ description: 'The day: 2026-01-05, or now.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    name: Flags.string({ description: 'One schedule. Default: all.' }),
    engine: engineFlag(),
    ...LOCK_FLAGS,
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const { name, engine } = this.flags;
    const engines = await this.engines();
    await this.sayEngine(engine);
    const view = schedulesView(await engines.skipUntil(this.args.date, name, engine));
    return { ...view, json: { schedules: view.json } };
  }
}
