import * as Flags from '@oclif/core/flags';
import { readDuration } from '../../base/duration.ts';
import { millisecondsOf } from './duration-flag.ts';

/** The flags of every command that changes an environment: one does at a time, from all machines. */
export const LOCK_FLAGS = {
  wait: Flags.string({
    description:
      'Wait where somebody else changes the environment, or AWS still works on a stack: 10m, or --wait alone for 1h.',
    helpValue: 'DURATION',
    helpGroup: 'LOCK',
  }),
  'no-lock': Flags.boolean({
    description: "Take no lock: for credentials that may not use the project's bucket.",
    helpGroup: 'LOCK',
  }),
};

/** What `--wait` alone means. */
const ALONE = '1h';

/** `--wait` may stand alone, which the parser does not know: then it gets its value here. */
export function withWait(argv: readonly string[]): string[] {
  return argv.flatMap((word, at) =>
    word === '--wait' && !argv.slice(0, at).includes('--') && readDuration(argv[at + 1] ?? '') === undefined
      ? [`--wait=${ALONE}`]
      : [word],
  );
}

/**
 * What the flags say of the lock.
 *
 * @throws UsageError `BadDuration`
 */
export function lockChoice(flags: { wait?: string | undefined; 'no-lock': boolean }): {
  readonly wait: number | undefined;
  readonly withoutLock: boolean;
} {
  const wait = flags.wait === undefined ? undefined : millisecondsOf('--wait', flags.wait);
  return { wait, withoutLock: flags['no-lock'] };
}
