import * as Args from '@oclif/core/args';
import { keyFlag, SecretCommand, storeFlag } from '../../lib/cli/command/secret-command.ts';
import { changeView } from '../../lib/cli/views/secrets-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class SecretsSet extends SecretCommand<typeof SecretsSet> {
  static override summary = 'Store a secret: its value comes from standard input or is typed unseen.';
  static override description =
    'Makes it or gives it a new version; the value before stays and can be put back (secrets undo). With --key one ' +
    'field of a JSON secret changes and the others stay. One line break at the end of standard input is dropped.';
  static override examples = [
    {
      description: 'From a file',
      command: '<%= config.bin %> <%= command.id %> auth-manager/key < key.pem',
    },
    {
      description: 'One field of a JSON secret',
      command: '<%= config.bin %> <%= command.id %> auth-manager/db --key password < password.txt',
    },
  ];
  static override args = {
    name: Args.string({ description: 'The secret or the parameter.', required: true, ignoreStdin: true }),
  };
  static override flags = { key: keyFlag, store: storeFlag };

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const choice = this.chosen(this.args.name);
    const desk = await this.secretDesk();
    await this.sayPlace();
    const value = await this.readValue(choice.name);
    return changeView(await desk.set(choice, value), this.where);
  }
}
