import { UsageError } from '../base/errors.ts';
import { listed, nearest } from '../base/text.ts';

/** How the environment was chosen; a protected one may be changed only when the flag named it. */
export type EnvironmentChoice = 'flag' | 'variable' | 'default';

export interface ChosenEnvironment {
  readonly name: string;
  readonly by: EnvironmentChoice;
}

export interface EnvironmentFacts {
  readonly name: string;
  readonly protected: boolean;
}

/** The environments of a project beside the one that was chosen. */
export function otherEnvironments({
  environment,
  environments,
}: {
  readonly environment: string;
  readonly environments: readonly string[];
}): string[] {
  return environments.filter((each) => each !== environment);
}

/**
 * `--env`, then INFRACTL_ENV, then the only one, then the first that is not protected.
 *
 * @throws UsageError `UnknownEnvironment`, or `EnvironmentNeeded` when all of several are protected.
 */
export function chooseEnvironment(
  environments: readonly EnvironmentFacts[],
  flag: string | undefined,
  variable: string | undefined,
): ChosenEnvironment {
  const names = environments.map((environment) => environment.name);
  if (flag) return { name: known(flag, names, '--env'), by: 'flag' };
  if (variable) return { name: known(variable, names, 'INFRACTL_ENV'), by: 'variable' };
  const chosen = names.length === 1 ? environments[0] : environments.find((each) => !each.protected);
  if (chosen) return { name: chosen.name, by: 'default' };
  throw new UsageError({
    code: 'EnvironmentNeeded',
    message: `All environments are protected: ${listed(names)}.`,
    why: 'A protected environment is used only when it is named.',
    suggestions: names.map((name) => `Add --env ${name}`),
  });
}

function known(name: string, names: readonly string[], from: string): string {
  if (names.includes(name)) return name;
  const near = nearest(name, names);
  // A variable's value is not repeated: a wrong export can hold anything.
  const what =
    from === '--env' ? `There is no environment ${name}` : `${from} names no environment of this project`;
  throw new UsageError({
    code: 'UnknownEnvironment',
    message: near && from === '--env' ? `${what}; did you mean ${near}?` : `${what}.`,
    why: `The project has ${listed(names)}.`,
    suggestions: [
      near ? `Use --env ${near}` : `Use --env with one of: ${names.join(', ')}`,
      'Or add it under "environments:" in infractl.yaml.',
    ],
  });
}
