import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { SecretCommand, storeFlag } from '../../lib/cli/command/secret-command.ts';
import { changeView } from '../../lib/cli/views/secrets-view.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class SecretsUndo extends SecretCommand<typeof SecretsUndo> {
  static override summary = 'Put the value before back into a secret; once more undoes that.';
  static override examples = [
    { description: 'In a script', command: '<%= config.bin %> <%= command.id %> auth-manager/jwt --yes' },
  ];
  static override args = {
    name: Args.string({ description: 'The secret or the parameter.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    store: storeFlag,
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  };

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const desk = await this.secretDesk();
    await this.sayPlace();
    const question = `Put the value before back into ${this.args.name}?`;
    await confirmMild(this.prompter, { question, yes: this.flags.yes });
    return changeView(await desk.goBack(this.chosen(this.args.name)), this.where);
  }
}
