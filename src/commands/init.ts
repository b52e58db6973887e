import * as Args from '@oclif/core/args';
import { InitCommand } from '../lib/cli/command/init-command.ts';
import { initFlags } from '../lib/cli/flags/init-flags.ts';
import type { View } from '../lib/cli/views/view.ts';

export default class Init extends InitCommand<typeof Init> {
  static override summary =
    'Start a project: from a blueprint, a samconfig.toml, stacks that run, a template, or from nothing.';
  static override needs = 'nothing' as const;
  static override description =
    'A blueprint is a system that works, copied into a new folder with secrets made at random. The others write ' +
    'infractl.yaml into this folder, each line explained, with secrets as references, their values in .env.secrets: ' +
    '--from-samconfig takes over what sam deploys, --from-stack NAME what runs in AWS. On a terminal infractl asks for ' +
    'what is not said. Nothing that exists is overwritten.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> auth-manager my-auth',
    '<%= config.bin %> <%= command.id %> auth-manager my-auth --variant zip --region eu-west-1',
    {
      description: 'See what it would make of a samconfig.toml',
      command: '<%= config.bin %> <%= command.id %> --from-samconfig --dry-run',
    },
    {
      description: 'From nothing, in a script',
      command: '<%= config.bin %> <%= command.id %> --empty --name shop --environments dev,prod',
    },
  ];
  static override args = {
    blueprint: Args.string({ description: 'The blueprint, such as auth-manager.', ignoreStdin: true }),
    folder: Args.string({
      description: 'The folder that a blueprint is copied into. Default: the name of the blueprint.',
      ignoreStdin: true,
    }),
  };
  static override flags = initFlags;

  protected override work(): Promise<View> {
    return this.start(this.args);
  }
}
