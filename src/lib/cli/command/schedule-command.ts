import { join } from 'node:path';
import type { Command } from '@oclif/core/command';
import type { Entry } from '../../backups/index.ts';
import type { Machine } from '../../cron/index.ts';
import { launcher } from '../launcher.ts';
import { BackupCommand } from './backup-command.ts';

/** A command about the schedule of backups on this machine. */
export abstract class ScheduleCommand<T extends typeof Command = typeof Command> extends BackupCommand<T> {
  /** What belongs into a crontab or a timer for this project and environment. */
  protected async entry(plan: string | undefined, at = '02:00'): Promise<Entry> {
    const [{ parseMoment }, { project }] = await Promise.all([
      import('../../backups/index.ts'),
      this.project(),
    ]);
    const name = [project.name, project.environment, plan].filter(Boolean).join('-');
    const { profile, region, sandbox } = this.flags as unknown as Readonly<
      Record<string, string | undefined>
    >;
    const argv = [
      ...launcher(this.config.root),
      'backup',
      'auto',
      ...(plan ? [plan] : []),
      '--env',
      project.environment,
      ...(profile ? ['--profile', profile] : []),
      ...(region ? ['--region', region] : []),
      ...(sandbox ? ['--sandbox'] : []),
      '--no-input',
    ];
    const machine = await this.machine();
    const log = join(machine.home, '.local/state/infractl', `backup-${name}.log`);
    return { name, folder: project.root, argv, at: parseMoment(at), log };
  }

  protected async machine(): Promise<Machine> {
    const { thisMachine } = await import('../../cron/index.ts');
    return thisMachine(process.env, this.interrupts.watch());
  }
}
