import { Exit, InfractlError, UsageError } from '../base/errors.ts';
import type { GroupFacts, GroupsPort } from './port.ts';
import type { Track } from './track.ts';
import { goalOf, stageTimedOut } from './troubles.ts';
import type { ActOptions, GroupTarget, InstanceDeps, StageTime } from './types.ts';

/** Where a stopped group remembers what it was: on itself, so that any machine can start it. */
export const CAPACITY_TAG = 'infractl:capacity';
const PAUSE = 5_000;

export interface Capacity {
  readonly min: number;
  readonly max: number;
  readonly desired: number;
}

export const written = ({ min, max, desired }: Capacity) => `min=${min} desired=${desired} max=${max}`;

/** What the tag says; undefined when it says nothing that can be used. Pure. */
export function remembered(tags: Readonly<Record<string, string>>): Capacity | undefined {
  const found = /^min=(\d+) desired=(\d+) max=(\d+)$/.exec(tags[CAPACITY_TAG] ?? '');
  if (!found) return undefined;
  const [min = 0, desired = 0, max = 0] = found.slice(1).map(Number);
  return min <= desired && desired <= max && desired > 0 ? { min, desired, max } : undefined;
}

/**
 * The capacity that a start gives to a group; undefined when it has one. Pure.
 *
 * @throws UsageError `NoCapacity` when nothing says how many
 */
export function capacityToStart(facts: GroupFacts, wanted: number | undefined): Capacity | undefined {
  if (facts.desired > 0 && (wanted === undefined || wanted === facts.desired)) return undefined;
  const before = remembered(facts.tags) ?? (facts.desired > 0 ? facts : undefined);
  if (wanted !== undefined)
    return {
      min: Math.min(before?.min ?? wanted, wanted),
      desired: wanted,
      max: Math.max(before?.max ?? facts.max, wanted),
    };
  if (before) return before;
  if (facts.min > 0) return { min: facts.min, desired: facts.min, max: Math.max(facts.max, facts.min) };
  throw new UsageError({
    code: 'NoCapacity',
    message: `Nothing says how many instances the group ${facts.name} had.`,
    why: 'It was brought to 0 by something else than infractl.',
    suggestions: ['Say how many: --capacity 2'],
  });
}

/** Brings a group back to what it was, and waits until so many members are in service. */
export async function startGroup(
  deps: InstanceDeps,
  track: Track,
  target: GroupTarget,
  options: ActOptions,
): Promise<void> {
  const port = await deps.ports.groups();
  const capacity = capacityToStart(target.facts, options.capacity);
  if (capacity) await port.setCapacity(target.id, capacity);
  // Only after the capacity is back: killed in between, the next start finds both and only tidies up.
  if (CAPACITY_TAG in target.facts.tags) await port.removeTag(target.id, CAPACITY_TAG);
  if (options.until === undefined)
    return track.done(target, capacity ? 'asked' : 'unchanged', [], capacity && written(capacity));
  const stages = await untilInService(deps, port, track, target, options);
  const detail = capacity ? written(capacity) : `${target.facts.desired} in service already`;
  track.done(target, capacity ? 'started' : 'unchanged', stages, detail);
}

async function untilInService(
  deps: InstanceDeps,
  port: GroupsPort,
  track: Track,
  target: GroupTarget,
  options: ActOptions,
): Promise<StageTime[]> {
  return untilGroup(deps, port, target, options, 'running', (facts) => {
    const serving = inService(facts);
    const words = `${serving} of ${facts.desired} in service`;
    track.status(target, words);
    return { done: facts.desired > 0 && serving >= facts.desired, words };
  });
}

export const inService = ({ members }: GroupFacts) =>
  members.filter(({ lifecycle, healthy }) => lifecycle === 'InService' && healthy).length;

/** Remembers a group's capacity on it, takes it to 0, and waits until its members are gone. */
export async function stopGroup(
  deps: InstanceDeps,
  track: Track,
  target: GroupTarget,
  options: ActOptions,
): Promise<void> {
  const port = await deps.ports.groups();
  const { facts } = target;
  const idle = facts.desired === 0 && facts.min === 0 && facts.members.length === 0;
  if (idle) return track.done(target, 'unchanged', [], 'at 0 already');
  if (facts.desired > 0) {
    // First the memory, then the change: killed in between, nothing is lost.
    await port.setTag(target.id, CAPACITY_TAG, written(facts));
    await port.setCapacity(target.id, { min: 0, max: 0, desired: 0 });
  }
  const detail = facts.desired > 0 ? `was ${written(facts)}` : undefined;
  if (options.until === undefined) return track.done(target, 'asked', [], detail);
  const stages = await untilGroup(deps, port, target, options, 'stop', (now) => {
    const words = `${now.members.length} left`;
    track.status(target, words);
    return { done: now.members.length === 0, words };
  });
  track.done(target, 'stopped', stages, detail);
}

/** Replaces the members of a group a few at a time: an instance refresh. */
export async function refreshGroup(
  deps: InstanceDeps,
  track: Track,
  target: GroupTarget,
  options: ActOptions,
): Promise<void> {
  const port = await deps.ports.groups();
  const { clock, signal } = deps;
  const began = clock.now();
  const id = await port.refresh(target.id);
  if (options.until === undefined) return track.done(target, 'asked', [], `instance refresh ${id}`);
  // A member takes minutes, and they are replaced in turns.
  const timeout = options.timeouts.running * Math.max(1, target.facts.desired);
  for (;;) {
    const now = await port.refreshState(target.id, id);
    const words = `instance refresh ${now?.status ?? 'unknown'}, ${now?.percent ?? 0} %`;
    if (now?.status === 'Successful') break;
    if (now && /^(Failed|Cancel|Rollback)/.test(now.status))
      throw refreshFailed(target, now.status, now.reason);
    if (clock.now() - began >= timeout) throw stageTimedOut(target, 'running', timeout, words, deps.where);
    track.status(target, words);
    await clock.sleep(PAUSE, signal);
  }
  track.done(target, 'restarted', [{ stage: 'running', ms: clock.now() - began }], 'every member replaced');
}

function refreshFailed(target: GroupTarget, status: string, reason: string | undefined): InfractlError {
  return new InfractlError({
    code: 'RefreshFailed',
    message: `The members of the group ${target.id} were not all replaced: ${status}.`,
    ...(reason ? { why: reason } : {}),
    suggestions: [
      `What its members ran into: aws autoscaling describe-scaling-activities --auto-scaling-group-name ${target.id} --max-items 5`,
    ],
    exit: Exit.failed,
  });
}

async function untilGroup(
  deps: InstanceDeps,
  port: GroupsPort,
  target: GroupTarget,
  options: ActOptions,
  stage: 'running' | 'stop',
  judge: (facts: GroupFacts) => { readonly done: boolean; readonly words: string },
): Promise<StageTime[]> {
  const { clock, signal } = deps;
  const timeout = options.timeouts[stage];
  const began = clock.now();
  for (;;) {
    const [now] = await port.byNames([target.id]);
    if (!now) {
      throw new InfractlError({
        code: 'GroupGone',
        message: `The group ${target.id} was deleted meanwhile.`,
      });
    }
    const { done, words } = judge(now);
    if (done) return [{ stage, ms: clock.now() - began }];
    if (clock.now() - began >= timeout)
      throw stageTimedOut(target, stage, timeout, words, deps.where, goalOf(stage, options));
    await clock.sleep(PAUSE, signal);
  }
}
