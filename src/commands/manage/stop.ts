import * as Flags from '@oclif/core/flags';
import { ManageCommand } from '../../lib/cli/command/manage-command.ts';
import { actFlags, confirmFlags, timeoutsOf } from '../../lib/cli/flags/manage-flags.ts';
import { planView } from '../../lib/cli/views/manage-plan-view.ts';
import { actView } from '../../lib/cli/views/manage-result-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class ManageStop extends ManageCommand<typeof ManageStop> {
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

  protected override async work(): Promise<View> {
    const choice = this.choice();
    const timeouts = timeoutsOf(this.flags.timeout);
    await this.checkConfirm();
    await this.guardProtected();
    const desk = await this.instanceDesk();
    await this.sayWhere();
    const targets = await desk.targets(choice);
    const { hibernate, force } = this.flags;
    const options = { hibernate, force, hard: false };
    const plan = await desk.plan('stop', targets, options);
    await this.sayPlan('stop', plan, desk);
    if (this.flags['dry-run']) return planView('stop', plan);
    await this.askBefore('stop', plan);
    const until = this.flags.wait ? ('running' as const) : undefined;
    const results = await desk.act('stop', plan, { ...options, until, timeouts }, this.again('start'));
    return actView('stop', results, this.again('start'));
  }
}
