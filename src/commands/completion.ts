import * as Args from '@oclif/core/args';
import { UsageError } from '../lib/base/errors.ts';
import { BaseCommand } from '../lib/cli/command/base-command.ts';
import type { View } from '../lib/cli/views/view.ts';
import { completionScript, PLACES, SHELLS, type Shell } from '../lib/completion/index.ts';

export default class Completion extends BaseCommand<typeof Completion> {
  static override summary = 'Print what completes command lines with Tab in bash, zsh or fish.';
  static override description =
    'Commands and flags, and the names of environments, stacks, functions, hosts and plans of infractl.yaml. ' +
    'Instances, deploys, backups and releases are asked for where they are, and remembered for five minutes.';
  static override examples = [
    {
      description: 'bash, with the package bash-completion',
      command: `<%= config.bin %> <%= command.id %> bash > ${PLACES.bash}`,
    },
    { description: 'zsh', command: `<%= config.bin %> <%= command.id %> zsh > ${PLACES.zsh}` },
    { description: 'fish', command: `<%= config.bin %> <%= command.id %> fish > ${PLACES.fish}` },
    { description: 'In this bash alone', command: 'eval "$(<%= config.bin %> <%= command.id %> bash)"' },
  ];
  static override args = {
    shell: Args.string({
      description: 'Default: the shell that SHELL names.',
      options: [...SHELLS],
      ignoreStdin: true,
    }),
  };

  protected async work(): Promise<View> {
    const shell = (this.args.shell ?? process.env.SHELL?.split('/').at(-1)) as Shell;
    if (!SHELLS.includes(shell))
      throw new UsageError({
        code: 'ShellUnknown',
        message: 'Which shell?',
        suggestions: SHELLS.map((name) => `infractl completion ${name}`),
      });
    const script = completionScript(shell);
    return { json: { shell, place: PLACES[shell], script }, text: () => script.trimEnd() };
  }
}
