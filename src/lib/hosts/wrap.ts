import { quoteWords } from './quote.ts';

/**
 * What runs on the host around each command: it says its process group first, on standard error, so that
 * the command and all that it starts can be killed. sshd gives each command a group of its own, of which a
 * sudo is the leader where there is one.
 */
const AROUND = 'read -r _ _ _ _ g _ < /proc/$$/stat; echo "$0:$g" >&2; "$@"; exit $?';
const KILL = 'kill -s "$1" -- "-$2" 2>/dev/null; exit 0';

/** Before a sudo that may not go on without a password; nothing of the command has run then. */
const SUDO = ['sudo', '-n', '--'];

/** The one line that goes to the login shell of the host. */
export function wrappedLine(mark: string, argv: readonly string[], sudo: boolean): string {
  return `exec ${quoteWords([...(sudo ? SUDO : []), 'sh', '-c', AROUND, mark, ...argv])}`;
}

/** The line that sends a signal to a command that said its process group. */
export function killLine(group: number, signal: 'TERM' | 'KILL', sudo: boolean): string {
  return `exec ${quoteWords([...(sudo ? SUDO : []), 'sh', '-c', KILL, 'sh', signal, String(group)])}`;
}

/** The process group in a line of standard error, where it is the one that begins the command. */
export function beginning(mark: string, line: string): number | undefined {
  const pid = line.startsWith(`${mark}:`) ? Number(line.slice(mark.length + 1)) : Number.NaN;
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

/** Standard error of the command itself: from behind the line that began it. */
export function afterBeginning(mark: string, text: string): string {
  const at = new RegExp(`(^|\\n)${mark}:\\d+\\r?\\n`).exec(text);
  return at ? text.slice(at.index + at[0].length) : text;
}
