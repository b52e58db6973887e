import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { age } from '../../lib/base/text.ts';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { keyFlag, SecretCommand, storeFlag } from '../../lib/cli/command/secret-command.ts';
import { changeView } from '../../lib/cli/views/secrets-view.ts';
import type { View } from '../../lib/cli/views/view.ts';
import type { SecretChoice, SecretDesk } from '../../lib/desks/index.ts';

const HOUR = 3_600_000;

export default class SecretsRotate extends SecretCommand<typeof SecretsRotate> {
  static override summary = 'Give a secret a new random value.';
  static override description =
    'Letters and digits by the secure random numbers of this machine. What uses it has the old value until its next ' +
    'deploy. For what two sides must agree on, such as the password of a database, set both. A secret with a ' +
    'rotation function of its own is left to it. secrets undo puts the value before back.';
  static override examples = [
    { description: 'In a script', command: '<%= config.bin %> <%= command.id %> auth-manager/jwt --yes' },
  ];
  static override args = {
    name: Args.string({ description: 'The secret or the parameter.', required: true, ignoreStdin: true }),
  };
  static override flags = {
    key: keyFlag,
    store: storeFlag,
    length: Flags.integer({ description: 'How many characters.', default: 32, min: 16, max: 4096 }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  };

  protected override async work(): Promise<View> {
    await this.guardProtected();
    const choice = this.chosen(this.args.name);
    const desk = await this.secretDesk();
    await this.sayPlace();
    await this.#sayWhatIsGivenUp(desk, choice);
    const field = choice.key ? `the field ${choice.key} of ` : '';
    const question = `Give ${field}${choice.name} a new value?`;
    await confirmMild(this.prompter, { question, yes: this.flags.yes });
    return changeView(await desk.rotate(choice, this.flags.length), this.where);
  }

  /** Who was cut off a moment ago renews it twice: the value that is still in use could not be put back then. */
  async #sayWhatIsGivenUp(desk: SecretDesk, choice: SecretChoice): Promise<void> {
    const { changed = 0, previous } = (await desk.facts(choice)) ?? {};
    const since = Date.now() - changed;
    if (!previous || since > HOUR) return;
    this.warnUser(
      `${choice.name} has had a new value for ${age(Math.max(0, since))}: with another one, secrets undo no longer reaches the value before that.`,
    );
  }
}
