import { type Clock, throwIfAborted } from '../base/clock.ts';
import { Exit, InfractlError, Interrupted, UsageError } from '../base/errors.ts';
import type { Reporter } from '../base/report.ts';
import { age, plural } from '../base/text.ts';

/** The launch template of a group, and which of its versions is where. */
export interface GroupTemplate {
  readonly id: string;
  readonly name: string;
  /** What the group is configured for: `7`, `$Latest`, `$Default`. */
  readonly configured: string;
  readonly newest: number;
  /** The version of each member; undefined for one that came otherwise. */
  readonly members: readonly (number | undefined)[];
}

/** An instance refresh, as DescribeInstanceRefreshes has it. */
export interface Refresh {
  readonly id: string;
  /** `Pending`, `InProgress`, `Baking`, `Successful`, `Failed`, `Cancelling`, `Cancelled`, `RollbackInProgress`, … */
  readonly status: string;
  readonly percent: number;
  readonly reason: string | null;
  /** ISO 8601. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** The version of the launch template that it brings, where it says one. */
  readonly version: number | null;
  /** Members that are not replaced yet. */
  readonly left: number | null;
}

/** Auto Scaling and EC2, as far as replacing the members of a group needs them. */
export interface RefreshPort {
  /** DescribeAutoScalingGroups and DescribeLaunchTemplates; undefined for a group without a template. */
  template(group: string): Promise<GroupTemplate | undefined>;
  /**
   * StartInstanceRefresh to one version; members that have it already are left alone.
   *
   * @returns its id; undefined where another one is under way
   */
  start(
    group: string,
    to: {
      readonly template: string;
      readonly version: number;
      readonly minHealthy: number;
      readonly autoRollback: boolean;
    },
  ): Promise<string | undefined>;
  /** DescribeInstanceRefreshes, the newest first. */
  refreshes(group: string, most: number): Promise<readonly Refresh[]>;
  /** CancelInstanceRefresh: those that were replaced stay so. */
  cancel(group: string): Promise<void>;
  /** RollbackInstanceRefresh. @returns false where AWS knows no way back for this one */
  rollback(group: string): Promise<boolean>;
}

export interface RefreshDeps {
  readonly port: RefreshPort;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

export interface RefreshOrder {
  readonly group: string;
  /** As reports call it. */
  readonly part: string;
  readonly batch: { readonly count: number } | { readonly percent: number };
  /** Milliseconds for one member. */
  readonly timeout: number;
}

export interface Refreshed {
  readonly changed: boolean;
  /** The version that serves now, and the one before. */
  readonly version: number;
  readonly previous: number | null;
}

const PAUSE = 5_000;
const UNDER_WAY = /^(Pending|InProgress|Baking|Cancelling|RollbackInProgress)$/;
/** How far back it is looked for what served before. */
const HISTORY = 50;

/**
 * Brings the newest version of the launch template to all members: AWS replaces them a few at a time, and goes back
 * by itself where new ones do not come up. One that is under way to that version already is followed.
 *
 * @throws InfractlError `GroupBusy` (6), `RefreshRolledBack` (8), `RefreshFailed`, `RefreshCancelled`, `RefreshTimeout` (7)
 */
export async function refreshToNewest(deps: RefreshDeps, order: RefreshOrder): Promise<Refreshed> {
  const template = await templateOf(deps.port, order.group);
  return refreshTo(deps, order, template, template.newest);
}

/** What that would do. */
export async function planRefresh(
  port: RefreshPort,
  group: string,
): Promise<GroupTemplate & { readonly changed: boolean }> {
  const template = await templateOf(port, group);
  return { ...template, changed: !serves(template, template.newest) };
}

/**
 * Stops a refresh that is under way and takes it back; else brings the version of before, or the one that is named.
 *
 * @throws InfractlError `NothingToGoBackTo`; those of `refreshToNewest`
 */
export async function refreshBack(
  deps: RefreshDeps,
  order: RefreshOrder,
  wanted: number | undefined,
): Promise<Refreshed> {
  const { port } = deps;
  const [running] = await port.refreshes(order.group, 1);
  const template = await templateOf(port, order.group);
  if (running && UNDER_WAY.test(running.status) && wanted === undefined) {
    const back = running.status === 'RollbackInProgress' || (await port.rollback(order.group));
    if (back) {
      await watch(deps, order, running.id, template.members.length, 'RollbackSuccessful');
      const now = await templateOf(port, order.group);
      return { changed: true, version: oldestOf(now), previous: running.version };
    }
    await port.cancel(order.group);
    await watch(deps, order, running.id, template.members.length, 'Cancelled');
  }
  const now = await templateOf(port, order.group);
  const version = wanted ?? (await versionBefore(port, order.group, now));
  if (version > now.newest)
    throw new UsageError({
      code: 'NoSuchRelease',
      message: `The launch template ${now.name} has no version ${version}; its newest is ${now.newest}.`,
    });
  return refreshTo(deps, order, now, version);
}

async function refreshTo(
  deps: RefreshDeps,
  order: RefreshOrder,
  template: GroupTemplate,
  version: number,
): Promise<Refreshed> {
  const { port, reporter, signal } = deps;
  const { group } = order;
  throwIfAborted(signal);
  const count = template.members.length;
  const [running] = await port.refreshes(group, 1);
  const previous = template.members.find((one) => one !== undefined && one !== version) ?? null;
  if (running && UNDER_WAY.test(running.status)) {
    if (running.version !== version || !/^(Pending|InProgress|Baking)$/.test(running.status))
      throw busy(group, running);
    reporter.emit({ type: 'note', message: `It is under way already: ${running.id}.` });
    await watch(deps, order, running.id, count, 'Successful');
    return { changed: true, version, previous };
  }
  if (serves(template, version)) return { changed: false, version, previous: null };
  const id = await port.start(group, {
    template: template.id,
    version,
    minHealthy: minHealthy(order.batch, count),
    // AWS goes back to a version by its number alone.
    autoRollback: /^\d+$/.test(template.configured),
  });
  if (id === undefined) throw busy(group, (await port.refreshes(group, 1))[0]);
  await watch(deps, order, id, count, 'Successful');
  return { changed: true, version, previous };
}

async function watch(
  { port, clock, reporter, signal }: RefreshDeps,
  { group, part, timeout }: RefreshOrder,
  id: string,
  members: number,
  wanted: string,
): Promise<void> {
  const whole = timeout * Math.max(1, members);
  const until = clock.now() + whole;
  for (;;) {
    const now = (await port.refreshes(group, HISTORY)).find((one) => one.id === id);
    if (now?.status === wanted) return;
    if (now && !UNDER_WAY.test(now.status)) throw endedOtherwise(group, now);
    if (now) reporter.emit({ type: 'part.status', part, status: refreshWords(now) });
    if (clock.now() > until) throw timedOut(group, whole);
    try {
      await clock.sleep(PAUSE, signal);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      throw new Interrupted(`AWS goes on replacing the members of ${group}.`, [
        'See how far it is: infractl redeploy status',
        'Follow it again: infractl redeploy',
        'Take it back: infractl redeploy rollback',
      ]);
    }
  }
}

/** How a refresh is, in words. */
export function refreshWords({ status, percent, left }: Refresh): string {
  const what =
    status === 'RollbackInProgress'
      ? 'going back'
      : status === 'Baking'
        ? 'watching them'
        : 'replacing members';
  return `${what}: ${percent} %${left === null ? '' : `, ${plural(left, 'member')} to go`}`;
}

/** The share of members that stays in service; at least one is replaced. Pure. */
export function minHealthy(batch: RefreshOrder['batch'], members: number): number {
  const share = 'percent' in batch ? batch.percent : (batch.count / Math.max(1, members)) * 100;
  return Math.max(0, Math.min(100, Math.floor(100 - share)));
}

/** Whether every member has a version, and new ones get it too. Pure. */
export function serves(template: GroupTemplate, version: number): boolean {
  const { configured, newest, members } = template;
  const launches =
    configured === '$Latest' ? newest : /^\d+$/.test(configured) ? Number(configured) : version;
  return launches === version && members.every((one) => one === version);
}

/** What served before: the version of the last good refresh to another one, else what some members still have. */
async function versionBefore(port: RefreshPort, group: string, now: GroupTemplate): Promise<number> {
  const current = /^\d+$/.test(now.configured) ? Number(now.configured) : now.newest;
  const old = now.members.find((one) => one !== undefined && one !== current);
  const past = (await port.refreshes(group, HISTORY)).find(
    ({ status, version }) => status === 'Successful' && version !== null && version !== current,
  );
  const found = old ?? past?.version;
  if (found) return found;
  throw new InfractlError({
    code: 'NothingToGoBackTo',
    message: `AWS does not remember which version of ${now.name} the group ${group} had before.`,
    suggestions: [
      ...(current > 1 ? [`Name it: infractl redeploy rollback ${current - 1}`] : []),
      `See what there is: aws ec2 describe-launch-template-versions --launch-template-name ${now.name}`,
    ],
  });
}

async function templateOf(port: RefreshPort, group: string): Promise<GroupTemplate> {
  const found = await port.template(group);
  if (found) return found;
  throw new InfractlError({
    code: 'NoLaunchTemplate',
    message: `There is no auto scaling group ${group} with a launch template in this account and region.`,
    suggestions: ['Check the profile, the region and the environment.'],
  });
}

function oldestOf({ members, newest }: GroupTemplate): number {
  return Math.min(...members.flatMap((one) => (one === undefined ? [] : [one])), newest);
}

function busy(group: string, running: Refresh | undefined): InfractlError {
  return new InfractlError({
    code: 'GroupBusy',
    message: `The members of the group ${group} are being replaced already.`,
    ...(running
      ? { why: `${running.id}: ${refreshWords(running)}, to version ${running.version ?? 'unknown'}.` }
      : {}),
    suggestions: ['Wait for it, or take it back: infractl redeploy rollback'],
    exit: Exit.busy,
  });
}

function endedOtherwise(group: string, { status, reason }: Refresh): InfractlError {
  const why = reason ? { why: reason } : {};
  if (status === 'RollbackSuccessful') {
    return new InfractlError({
      code: 'RefreshRolledBack',
      message: `New members of ${group} did not come up. AWS went back: the version of before serves.`,
      ...why,
      suggestions: [activities(group)],
      exit: Exit.unhealthy,
    });
  }
  if (status === 'Cancelled') {
    return new InfractlError({
      code: 'RefreshCancelled',
      message: `Replacing the members of ${group} was cancelled: some may have the new version.`,
      ...why,
      suggestions: ['Go on: infractl redeploy', 'Or go back: infractl redeploy rollback'],
    });
  }
  return new InfractlError({
    code: 'RefreshFailed',
    message: `The members of ${group} were not all replaced: ${status}.`,
    ...why,
    suggestions: [activities(group), 'Go back: infractl redeploy rollback'],
  });
}

function activities(group: string): string {
  return `What its members ran into: aws autoscaling describe-scaling-activities --auto-scaling-group-name ${group} --max-items 5`;
}

function timedOut(group: string, ms: number): InfractlError {
  return new InfractlError({
    code: 'RefreshTimeout',
    message: `The members of ${group} were not all replaced after ${age(ms)}. AWS goes on.`,
    suggestions: ['Follow it again: infractl redeploy', 'Take it back: infractl redeploy rollback'],
    exit: Exit.timedOut,
  });
}
