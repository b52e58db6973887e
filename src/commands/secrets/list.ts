import { SecretCommand } from '../../lib/cli/command/secret-command.ts';
import { secretsView } from '../../lib/cli/views/secrets-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class SecretsList extends SecretCommand<typeof SecretsList> {
  static override summary = 'Show which secrets the project uses, where, and whether they are there.';
  static override description =
    'Secrets Manager, parameters, and variables of the shell or .env.secrets, as infractl.yaml names them. No value ' +
    'is shown. Exit 3 when one could not be looked at.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  protected override async work(): Promise<View> {
    const desk = await this.secretDesk();
    return secretsView(await desk.list(), Date.now());
  }
}
