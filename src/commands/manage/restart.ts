import * as Flags from '@oclif/core/flags';
import { ManageCommand } from '../../lib/cli/command/manage-command.ts';
import { actFlags, confirmFlags, timeoutsOf, untilFlag } from '../../lib/cli/flags/manage-flags.ts';
import { planView } from '../../lib/cli/views/manage-plan-view.ts';
import { actView } from '../../lib/cli/views/manage-result-view.ts';
import type { View } from '../../lib/cli/views/view.ts';
import type { Stage } from '../../lib/instances/index.ts';

export default class ManageRestart extends ManageCommand<typeof ManageRestart> {
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

  protected override async work(): Promise<View> {
    const choice = this.choice();
    const timeouts = timeoutsOf(this.flags.timeout);
    await this.checkConfirm();
    await this.guardProtected();
    const desk = await this.instanceDesk();
    await this.sayWhere();
    const targets = await desk.targets(choice);
    const { hard, force } = this.flags;
    const options = { hard, force, hibernate: false };
    const plan = await desk.plan('restart', targets, options);
    await this.sayPlan('restart', plan, desk);
    if (this.flags['dry-run']) return planView('restart', plan);
    await this.askBefore('restart', plan);
    const until = this.flags.wait ? (this.flags.until as Stage) : undefined;
    const results = await desk.act('restart', plan, { ...options, until, timeouts }, undefined);
    return actView('restart', results, this.again('start'));
  }
}
