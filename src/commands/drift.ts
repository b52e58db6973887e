import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { driftView } from '../lib/cli/views/drift-view.ts';
import type { View } from '../lib/cli/views/view.ts';

export default class Drift extends ProjectCommand<typeof Drift> {
  static override summary = 'Find what was changed by hand since it was deployed.';
  static override needs = 'names' as const;
  static override description =
    'AWS compares every resource with its deployed template, nested stacks too; each property that differs is ' +
    'shown three ways: as deployed, as the template on this machine has it, and as it is. Secrets are not shown. ' +
    'Code that infractl deploy itself puts into functions is no drift. Changes nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'One stack', command: '<%= config.bin %> <%= command.id %> app' },
    {
      description: 'In a pipeline: exit with 9 when there is drift',
      command: '<%= config.bin %> <%= command.id %> --exit-code --json',
    },
  ];
  static override strict = false;
  static override args = {
    stack: Args.string({
      description: 'Look at these stacks only, as infractl.yaml names them.',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    'exit-code': Flags.boolean({ description: 'Exit with 9 when there is drift.' }),
  };

  protected override async work(): Promise<View> {
    const deps = await this.deskDeps();
    const { projectDrift } = await import('../lib/deploy/index.ts');
    return driftView(await projectDrift(deps, await this.glance(), this.words), this.flags['exit-code']);
  }
}
