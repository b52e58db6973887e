import { InfractlError } from '../base/errors.ts';
import { type Machine, runBare } from './machine.ts';

/**
 * Runs a line of sh once in the bare environment that cron gives it; it must be one that changes nothing.
 *
 * @throws InfractlError `TrialFailed`: what it printed is the reason
 */
export async function tryLine(machine: Machine, line: string): Promise<void> {
  const result = await runBare(machine, line);
  if (result?.exitCode === 0) return;
  const said = `${result?.stdout ?? ''}${result?.stderr ?? ''}`.trim().split('\n').slice(-8).join('\n');
  throw new InfractlError({
    code: 'TrialFailed',
    message: 'The command does not work in the environment that a schedule gives it: nothing was installed.',
    why: said || `It ended with ${result?.exitCode ?? 'a signal'}.`,
    suggestions: [
      'Credentials from variables of this shell are not there at night: use a profile or the role of the machine.',
      `Try it: env -i HOME=$HOME /bin/sh -c '${line.replaceAll("'", `'\\''`)}'`,
    ],
  });
}
