import * as Flags from '@oclif/core/flags';
import { ActCommand } from '../../lib/cli/command/act-command.ts';
import { actFlags, confirmFlags, untilFlag } from '../../lib/cli/flags/manage-flags.ts';
import type { View } from '../../lib/cli/views/view.ts';
import type { Stage } from '../../lib/instances/index.ts';

export default class ManageRestart extends ActCommand<typeof ManageRestart> {
  static override summary = 'Reboot instances and databases, replace the members of groups.';
  static override needs = 'names' as const;
  static override description =
    'A reboot keeps the machine, its addresses and its disks; --hard stops and starts, which brings another ' +
    'machine of AWS. The members of a group are replaced a few at a time. Waits until all of it serves again.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --host web --yes',
    {
      description: 'On another machine of AWS',
      command: '<%= config.bin %> <%= command.id %> --host web --hard',
    },
  ];
  static override flags = {
    ...actFlags,
    ...confirmFlags,
    until: untilFlag,
    hard: Flags.boolean({ description: 'Stop and start instead of a reboot.' }),
    force: Flags.boolean({ description: 'With --hard: also what is protected against termination.' }),
  };
  static override streams = true;

  protected override work(): Promise<View> {
    const { hard, force, until } = this.flags;
    return this.act('restart', { options: { hard, force, hibernate: false }, until: until as Stage });
  }
}
