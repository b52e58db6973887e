import { InfractlError } from '../base/errors.ts';
import { run } from '../base/process.ts';
import { diskFull } from './copy.ts';
import type { SyncOrder, SyncOutcome } from './port.ts';
import { quoteWords } from './quote.ts';

/** The way to the host: one more session of the connection that is there. */
export interface RsyncWay {
  /** The host's name in infractl.yaml. */
  readonly name: string;
  /** `ubuntu@13.38.50.18`: the last word of the ssh that leads there. */
  readonly where: string;
  /** ssh and its options, to which the destination and a command are added. */
  readonly ssh: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Since then it counts in plain numbers. */
const OLDEST = [3, 1];

/**
 * Brings files by rsync: by their content, whatever their times say, and of a changed file what changed.
 *
 * @returns undefined where rsync is not here, is too old, or did not work with the one on the host
 * @throws InfractlError `DiskFull`, `Interrupted`
 */
export async function rsyncTo(way: RsyncWay, order: SyncOrder): Promise<SyncOutcome | undefined> {
  const env = { ...way.env, LC_ALL: 'C' };
  // An rsync before 3.2.4 does not quote it for the login shell of the host.
  if (quoteWords([order.to]) !== order.to) return undefined;
  if (!(await isThere(env))) return undefined;
  const args = [
    '--files-from=-',
    '--from0',
    '--no-implied-dirs',
    '--copy-links',
    '--checksum',
    // What a cut connection has brought so far is not brought again.
    '--partial',
    '--compress',
    '--no-human-readable',
    '--stats',
    `--rsh=${remoteShell(way.ssh)}`,
    `${order.from}/`,
    `${bracketed(way.where)}:${order.to}/`,
  ];
  const { signal } = order;
  const input = order.files.join('\0');
  const { exitCode, stdout, stderr } = await run('rsync', args, { env, signal, input });
  if (exitCode === 0) return outcomeOf(stdout);
  if (/No space left on device/.test(stderr))
    throw diskFull(`The disk of the host ${way.name} (${way.where}) is full.`, stderr);
  return undefined;
}

async function isThere(env: NodeJS.ProcessEnv): Promise<boolean> {
  const said = await run('rsync', ['--version'], { env, timeout: 20_000 }).catch((error: unknown) => {
    if (error instanceof InfractlError && /^CommandNot/.test(error.code)) return undefined;
    throw error;
  });
  const [, major, minor] = /^rsync +version (\d+)\.(\d+)/.exec(said?.stdout ?? '') ?? [];
  const [oldMajor = 0, oldMinor = 0] = OLDEST;
  return (Number(major) - oldMajor || Number(minor) - oldMinor) >= 0;
}

/** rsync splits this text at spaces, and reads quotes, inside of which a quote of the same kind is doubled. */
export function remoteShell(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "''")}'`))
    .join(' ');
}

/** A colon ends the host's name for rsync: an address of IPv6 goes into brackets. */
export function bracketed(where: string): string {
  return where.replace(/(^|@)([^@[]*:[^@]*)$/, '$1[$2]');
}

function outcomeOf(stdout: string): SyncOutcome {
  const number = (what: string) => Number(new RegExp(`^${what}: (\\d+)`, 'm').exec(stdout)?.[1] ?? 0);
  return { changed: number('Number of regular files transferred'), sent: number('Total bytes sent') };
}
