import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { Exit, InfractlError } from '../../lib/base/errors.ts';
import { keyFlag, SecretCommand, storeFlag } from '../../lib/cli/command/secret-command.ts';
import { secretView } from '../../lib/cli/views/secrets-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class SecretsGet extends SecretCommand<typeof SecretsGet> {
  static override summary = 'Show what is known of a secret; its value only where it is asked for.';
  static override description =
    'Without --show: where it is, how long, when it was changed. With it the value, on a terminal alone: what is ' +
    'written to a file or a pipe ends in places that nobody thinks of.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> auth-manager/jwt',
    {
      description: 'Its value, on this terminal',
      command: '<%= config.bin %> <%= command.id %> auth-manager/jwt --show',
    },
  ];
  static override args = {
    name: Args.string({ description: 'The secret or the parameter.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    key: keyFlag,
    store: storeFlag,
    show: Flags.boolean({ description: 'Show the value, on a terminal.' }),
  };

  protected override async work(): Promise<View> {
    const { name } = this.args;
    const parameter = this.flags.store ? this.flags.store === 'ssm' : name.startsWith('/');
    if (this.flags.show && (!process.stdout.isTTY || this.flags.json))
      throw new InfractlError({
        code: 'NotShown',
        message: 'A value is shown on a terminal only, not in a pipe, a file or JSON.',
        suggestions: [
          `A script reads it itself: ${
            parameter
              ? `aws ssm get-parameter --with-decryption --query Parameter.Value --output text --name ${name}`
              : `aws secretsmanager get-secret-value --query SecretString --output text --secret-id ${name}`
          }`,
          `A stack gets it by a reference in infractl.yaml: { ${parameter ? 'ssm' : 'secret'}: ${name} }`,
        ],
        exit: Exit.declined,
      });
    const choice = this.chosen(this.args.name);
    const found = await (await this.secretDesk()).get(choice);
    return secretView(choice, found, { show: this.flags.show, now: Date.now() });
  }
}
