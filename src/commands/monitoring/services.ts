import * as Flags from '@oclif/core/flags';
import { HostCommand } from '../../lib/cli/command/host-command.ts';
import { servicesView } from '../../lib/cli/views/services-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class MonitoringServices extends HostCommand<typeof MonitoringServices> {
  static override summary =
    'Show the systemd units of the hosts: state, restarts, memory, ports, last errors.';
  static override description =
    'Those under "services" of each host, and nginx where it is there, unless --unit names others. Of a unit that has ' +
    'failed its last lines are shown, of others the errors since the machine started.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'One unit', command: '<%= config.bin %> <%= command.id %> --unit nginx --lines 20' },
  ];
  static override flags = {
    host: Flags.string({
      char: 'H',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'A host of infractl.yaml; several with commas. Default: all.',
    }),
    unit: Flags.string({
      char: 'u',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'A systemd unit; several with commas.',
    }),
    lines: Flags.integer({
      char: 'n',
      description: 'How many of the last lines of each.',
      default: 5,
      min: 0,
      max: 1000,
    }),
    sudo: Flags.boolean({
      description: 'Look as root, who sees all sockets and journals.',
      default: true,
      allowNo: true,
    }),
  };

  protected override async work(): Promise<View> {
    const { host = [], unit: units, lines, sudo } = this.flags;
    const [{ readServices }, desk] = await Promise.all([import('../../lib/desks/index.ts'), this.hostDesk()]);
    const hosts = desk.choose(host, host.length === 0);
    return servicesView(await readServices(desk, hosts, { units, lines, sudo }));
  }
}
