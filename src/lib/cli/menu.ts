import type { Config } from '@oclif/core/config';
import { Prompter } from './prompt.ts';
import { describeTerminal, painter } from './terminal.ts';

/**
 * `infractl` alone on a terminal: choose a command by its own description, see the equivalent command
 * line, run it. The choices come from the manifest, so that none can be missing.
 */
export async function openMenu(
  config: Config,
  run: (id: string, argv: string[]) => Promise<unknown>,
): Promise<void> {
  const terminal = describeTerminal({ noColor: false, noInput: false });
  const prompter = new Prompter(terminal);
  const commands = config.commands
    .filter((command) => !command.hidden)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const chosen = await prompter.choose(
    { message: 'What do you want to do?', otherwise: 'infractl help' },
    commands.map((command) => {
      const name = command.id.replaceAll(':', ' ');
      return { name: `${name.padEnd(18)} ${command.summary ?? ''}`, value: command.id };
    }),
  );
  process.stderr.write(
    `${painter(terminal.colourErr)('dim', `$ infractl ${chosen.replaceAll(':', ' ')}`)}\n`,
  );
  await run(chosen, []);
}
