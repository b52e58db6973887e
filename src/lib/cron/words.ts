import { shellWord } from '../base/shell-words.ts';

/** A command in a folder, as a line that sh runs. */
export function shellLine({
  folder,
  argv,
}: {
  readonly folder: string;
  readonly argv: readonly string[];
}): string {
  return `cd ${shellWord(folder)} && ${argv.map(shellWord).join(' ')}`;
}

/** A command of sh with its output added to a file, as it stands in a crontab: there a percent sign would end it. */
export function cronCommand(command: string, log: string): string {
  return `${command} >>${shellWord(log)} 2>&1`.replaceAll('%', '\\%');
}
