import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../../lib/base/errors.ts';
import { ManageScheduleCommand } from '../../../lib/cli/command/manage-schedule-command.ts';
import { LOCK_FLAGS } from '../../../lib/cli/flags/lock-flags.ts';
import { targetFlags } from '../../../lib/cli/flags/manage-flags.ts';
import { setView } from '../../../lib/cli/views/manage-schedule-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class ManageScheduleSet extends ManageScheduleCommand<typeof ManageScheduleSet> {
  static override summary = 'Start and stop on time, by EventBridge Scheduler or by cron.';
  static override description =
    'A stack of its own holds a schedule for each target and a role that may start and stop these and no ' +
    'others. With --engine cron it is lines in the crontab of this machine, tried before in the bare environment ' +
    'that they will have. The hour stays the same when the clocks change. What is made later is put on it by ' +
    'running this again. A group gets back the capacity that it has now.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --stop "20:00 Mon-Fri" --start "07:30 Mon-Fri" --timezone Europe/Paris',
    '<%= config.bin %> <%= command.id %> --name night --stop 22:00 --tag Schedule=office',
    {
      description: 'By cron on this machine, without a stack',
      command: '<%= config.bin %> <%= command.id %> --name evening --stop 20:00 --engine cron',
    },
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
    engine: Flags.option({
      description: 'Who keeps the time: EventBridge Scheduler, or cron on this machine.',
      options: ['scheduler', 'cron'] as const,
      default: 'scheduler' as const,
    })(),
    'dry-run': Flags.boolean({ description: 'Say what would be set; change nothing.' }),
    ...LOCK_FLAGS,
  };
  static override streams = true;

  protected override async work(): Promise<View> {
    const { stop, start, name, engine } = this.flags;
    const timezone = this.flags.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (stop === undefined && start === undefined) {
      throw new UsageError({
        code: 'NoTimes',
        message: 'A schedule stops or starts at some time.',
        suggestions: ['Give --stop "20:00 Mon-Fri", --start "07:30 Mon-Fri", or both.'],
      });
    }
    if (!this.flags['dry-run']) await this.guardProtected();
    const [desk, engines] = [await this.scheduleDesk(), await this.engines()];
    await this.sayWhere();
    const targets = await (await this.instanceDesk()).targets(this.choice());
    const schedule = desk.make({ name, stop, start, timezone }, targets);
    if (this.flags['dry-run']) return setView({ ...schedule, engine }, 'planned');
    return setView({ ...schedule, engine }, await engines.set(engine, schedule));
  }
}
