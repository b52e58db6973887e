/** A word for sh: quoted where it must be. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

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
