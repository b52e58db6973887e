import type { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';

interface Flag {
  readonly name: string;
  readonly char?: string;
  readonly type: string;
  readonly description?: string;
  readonly env?: string;
}

/**
 * `help --json`: one command with its flags, or all commands of a topic with what they are for.
 *
 * @param subject an id of a command or a topic; empty for everything
 */
export function helpJson(config: Config, subject: string): unknown {
  const command = config.findCommand(subject);
  if (command) return commandJson(command);
  const commands = config.commands
    .filter(({ id, hidden }) => !hidden && (subject === '' || id.startsWith(`${subject}:`)))
    .map(({ id, summary }) => ({ command: id.replaceAll(':', ' '), summary: summary ?? '' }))
    .sort((a, b) => (a.command < b.command ? -1 : 1));
  return { commands };
}

function commandJson(command: Command.Loadable): unknown {
  return {
    command: command.id.replaceAll(':', ' '),
    summary: command.summary ?? '',
    description: command.description ?? '',
    args: Object.values(command.args).map(({ name, description, required }) => ({
      name,
      description: description ?? '',
      required: required === true,
    })),
    flags: Object.values(command.flags as Record<string, Flag>).map(
      ({ name, char, type, description, env }) => ({
        name,
        ...(char ? { char } : {}),
        type,
        description: description ?? '',
        ...(env ? { env } : {}),
      }),
    ),
  };
}
