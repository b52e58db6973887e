import { systemClock } from '../lib/base/clock.ts';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { doctorView } from '../lib/cli/views/doctor-view.ts';
import type { View } from '../lib/cli/views/view.ts';

export default class Doctor extends ProjectCommand<typeof Doctor> {
  static override summary =
    'Check this machine, the project and the access to AWS, and say how to mend them.';
  static override needs = 'nothing' as const;
  static override description =
    'Node, containers, Python, ssh, disks and the sandbox; the configuration; who the credentials are, until when, ' +
    'in which account, whether they may do what the project needs (IAM simulates it where it is allowed to be ' +
    'asked), and the clock. Changes nothing, works without a project too, and waits ten seconds at the most. ' +
    'Exit 1 when something is bad, 2 when it is the configuration, 4 when it is the credentials.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'As whom, where, of production',
      command: '<%= config.bin %> <%= command.id %> --env prod',
    },
  ];

  protected override async work(): Promise<View> {
    const { diagnose } = await import('../lib/desks/index.ts');
    const checkups = await diagnose({
      env: process.env,
      cwd: process.cwd(),
      environment: this.flags.env,
      clock: systemClock,
      signal: this.interrupts.watch(),
      project: () => this.glance(),
      session: () => this.sessionAnywhere(),
    });
    return doctorView(checkups);
  }
}
