import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/command/base-command.ts';
import type { View } from '../../lib/cli/views/view.ts';
import type { TemplateFacts } from '../../lib/stacks/index.ts';

export default class ConfigValidate extends BaseCommand<typeof ConfigValidate> {
  static override summary = 'Check the configuration and the templates, without AWS.';
  static override needs = 'file' as const;
  static override description =
    'Checks the project file in every environment, the files that it names, and the templates of its stacks ' +
    'with the parameters that they get. Exits with 2 when something is wrong.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --env prod',
  ];
  static override flags = {
    env: Flags.string({ char: 'e', description: 'Check this environment only. Default: all of them.' }),
  };

  protected async work(): Promise<View> {
    const [{ validateProject }, { checkParameters, checkTemplate, readImports }, { validationView }] =
      await Promise.all([
        import('../../lib/project/index.ts'),
        import('../../lib/stacks/index.ts'),
        import('../../lib/cli/views/config-view.ts'),
      ]);
    const options = { cwd: process.cwd(), environment: this.flags.env, imports: readImports };
    return validationView(
      await validateProject<TemplateFacts>(options, { template: checkTemplate, parameters: checkParameters }),
    );
  }
}
