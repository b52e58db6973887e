import * as Flags from '@oclif/core/flags';
import { ActCommand } from '../../lib/cli/command/act-command.ts';
import { actFlags, confirmFlags } from '../../lib/cli/flags/manage-flags.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class ManageStop extends ActCommand<typeof ManageStop> {
  static override summary = 'Stop instances, groups and databases.';
  static override needs = 'names' as const;
  static override description =
    'Says first what changes: addresses that are given up, disks that are lost, who is logged in, what is ' +
    'saved. A group goes to 0 and remembers its capacity; its members are never stopped alone. Databases are ' +
    'stopped last. What is protected against stop or termination is not stopped.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'In a script', command: '<%= config.bin %> <%= command.id %> --host web --yes' },
    '<%= config.bin %> <%= command.id %> --tag Schedule=office --dry-run',
  ];
  static override flags = {
    ...actFlags,
    ...confirmFlags,
    hibernate: Flags.boolean({
      description: 'Keep the memory on the root volume, where the instance was launched for it.',
    }),
    force: Flags.boolean({ description: 'Stop what is protected against termination too.' }),
  };
  static override streams = true;

  protected override work(): Promise<View> {
    const { hibernate, force } = this.flags;
    return this.act('stop', {
      options: { hibernate, force, hard: false },
      until: 'running',
      opposite: 'start',
    });
  }
}
