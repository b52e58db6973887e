import { underneath } from '../aws/errors.ts';
import { Exit, InfractlError } from '../base/errors.ts';
import { duration } from '../base/text.ts';
import { localTime } from '../base/times.ts';
import { type Target, typed } from './commands.ts';
import type { StackState } from './port.ts';
import type { Step } from './states.ts';
import { ENVIRONMENT_TAG, PROJECT_TAG } from './types.ts';

/**
 * Refuses a stack that is not this project's to change, or is that of another environment of it: two environments
 * whose stacks have one name would change each other.
 *
 * @param others the environments of the project beside this one; an environment that is none any more has no stacks
 * @throws InfractlError `NotOurStack` (exit 5).
 */
export function checkOwner(
  state: StackState,
  project: string | undefined,
  others: readonly string[] = [],
): void {
  if (state.parentId !== undefined)
    throw new InfractlError({
      code: 'NotOurStack',
      message: `The stack ${state.stackName} is nested in another one and is changed through that one only.`,
      why: `Its parent is ${state.parentId}.`,
      exit: Exit.declined,
    });
  const owner = state.tags[PROJECT_TAG];
  const environment = state.tags[ENVIRONMENT_TAG];
  if (owner === undefined) return;
  if (owner === project && environment !== undefined && others.includes(environment))
    throw new InfractlError({
      code: 'NotOurStack',
      message: `The stack ${state.stackName} belongs to another environment of this project: ${environment}.`,
      why: `It carries the tag ${ENVIRONMENT_TAG}=${environment}.`,
      suggestions: [
        'Give the stack of each environment a name of its own: `name:` under environments in infractl.yaml.',
        'Or, where each has an account or a region of its own, check the profile, the region and the environment.',
      ],
      exit: Exit.declined,
    });
  if (owner === project) return;
  throw new InfractlError({
    code: 'NotOurStack',
    message: `The stack ${state.stackName} belongs to another project: ${owner}.`,
    why: `It carries the tag ${PROJECT_TAG}=${owner}, and this project is ${project ?? 'without a name'}.`,
    suggestions: [
      'Give the stack of this project another `name:` in infractl.yaml, or check the profile, the region and the environment.',
    ],
    exit: Exit.declined,
  });
}

/** The error of a step that does nothing: something works on the stack, or a person has to decide. */
export function standstill(
  state: StackState,
  step: Extract<Step, { do: 'busy' | 'refuse' }>,
  now: number,
  target: Target,
): InfractlError {
  if (step.do === 'busy')
    return new InfractlError({
      code: 'StackBusy',
      message: `The stack ${state.stackName} is ${busyWords(state, step.doing, now)}.`,
      why: 'AWS goes on with that by itself; one operation at a time is possible.',
      suggestions: [
        'Wait until it is done, then run the same command again.',
        `To see how it goes on: ${typed('attach', target)}`,
      ],
      exit: Exit.busy,
    });
  return new InfractlError({
    code: 'StackBlocked',
    message: `The stack ${state.stackName} is in ${state.status} and cannot be changed as it is.`,
    why: [step.because, ...(state.statusReason ? [state.statusReason] : [])].join('\n'),
    suggestions: step.suggestions.map((text) =>
      text
        .replaceAll('{explain}', typed('explain', target))
        .replaceAll('{destroy}', `infractl destroy${target.where ?? ''}`),
    ),
    exit: Exit.declined,
  });
}

/** `being updated, since 2026-01-05 10:00:00 CET (3 min 20 s ago)`. */
export function busyWords(state: StackState, doing: string, now: number): string {
  const since = state.updatedAt ?? state.createdAt;
  if (!since) return doing;
  const age = now - since.getTime();
  // A clock of this machine that is wrong must not make nonsense of it.
  const ago = age >= 0 ? ` (${duration(age)} ago)` : '';
  return `${doing}, since ${localTime(since.toISOString())}${ago}`;
}

/** @throws InfractlError `StackProtected` (exit 5). */
export function checkUnprotected(state: StackState, where = ''): void {
  if (!state.terminationProtection) return;
  throw new InfractlError({
    code: 'StackProtected',
    message: `The stack ${state.stackName} is protected against deletion.`,
    why: 'Its termination protection is on.',
    suggestions: [
      `If it is to go: set \`terminationProtection: false\` for it in infractl.yaml, run infractl deploy --create-stack${where}, then run this again.`,
      `Or switch it off by hand: aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name ${state.stackName}`,
    ],
    exit: Exit.declined,
  });
}

/**
 * The error of a call that came while somebody else works on the same stack: it was free a moment ago.
 * Undefined when AWS refused for another reason.
 */
export function overtaken(stackName: string, error: unknown): InfractlError | undefined {
  const { name, message } = underneath(error);
  if (name === 'ValidationError' && /^Stack .*does not exist/.test(message))
    return new InfractlError({
      code: 'StackBusy',
      message: `Somebody else deleted the stack ${stackName} in this moment. Nothing was changed.`,
      why: message,
      suggestions: ['If that was not meant, run the same command again: it creates the stack anew.'],
      exit: Exit.busy,
      cause: error,
    });
  const busy =
    /^(?:OperationInProgress|InvalidChangeSetStatus|ChangeSetNotFound|AlreadyExistsException)/.test(name) ||
    (name === 'ValidationError' &&
      /\b[A-Z_]+_IN_PROGRESS\b|already exists and cannot be created again/.test(message));
  if (!busy) return undefined;
  return new InfractlError({
    code: 'StackBusy',
    message: `Somebody else works on the stack ${stackName} at the same time. Nothing was changed.`,
    why: message,
    suggestions: ['Wait until the other one is done, then run the same command again.'],
    exit: Exit.busy,
    cause: error,
  });
}
