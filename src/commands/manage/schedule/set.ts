import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../../lib/base/errors.ts';
import { ManageCommand } from '../../../lib/cli/manage-command.ts';
import { targetFlags } from '../../../lib/cli/manage-flags.ts';
import { setView } from '../../../lib/cli/manage-schedule-view.ts';
import type { View } from '../../../lib/cli/view.ts';

export default class ManageScheduleSet extends ManageCommand<typeof ManageScheduleSet> {
  static override summary = 'Start and stop on time, by EventBridge Scheduler.';
  static override description =
    'A stack of its own holds a schedule for each target and a role that may start and stop these and no ' +
    'others. The hour stays the same when the clocks change. What is made later is put on it by running this ' +
    'again. A group gets back the capacity that it has now.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --stop "20:00 Mon-Fri" --start "07:30 Mon-Fri" --timezone Europe/Paris',
    '<%= config.bin %> <%= command.id %> --name night --stop 22:00 --tag Schedule=office',
  ];
  static override flags = {
    ...targetFlags,
    stop: Flags.string({
      description: 'When to stop: "20:00 Mon-Fri", or 20:00 for every day.',
      helpValue: 'TIME',
    }),
    start: Flags.string({ description: 'When to start: "07:30 Mon-Fri".', helpValue: 'TIME' }),
    timezone: Flags.string({
      description: 'The zone of both times. Default: the one of this machine.',
      helpValue: 'ZONE',
    }),
    name: Flags.string({ description: 'The name of the schedule.', default: 'default' }),
    'dry-run': Flags.boolean({ description: 'Say what would be set; change nothing.' }),
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    const { stop, start, name } = this.flags;
    const timezone = this.flags.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (stop === undefined && start === undefined) {
      throw new UsageError({
        code: 'NoTimes',
        message: 'A schedule stops or starts at some time.',
        suggestions: ['Give --stop "20:00 Mon-Fri", --start "07:30 Mon-Fri", or both.'],
      });
    }
    await this.guardProtected();
    const desk = await this.scheduleDesk();
    await this.sayPlace();
    const targets = await (await this.instanceDesk()).targets(this.choice());
    const schedule = desk.make({ name, stop, start, timezone }, targets);
    if (this.flags['dry-run']) return setView(schedule, 'planned');
    return setView(schedule, await desk.set(schedule));
  }
}
