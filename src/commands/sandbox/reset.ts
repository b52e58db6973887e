import * as Flags from '@oclif/core/flags';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { BaseCommand } from '../../lib/cli/command/base-command.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class SandboxReset extends BaseCommand<typeof SandboxReset> {
  static override summary = 'Empty the AWS on this machine.';
  static override description =
    'Removes every stack, function, object, image, container and machine of the sandbox. A running one goes on running.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --yes',
  ];
  static override flags = {
    yes: Flags.boolean({ char: 'y', description: 'Do not ask.' }),
  };

  protected async work(): Promise<View> {
    const { resetSandbox } = await import('../../lib/sandbox/index.ts');
    const question = 'Remove every stack, function, object and image of the sandbox on this machine?';
    await confirmMild(this.prompter, { question, yes: this.flags.yes });
    const done = await resetSandbox({ signal: this.interrupts.watch() });
    return {
      json: done,
      text: () => (done.was === 'running' ? 'The sandbox is empty, and running.' : 'The sandbox is empty.'),
    };
  }
}
