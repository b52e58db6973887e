import type { Clock } from '../base/clock.ts';
import { Exit, InfractlError } from '../base/errors.ts';
import { age } from '../base/text.ts';
import { type RollMark, readMark } from './roll-mark.ts';
import type { RollGroup, RollMember, RollPort } from './roll-port.ts';

/** What it takes to put a group back. */
export interface RecoverDeps {
  readonly port: RollPort;
  readonly clock: Clock;
  /** Begins a command that a dead run left on no further member. */
  readonly cancel: (command: string) => Promise<void>;
}

/** Puts a group back that somebody left in the middle; what was put back. */
export async function recoverGroup(deps: RecoverDeps, name: string): Promise<RollMark | undefined> {
  const group = await found(deps.port, name);
  const mark = readMark(group.mark);
  if (!mark) return undefined;
  await takeBack(deps, group, mark);
  await deps.port.setMark(name, undefined);
  return mark;
}

/** What a mark says that somebody left. */
export async function takeBack(deps: RecoverDeps, group: RollGroup, mark: RollMark): Promise<void> {
  // Its walk would bring the members that it had not come to what nobody wants any more.
  if (mark.command !== undefined) await deps.cancel(mark.command);
  await putBack(deps.port, group, mark);
}

export async function putBack(
  port: RollPort,
  group: RollGroup,
  { min, out }: Pick<RollMark, 'min' | 'out'>,
): Promise<void> {
  const standby = out.filter((id) => /Standby$/.test(lifecycleOf(group, id) ?? ''));
  if (standby.length > 0) await port.join(group.name, standby);
  if (group.min < min) await port.setMin(group.name, min);
}

export async function found(port: RollPort, name: string): Promise<RollGroup> {
  const group = await port.group(name);
  if (group) return group;
  throw new InfractlError({
    code: 'GroupNotFound',
    message: `There is no auto scaling group ${name} in this account and region.`,
    suggestions: ['Check the profile, the region and the environment.'],
  });
}

export function inService({ lifecycle, healthy }: RollMember): boolean {
  return lifecycle === 'InService' && healthy;
}

export function lifecycleOf({ members }: RollGroup, id: string): string | undefined {
  return members.find((member) => member.id === id)?.lifecycle;
}

/** The group has ended it, or is about to. */
export function isGone(group: RollGroup, id: string): boolean {
  return /^(|Terminat.*|Detach.*)$/.test(lifecycleOf(group, id) ?? '');
}

export function takenOver(name: string): InfractlError {
  return new InfractlError({
    code: 'GroupTaken',
    message: `Somebody took the lock of the group ${name}: it was left as it is.`,
    suggestions: ['See what its members run: infractl redeploy status'],
    exit: Exit.busy,
  });
}

export function busy(name: string, { by, beat }: RollMark, clock: Clock): InfractlError {
  return new InfractlError({
    code: 'GroupBusy',
    message: `Somebody else releases to the group ${name}.`,
    why: `${by}, heard of ${age(clock.now() - beat)} ago.`,
    suggestions: [
      'Wait for it. When it is gone, the group is free after 5 minutes.',
      'If nobody is at work any more: infractl redeploy unlock',
    ],
    exit: Exit.busy,
  });
}
