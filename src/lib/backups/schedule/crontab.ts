import { cronTime, type Entry, shellLine, shellWord } from './entry.ts';

/** Marks our line in a crontab that is full of others'. */
const mark = (name: string) => `# infractl backup ${name}`;

/** Our line in a crontab, if it is there. */
export function cronLine(crontab: string, name: string): string | undefined {
  const lines = crontab.split('\n');
  const at = lines.indexOf(mark(name));
  return at < 0 ? undefined : lines[at + 1];
}

/** The line for an entry. In a crontab a percent sign would end the command. */
export function entryLine(entry: Entry): string {
  const command = `${shellLine(entry)} >>${shellWord(entry.log)} 2>&1`;
  return `${cronTime(entry.at)} ${command.replaceAll('%', '\\%')}`;
}

/** The crontab with our line, everything else untouched to the byte. Pure; again gives the same. */
export function withEntry(crontab: string, entry: Entry): string {
  const lines = [mark(entry.name), entryLine(entry)];
  const all = crontab.split('\n');
  const at = all.indexOf(mark(entry.name));
  if (at >= 0) return [...all.slice(0, at), ...lines, ...all.slice(at + 2)].join('\n');
  const end = crontab === '' || crontab.endsWith('\n') ? '' : '\n';
  return `${crontab}${end}${lines.join('\n')}\n`;
}

/** The crontab without our line, everything else untouched to the byte. Pure. */
export function withoutEntry(crontab: string, name: string): string {
  const all = crontab.split('\n');
  const at = all.indexOf(mark(name));
  return at < 0 ? crontab : [...all.slice(0, at), ...all.slice(at + 2)].join('\n');
}
