import { SecretCommand } from '../../lib/cli/command/secret-command.ts';
import { leaksView } from '../../lib/cli/views/secrets-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class SecretsCheck extends SecretCommand<typeof SecretsCheck> {
  static override summary = 'Look for the secrets of the project where they must not be.';
  static override description =
    'In all that git has ever committed here, on every branch, and in files of the project that other users of this ' +
    'machine can read. Values are read from where infractl.yaml says and from .env.secrets files, are given to no other ' +
    'program, and are not shown; those of fewer than eight characters are not looked for. Exit 1 when one is found.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  protected override async work(): Promise<View> {
    const desk = await this.secretDesk();
    return leaksView(await desk.check());
  }
}
