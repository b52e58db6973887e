import * as Args from '@oclif/core/args';
import { ProjectCommand } from '../lib/cli/command/project-command.ts';
import { outputLines } from '../lib/cli/views/deploy-view.ts';
import type { View } from '../lib/cli/views/view.ts';
import { oneOutput, readOutputs } from '../lib/deploy/index.ts';

export default class Outputs extends ProjectCommand<typeof Outputs> {
  static override summary = 'Show the outputs of the stacks.';
  static override needs = 'names' as const;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    { description: 'One value, for a script', command: '<%= config.bin %> <%= command.id %> app.ApiUrl' },
  ];
  static override args = {
    name: Args.string({ description: 'A stack, or one output of it: app, app.ApiUrl.', ignoreStdin: true }),
  };

  protected override get namesAll(): boolean {
    return this.args.name !== undefined;
  }

  protected override async work(): Promise<View> {
    const project = await this.glance();
    const [stack, key] = this.args.name?.split('.') ?? [];
    const outputs = await readOutputs(await this.session(), project, stack, this.where);
    if (stack && key) {
      // It may have been named as AWS calls it.
      const value = oneOutput(outputs, Object.keys(outputs)[0] ?? stack, key);
      return { json: value, text: () => value };
    }
    return {
      json: outputs,
      text: (ui) =>
        Object.keys(outputs).length > 0
          ? outputLines(outputs, ui)
          : `Nothing of ${project.name} ${project.environment} is deployed. Deploy it: infractl deploy --create-stack${this.where}`,
    };
  }
}
