import { join } from 'node:path';
import { InfractlError } from '../base/errors.ts';
import type { Machine } from './machine.ts';

/** One line of ours in a crontab that is full of others', below a comment that marks it. */
export interface CronLine {
  /** The comment, without the `#`: it names the line among all of ours. */
  readonly mark: string;
  /** Stands behind the mark; JSON, mostly. No line breaks. */
  readonly note?: string;
  readonly line: string;
}

/** Where the line of a mark stands: the index of its comment. */
function indexOf(lines: readonly string[], mark: string): number {
  return lines.findIndex((line) => line === `# ${mark}` || line.startsWith(`# ${mark} {`));
}

/** What follows a mark is ours as long as it names infractl, as its program or its log: else somebody took ours out. */
const isOurs = (line = '') => line.includes('infractl') && !line.startsWith('# infractl');

/** Our line in a crontab, if it is there. Pure. */
export function cronLine(crontab: string, mark: string): string | undefined {
  const lines = crontab.split('\n');
  const at = indexOf(lines, mark);
  return at >= 0 && isOurs(lines[at + 1]) ? lines[at + 1] : undefined;
}

/** The lines behind a mark and its line. */
function behind(lines: readonly string[], at: number): readonly string[] {
  return lines.slice(isOurs(lines[at + 1]) ? at + 2 : at + 1);
}

/** The comments of a crontab that begin so, without the `#`. Pure. */
export function marksOf(crontab: string, prefix: string): string[] {
  const lines = crontab.split('\n');
  return lines.flatMap((line) => (line.startsWith(`# ${prefix}`) ? [line.slice(2)] : []));
}

/** The crontab with our line, everything else untouched to the byte. Pure; again gives the same. */
export function withLine(crontab: string, { mark, note, line }: CronLine): string {
  const lines = [`# ${mark}${note === undefined ? '' : ` ${note}`}`, line];
  const all = crontab.split('\n');
  const at = indexOf(all, mark);
  if (at >= 0) return [...all.slice(0, at), ...lines, ...behind(all, at)].join('\n');
  const end = crontab === '' || crontab.endsWith('\n') ? '' : '\n';
  return `${crontab}${end}${lines.join('\n')}\n`;
}

/** The crontab without our line, everything else untouched to the byte. Pure. */
export function withoutLine(crontab: string, mark: string): string {
  const all = crontab.split('\n');
  const at = indexOf(all, mark);
  return at < 0 ? crontab : [...all.slice(0, at), ...behind(all, at)].join('\n');
}

/** The crontab of the user; empty where there is none, or no cron. */
export async function glanceAtCrontab(machine: Machine): Promise<string> {
  const result = await machine.run('crontab', ['-l']);
  return result?.exitCode === 0 ? result.stdout : '';
}

/**
 * The crontab of the user, to be changed: an empty one and none are the same; anything else that fails must not
 * end in an overwritten one.
 *
 * @throws InfractlError `NoCron`, `CrontabUnreadable`
 */
export async function readCrontab(machine: Machine): Promise<string> {
  const result = await machine.run('crontab', ['-l']);
  if (result === undefined) throw noCron();
  if (result.exitCode === 0) return result.stdout;
  if (/no crontab/i.test(result.stderr)) return '';
  throw new InfractlError({
    code: 'CrontabUnreadable',
    message: 'The crontab could not be read: nothing was changed.',
    why: result.stderr.trim(),
  });
}

/**
 * From a file, never by a pipe: `crontab -` would take a pipe that ends early, because this process was killed, for
 * all there is.
 *
 * @throws InfractlError `CrontabRefused`: it is full, say, or the user may not use cron
 */
export async function writeCrontab(machine: Machine, text: string): Promise<void> {
  const file = join(machine.home, '.local/state/infractl/crontab');
  try {
    if (text !== '') machine.write(file, text, 0o600);
    const result = await machine.run('crontab', [text === '' ? '-r' : file]);
    if (result?.exitCode === 0) return;
    throw new InfractlError({
      code: 'CrontabRefused',
      message: 'The crontab could not be written; it is as it was.',
      why: result?.stderr.trim() ?? '',
      suggestions: [
        'See what is in the way, then run the same command again: df -h /var/spool/cron, /etc/cron.allow, /etc/cron.deny',
      ],
    });
  } finally {
    machine.remove(file);
  }
}

export function noCron(code: 'NoCron' | 'NoScheduler' = 'NoCron'): InfractlError {
  return new InfractlError({
    code,
    message: 'This machine has no crontab command.',
    suggestions: ['Install cron: apt-get install cron'],
  });
}
