import * as Flags from '@oclif/core/flags';
import { ActCommand } from '../../lib/cli/command/act-command.ts';
import { actFlags, untilFlag } from '../../lib/cli/flags/manage-flags.ts';
import { exitOf } from '../../lib/cli/views/manage-result-view.ts';
import type { View } from '../../lib/cli/views/view.ts';
import { isWhole } from '../../lib/desks/index.ts';
import type { Stage } from '../../lib/instances/index.ts';

export default class ManageStart extends ActCommand<typeof ManageStart> {
  static override summary = 'Start instances, groups and databases, and wait until they serve.';
  static override needs = 'names' as const;
  static override description =
    "An instance is followed from pending over running and AWS's status checks to its open port and its " +
    'application, as its host in infractl.yaml says; each stage has a time of its own. Databases are started ' +
    'first. A group gets back the capacity that it had. Started again, it only waits.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --host web --timeout health=10m',
    '<%= config.bin %> <%= command.id %> --tag Schedule=office --no-wait',
  ];
  static override flags = {
    ...actFlags,
    until: untilFlag,
    capacity: Flags.integer({
      min: 1,
      description: 'How many instances a group gets. Default: as many as it had.',
    }),
  };
  static override streams = true;

  protected override work(): Promise<View> {
    const { capacity, until } = this.flags;
    return this.act('start', {
      options: { hibernate: false, hard: false, force: false, capacity },
      until: until as Stage,
      opposite: 'stop',
      after: async (desk, choice, results) => {
        const whole = isWhole(choice) && results.length > 0 && exitOf(results) === 0;
        if (this.flags.wait && until === 'health' && whole) await desk.runChecks();
      },
    });
  }
}
