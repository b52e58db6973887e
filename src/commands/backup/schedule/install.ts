import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { chooseEngine, install, tryEntry } from '../../../lib/backups/index.ts';
import { ScheduleCommand } from '../../../lib/cli/command/schedule-command.ts';
import { dlmView, installedView } from '../../../lib/cli/views/schedule-view.ts';
import type { View } from '../../../lib/cli/views/view.ts';

export default class BackupScheduleInstall extends ScheduleCommand<typeof BackupScheduleInstall> {
  static override summary = 'Run backup auto on this machine every night.';
  static override description =
    'A systemd timer that makes up for a time when the machine was off, or a line in the crontab, beside all others. ' +
    'The command is tried first, without changing anything, in the bare environment that it will have.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'At another time, by cron',
      command: '<%= config.bin %> <%= command.id %> --at 03:30 --engine cron',
    },
  ];
  static override args = {
    plan: Args.string({ description: 'A plan of infractl.yaml; all of them without.', ignoreStdin: true }),
  };
  static override flags = {
    at: Flags.string({
      description: 'When, in the time zone of this machine: 02:00, "02:00 Mon-Fri".',
      default: '02:00',
    }),
    engine: Flags.option({
      description:
        'Who runs it: this machine, or AWS itself (Data Lifecycle Manager, by a stack; times in UTC).',
      options: ['auto', 'systemd', 'cron', 'dlm'] as const,
      default: 'auto' as const,
    })(),
  };

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const { plan } = this.args;
    const entry = await this.entry(plan, this.flags.at);
    // A plan that is not there is told before the machine is looked at.
    const desk = await this.backupDesk();
    const plans = await this.plans(desk, plan ? [plan] : []);
    if (this.flags.engine === 'dlm') {
      const stacks = [];
      for (const one of plans) stacks.push(await desk.installDlm(one, entry.at));
      return dlmView(entry, stacks, plan);
    }
    const machine = await this.machine();
    const engine = await chooseEngine(machine, this.flags.engine);
    this.say(`Trying: ${entry.argv.slice(2).join(' ')} --dry-run`);
    await tryEntry(machine, entry);
    return installedView(entry, engine, { changed: await install(machine, engine, entry), plan });
  }
}
