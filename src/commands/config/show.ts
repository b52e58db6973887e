import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/command/base-command.ts';
import type { View } from '../../lib/cli/views/view.ts';
import { loadProject, showing } from '../../lib/project/index.ts';

export default class ConfigShow extends BaseCommand<typeof ConfigShow> {
  static override summary = 'Show the effective configuration of an environment.';
  static override needs = 'file' as const;
  static override description =
    'The project file with the overrides of the environment merged in and all defaults filled. Secrets are ' +
    'shown as references, never as values.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      description: 'Where each value of production comes from',
      command: '<%= config.bin %> <%= command.id %> --env prod --origin',
    },
  ];
  static override flags = {
    origin: Flags.boolean({ description: 'Say for each value where it comes from.' }),
    env: Flags.string({ char: 'e', description: 'Environment of the project.' }),
    profile: Flags.string({ char: 'p', description: 'AWS profile to use.' }),
    region: Flags.string({ char: 'r', description: 'AWS region to use.' }),
  };

  protected async work(): Promise<View> {
    const { configurationYaml, effectiveConfiguration, valueOrigins } = await showing();
    const { origin, env: environment, profile, region } = this.flags;
    const options = { cwd: process.cwd(), environment, profile, region };
    const loaded = await loadProject(options);
    for (const warning of loaded.warnings) this.warnUser(warning);
    const configuration = effectiveConfiguration(loaded.project, { profile, region });
    if (origin) {
      // The table measures text, which is slow to load.
      const { originsView } = await import('../../lib/cli/views/config-origins-view.ts');
      return originsView(valueOrigins(configuration, loaded));
    }
    const { configurationView } = await import('../../lib/cli/views/config-view.ts');
    return configurationView(configuration, configurationYaml(configuration), loaded);
  }
}
