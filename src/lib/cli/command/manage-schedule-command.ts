import { join } from 'node:path';
import type { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { systemClock } from '../../base/clock.ts';
import type { Reporter } from '../../base/report.ts';
import type { ScheduleEngine, ScheduleEngines } from '../../desks/index.ts';
import { lockChoice, withWait } from '../flags/lock-flags.ts';
import { launcher } from '../launcher.ts';
import { ManageCommand } from './manage-command.ts';

/** Only what one of them keeps. */
export const engineFlag = Flags.option({
  description: 'Only those of EventBridge Scheduler, or only those of cron on this machine. Default: both.',
  options: ['scheduler', 'cron'] as const,
});

/** A command about the schedules of an environment. */
export abstract class ManageScheduleCommand<
  T extends typeof Command = typeof Command,
> extends ManageCommand<T> {
  /** From here on Ctrl-C is the command's to handle. */
  protected async engines(reporter?: Reporter): Promise<ScheduleEngines> {
    const [{ openScheduleEngines }, { thisMachine }, desk, project] = await Promise.all([
      import('../../desks/index.ts'),
      import('../../cron/index.ts'),
      this.scheduleDesk(this.#lock(), reporter),
      this.glance(),
    ]);
    const machine = thisMachine(process.env, this.interrupts.watch());
    const { profile, region, sandbox } = this.flags as unknown as Readonly<
      Record<string, string | undefined>
    >;
    const owner = {
      project: project.name,
      environment: project.environment,
      folder: project.root,
      program: launcher(this.config.root),
      place: [
        '--env',
        project.environment,
        ...(profile ? ['--profile', profile] : []),
        ...(region ? ['--region', region] : []),
        ...(sandbox ? ['--sandbox'] : []),
      ],
      log: join(machine.home, '.local/state/infractl', `schedule-${project.name}-${project.environment}.log`),
    };
    return openScheduleEngines(desk, machine, owner, { clock: systemClock });
  }

  protected override completed = withWait;

  /** What the flags say of the lock; a command that changes nothing has none. */
  #lock() {
    const flags = this.flags as unknown as { wait?: string; 'no-lock'?: boolean };
    return flags['no-lock'] === undefined ? {} : lockChoice({ ...flags, 'no-lock': flags['no-lock'] });
  }

  /** Says where, and checks the account, unless only this machine is touched. */
  protected async sayEngine(engine: ScheduleEngine | undefined): Promise<void> {
    if (engine !== 'cron') await this.sayWhere();
  }
}
