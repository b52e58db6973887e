import * as Flags from '@oclif/core/flags';
import { confirmMild } from '../../lib/cli/asking/prompt.ts';
import { BaseCommand } from '../../lib/cli/command/base-command.ts';
import { timeFlag } from '../../lib/cli/flags/duration-flag.ts';
import type { View } from '../../lib/cli/views/view.ts';

export default class SandboxStop extends BaseCommand<typeof SandboxStop> {
  static override summary = 'Stop the AWS on this machine.';
  static override description =
    'Saves what the sandbox holds and ends it with its containers. The next start goes on from there, machines with ' +
    'their disks too. With --delete everything in it is removed.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --delete --yes',
  ];
  static override flags = {
    delete: Flags.boolean({ description: 'Remove everything that the sandbox holds, too.' }),
    yes: Flags.boolean({ char: 'y', description: 'Do not ask before --delete.' }),
    timeout: timeFlag('How long it may take to save its state.', '60s'),
  };

  protected async work(): Promise<View> {
    const { stopSandbox } = await import('../../lib/sandbox/index.ts');
    if (this.flags.delete) {
      const question =
        'Remove every stack, function, object, image and machine of the sandbox on this computer?';
      await confirmMild(this.prompter, { question, yes: this.flags.yes });
    }
    const stopped = await stopSandbox({
      delete: this.flags.delete,
      timeout: this.flags.timeout ?? 60_000,
      signal: this.interrupts.watch(),
    });
    return {
      json: stopped,
      text: () => {
        const first =
          stopped.outcome === 'stopped' ? 'The sandbox is stopped.' : 'The sandbox was not running.';
        const kept = this.flags.delete
          ? stopped.deleted
            ? ' What it held is removed.'
            : ' There was nothing to remove.'
          : stopped.outcome === 'stopped'
            ? ' What it holds is kept for the next start.'
            : '';
        return first + kept;
      },
    };
  }
}
