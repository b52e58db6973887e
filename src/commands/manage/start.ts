import * as Flags from '@oclif/core/flags';
import { ManageCommand } from '../../lib/cli/command/manage-command.ts';
import { actFlags, timeoutsOf, untilFlag } from '../../lib/cli/flags/manage-flags.ts';
import { planView } from '../../lib/cli/views/manage-plan-view.ts';
import { actView, exitOf } from '../../lib/cli/views/manage-result-view.ts';
import type { View } from '../../lib/cli/views/view.ts';
import { isWhole } from '../../lib/desks/index.ts';
import type { Stage } from '../../lib/instances/index.ts';

export default class ManageStart extends ManageCommand<typeof ManageStart> {
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

  protected override async work(): Promise<View> {
    const choice = this.choice();
    const timeouts = timeoutsOf(this.flags.timeout);
    await this.guardProtected();
    const desk = await this.instanceDesk();
    await this.sayWhere();
    const targets = await desk.targets(choice);
    const { capacity } = this.flags;
    const options = { hibernate: false, hard: false, force: false, capacity };
    const plan = await desk.plan('start', targets, options);
    await this.sayPlan('start', plan, desk);
    if (this.flags['dry-run']) return planView('start', plan);
    const until = this.flags.wait ? (this.flags.until as Stage) : undefined;
    const results = await desk.act('start', plan, { ...options, until, timeouts }, this.again('stop'));
    if (until === 'health' && isWhole(choice) && results.length > 0 && exitOf(results) === 0)
      await desk.runChecks();
    return actView('start', results, `infractl manage stop${this.where}`);
  }
}
