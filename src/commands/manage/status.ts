import * as Flags from '@oclif/core/flags';
import type { silentReporter } from '../../lib/base/report.ts';
import { ManageCommand } from '../../lib/cli/command/manage-command.ts';
import { targetFlags } from '../../lib/cli/flags/manage-flags.ts';
import { statusView } from '../../lib/cli/views/manage-status-view.ts';
import type { View } from '../../lib/cli/views/view.ts';
import type { Candidate } from '../../lib/completion/index.ts';
import { isWhole } from '../../lib/desks/index.ts';
import { NOT_THERE, type StatusRow } from '../../lib/instances/index.ts';

export default class ManageStatus extends ManageCommand<typeof ManageStatus> {
  static override summary = 'Show instances, auto scaling groups and databases and how they are.';
  static override needs = 'names' as const;
  static override description =
    "State, time since the start, type, addresses, AWS's status checks, the health of the application and the " +
    'cost of a month. Without a flag: the hosts of infractl.yaml and all that the stacks of the environment made.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'Every few seconds, until Ctrl-C',
      command: '<%= config.bin %> <%= command.id %> --watch',
    },
    '<%= config.bin %> <%= command.id %> --tag Name=web',
  ];
  static override flags = {
    ...targetFlags,
    watch: Flags.boolean({ char: 'w', description: 'Show it again every 5 seconds, until Ctrl-C.' }),
  };

  protected override get streaming(): boolean {
    return this.flags?.watch === true;
  }

  protected override async work(): Promise<View> {
    const { reporter, warnings } = collectWarnings();
    const desk = await this.instanceDesk(reporter);
    const choice = this.choice();
    const look = async () => {
      const rows = await desk.status(choice);
      const there = rows.filter(({ state }) => state !== NOT_THERE);
      // Where there is nothing at all, why says more than a table.
      if (there.length === 0 && rows.length > 0) await desk.targets(choice);
      if (isWhole(choice)) await this.rememberNames('instance', there.map(named));
      const view = statusView(rows, await desk.priceNote());
      for (const warning of warnings.splice(0)) this.warnUser(warning);
      return view;
    };
    if (!this.flags.watch) return look();
    const { watchView } = await import('../../lib/cli/watch.ts');
    return watchView(look, {
      json: this.flags.json,
      terminal: this.terminal,
      redact: (text) => this.redactor.redact(text),
      signal: this.interrupts.watch(),
    });
  }
}

function named({ kind, id, name, state }: StatusRow): Candidate {
  return { value: id, description: [name, kind, state].filter(Boolean).join(', ') };
}

/** A look says nothing on its way, but for what it could not see. */
function collectWarnings() {
  const warnings: string[] = [];
  const reporter: typeof silentReporter = {
    emit: (event) => {
      if (event.type === 'warning') warnings.push(event.message);
    },
  };
  return { reporter, warnings };
}
