import * as Flags from '@oclif/core/flags';
import { systemClock } from '../../lib/base/clock.ts';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { millisecondsOf } from '../../lib/cli/flags/duration-flag.ts';
import { healthView } from '../../lib/cli/views/health-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class MonitoringHealth extends HostCommand<typeof MonitoringHealth> {
  static override summary = 'Give one verdict on all that runs, for scripts and for people.';
  static override description =
    'Looks at the alarms, instances and target groups of the stacks, at the checks and their certificates, at the age of ' +
    'backups, at the services and disks of the hosts. Exit 0 when all is good, 8 when something is bad, 3 when something could not be looked at. ' +
    'An alarm without data says nothing: it is named, and weighs nothing.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];
  static override flags = {
    disk: Flags.integer({
      description: 'A disk is bad from so many percent in use.',
      default: 90,
      min: 1,
      max: 100,
    }),
    'certificate-days': Flags.integer({
      description: 'A certificate must be good for so many days.',
      default: 14,
      min: 0,
    }),
    'backup-age': Flags.string({ description: 'A good backup must be so young.', default: '26h' }),
    wait: Flags.string({ description: 'How long a check may take to answer well.', default: '10s' }),
  };

  protected override async work(): Promise<View> {
    const { disk, 'certificate-days': certificateDays, wait } = this.flags;
    const patience = millisecondsOf('--wait', wait);
    const backupAge = millisecondsOf('--backup-age', this.flags['backup-age']);
    const [{ openBackupDesk, projectHealth }, { project, variable }, { silentReporter: reporter }] =
      await Promise.all([
        import('../../lib/desks/index.ts'),
        this.project(),
        import('../../lib/base/report.ts'),
      ]);
    const deps = {
      session: () => this.session(),
      alarms: () => this.alarmDesk(),
      hosts: () => this.hostDesk(),
      signal: this.interrupts.watch(),
      clock: systemClock,
      redactor: this.redactor,
      variable,
      env: process.env,
      where: this.where,
      reporter,
      commandLine: 'monitoring health',
      version: this.config.version,
      patience,
    };
    const backups = () => openBackupDesk(deps, project);
    const limits = { disk, certificateDays, backupAge };
    return healthView(await projectHealth({ ...deps, backups }, project, limits));
  }
}
