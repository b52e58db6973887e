import { underneath } from '../aws/errors.ts';
import { Exit, InfractlError } from '../base/errors.ts';
import { duration } from '../base/text.ts';
import { alternatives, causeOf, offers, type Reason } from './causes.ts';
import type { InstanceFacts, InstancesPort } from './port.ts';
import { type ActOptions, type InstanceTarget, labelOf, type Stage, type Target } from './types.ts';

/** A start that failed, with its likely cause; on a lack of capacity other types and zones are looked up. */
export async function startFailed(
  port: InstancesPort,
  target: InstanceTarget,
  reason: Reason,
  cause?: unknown,
): Promise<InfractlError> {
  const { facts } = target;
  const found = causeOf(reason, facts.id);
  const offered = found.capacity ? await offersFor(port, facts) : [];
  return new InfractlError({
    code: 'StartFailed',
    message: `${labelOf(target)} did not start.`,
    why: [found.words, `AWS says: ${reason.message || reason.code}`].filter(Boolean).join('\n'),
    suggestions: [...offered, ...found.suggestions],
    cause,
  });
}

/** A request that AWS refused, as a reason. */
export function reasonOf(error: InfractlError): Reason {
  const { name, message } = underneath(error);
  return { code: name === 'Error' ? error.code : name, message };
}

async function offersFor(port: InstancesPort, facts: InstanceFacts): Promise<string[]> {
  try {
    return offers(facts, await port.offeredIn([facts.type, ...alternatives(facts.type)]));
  } catch {
    // It only adds to a failure that is being told.
    return [];
  }
}

const WAITED: Readonly<Record<Stage | 'stop', string>> = {
  running: 'is not running',
  checks: 'has not passed its status checks',
  port: 'does not let anybody in',
  health: 'does not answer as it should',
  stop: 'has not stopped',
};

/**
 * A wait that ended before its stage did: AWS goes on. Exit 7.
 *
 * @param timeout milliseconds
 * @param goal what it was on its way to: what stops for a restart is to be started
 */
export function stageTimedOut(
  target: Target,
  stage: Stage | 'stop',
  timeout: number,
  last: string,
  where: string,
  goal: 'stop' | 'start' = stage === 'stop' ? 'stop' : 'start',
): InfractlError {
  const again = `infractl manage ${goal} --id ${target.id}${where}`;
  return new InfractlError({
    code: 'TimedOut',
    message: `${labelOf(target)} ${WAITED[stage]} after ${duration(timeout)}.`,
    why: last,
    suggestions: [
      `Wait on, nothing is begun anew: ${again} --timeout ${stage}=${Math.ceil((2 * timeout) / 60_000)}m`,
      ...ADVICE[stage](target.id),
    ],
    exit: Exit.timedOut,
  });
}

/** What a wait is on its way to: a hard restart stops what is to be started. */
export const goalOf = (stage: 'running' | 'stop', { hard }: Pick<ActOptions, 'hard'>) =>
  stage === 'stop' && !hard ? 'stop' : 'start';

const ADVICE: Readonly<Record<Stage | 'stop', (id: string) => string[]>> = {
  running: () => [],
  checks: (id) => [
    `What it wrote while it booted: aws ec2 get-console-output --latest --instance-id ${id}`,
    `The system check is AWS's side. Another machine of AWS: infractl manage restart --hard --id ${id}`,
  ],
  port: () => [
    'Look at its security group: the port must be open for the address of this machine.',
    'Where it is not meant to be open from here: --until checks',
  ],
  health: () => ['Look at the log of the application on the host.'],
  stop: (id) => [
    `A system that does not shut down can be cut off: aws ec2 stop-instances --force --instance-ids ${id}`,
  ],
};

/** An instance of a group is never stopped alone: the group would start another in its place. */
export function memberOfGroup(target: InstanceTarget, doing: string, where: string): InfractlError {
  const { group } = target.facts;
  return new InfractlError({
    code: 'GroupMember',
    message: `${labelOf(target)} belongs to the auto scaling group ${group}.`,
    why: `Alone it cannot be told to ${doing}: the group would replace it.`,
    suggestions: [`Do it with the whole group: infractl manage ${doing} --id ${group}${where}`],
    exit: Exit.declined,
  });
}

export function refused(
  target: Target,
  code: string,
  why: string,
  suggestions: readonly string[],
): InfractlError {
  return new InfractlError({
    code,
    message: `${labelOf(target)} is not stopped.`,
    why,
    suggestions,
    exit: Exit.declined,
  });
}

/** A target in a state that nothing leads out of. */
export function gone(target: Target): InfractlError {
  return new InfractlError({
    code: 'Terminated',
    message: `${labelOf(target)} is terminated: it does not come back.`,
    suggestions: [
      'Restore a backup of it to a new instance: infractl backup restore',
      'Or deploy its stack again: infractl deploy --create-stack',
    ],
  });
}
