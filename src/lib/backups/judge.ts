import { InfractlError } from '../base/errors.ts';
import { duration, plural } from '../base/text.ts';
import { localTime } from '../base/times.ts';
import type { BackupPart } from '../project/model.ts';
import { grouped, holdOf } from './catalogue.ts';
import { keepsSomething, retain } from './retention.ts';
import type { Backup, Snapshot, TwoClocks } from './types.ts';

/** What becomes of one backup, and why. */
export interface Verdict {
  readonly backup: Backup;
  readonly keep: boolean;
  /** `daily`, `within 7d`, `not wanted by the policy`, … at least one. */
  readonly reasons: readonly string[];
}

export interface Judgement {
  /** Every backup of ours, newest first within its subject. */
  readonly verdicts: readonly Verdict[];
  /** What should be known beside the verdicts. */
  readonly warnings: readonly string[];
}

type Plan = Pick<BackupPart, 'name' | 'policy'>;

/** How far this machine's clock may be from AWS's before nothing is deleted. Milliseconds. */
export const CLOCK_TOLERANCE = 10 * 60_000;
/** How long a backup that did not become good is left alone: its snapshots may be wanted for finding out why. */
const DEBRIS_AFTER = 24 * 3_600_000;

/**
 * What cleaning up would keep and delete: a pure function of what is there. The rules, the first that fits:
 * the plan is not known here, or the newest try of the subject failed: keep all of it; the newest good one, held
 * and unfinished ones: keep; good ones: the policy decides; failed ones: go a day after, once a newer one is good.
 *
 * @throws InfractlError `PolicyKeepsNothing` (exit 5), `ClockJumped` (exit 5)
 */
export function judge(backups: readonly Backup[], plans: readonly Plan[], clocks: TwoClocks): Judgement {
  for (const plan of plans) checkPolicy(plan);
  checkClocks(backups, clocks);
  const byName = new Map(plans.map((plan) => [plan.name, plan]));
  const subjects = grouped(backups, ({ region, plan, subject }) => `${region} ${plan} ${subject}`);
  const warnings: string[] = [];
  const verdicts = subjects.flatMap((group) => {
    const newestFirst = [...group].sort((a, b) => b.at - a.at);
    const newest = newestFirst[0] as Backup;
    const plan = byName.get(newest.plan);
    if (!plan) return keepAll(newestFirst, `no plan "${newest.plan}" here`);
    if (newest.state === 'failed') {
      warnings.push(`The newest backup of ${newest.subject} failed: nothing of it is deleted.`);
      return keepAll(newestFirst, 'the newest backup failed');
    }
    return judgeSubject(newestFirst, plan, clocks.aws);
  });
  return { verdicts, warnings };
}

function keepAll(backups: readonly Backup[], reason: string): Verdict[] {
  return backups.map((backup) => ({ backup, keep: true, reasons: [reason] }));
}

function judgeSubject(newestFirst: readonly Backup[], plan: Plan, now: number): Verdict[] {
  const good = newestFirst.filter(({ state }) => state === 'good');
  const wanted = new Map(retain(good, plan.policy).map(({ item, reasons }) => [item, reasons]));
  const newestGood = good[0];
  return newestFirst.map((backup): Verdict => {
    const hold = backup.snapshots.map(holdOf).find(Boolean);
    const reasons = wanted.get(backup) ?? [];
    if (hold) return { backup, keep: true, reasons: [`held by the tag ${hold}`, ...reasons] };
    if (backup.state === 'good')
      return reasons.length > 0
        ? { backup, keep: true, reasons }
        : { backup, keep: false, reasons: ['no rule keeps it'] };
    if (backup.state === 'pending') return { backup, keep: true, reasons: ['not finished'] };
    const replaced = newestGood !== undefined && newestGood.at > backup.at;
    if (replaced && now - backup.at > DEBRIS_AFTER)
      return { backup, keep: false, reasons: ['failed, and a newer one is good'] };
    return {
      backup,
      keep: true,
      reasons: [replaced ? 'failed less than a day ago' : 'failed, none newer is good'],
    };
  });
}

function checkPolicy({ name, policy }: Plan): void {
  if (keepsSomething(policy)) return;
  throw new InfractlError({
    code: 'PolicyKeepsNothing',
    message: `The policy of ${name} would keep nothing: nothing is deleted by it.`,
    suggestions: ['Give it at least one rule above zero, such as keep: { daily: 7 }.'],
    exit: 5,
  });
}

function checkClocks(backups: readonly Backup[], { aws, here }: TwoClocks): void {
  const off = Math.abs(here - aws);
  if (off > CLOCK_TOLERANCE) throw clockJumped(`This machine's clock is ${duration(off)} away from AWS's.`);
  const future = backups.find(({ at }) => at > aws + CLOCK_TOLERANCE);
  if (future)
    throw clockJumped(
      `The backup ${future.id} is from the future: ${localTime(new Date(future.at).toISOString())}.`,
    );
}

function clockJumped(why: string): InfractlError {
  return new InfractlError({
    code: 'ClockJumped',
    message: 'The time cannot be trusted: nothing was deleted.',
    why,
    suggestions: ['Put the clock right (timedatectl set-ntp true), then run the same command again.'],
    exit: 5,
  });
}

/** What AWS says of a snapshot just before it would go. */
export interface Guard {
  /** Images of this account that are made of it. */
  readonly images: readonly string[];
  readonly locked: boolean;
  /** Accounts that may use it; `all` is everybody. */
  readonly sharedWith: readonly string[];
  /** Accounts that infractl's own plan shared it with. */
  readonly sharedByUs: readonly string[];
}

/** Why a snapshot must stay whatever the policy says; undefined when nothing speaks against it. */
export function guarded({ images, locked, sharedWith, sharedByUs }: Guard): string | undefined {
  if (images.length > 0) return `the image ${images[0]} is made of it`;
  if (locked) return 'locked';
  const others = sharedWith.filter((account) => !sharedByUs.includes(account));
  if (others.length > 0) return others.includes('all') ? 'shared with everybody' : `shared with ${others[0]}`;
  return undefined;
}

/**
 * The verdicts after the guards and the cap: a backup goes whole or not at all, the oldest first, until the
 * cap of snapshots is reached.
 *
 * @param guards by the id of a snapshot; one that is missing keeps its backup
 * @param most snapshots that may go in this run
 */
export function restrict(
  verdicts: readonly Verdict[],
  guards: ReadonlyMap<string, Guard>,
  most: number,
): Verdict[] {
  let left = most;
  let full = false;
  const staying = new Map<Backup, string>();
  for (const backup of oldestFirst(verdicts)) {
    const { snapshots } = backup;
    full ||= snapshots.length > left;
    const because = full
      ? `over the cap of ${plural(most, 'snapshot')} a run`
      : snapshots.map((one) => reasonToStay(one, guards)).find(Boolean);
    if (because) staying.set(backup, because);
    else left -= snapshots.length;
  }
  return verdicts.map((verdict) => {
    const stays = staying.get(verdict.backup);
    return stays === undefined ? verdict : { ...verdict, keep: true, reasons: [stays] };
  });
}

/** What the policy lets go, in the order in which it goes. */
export function oldestFirst(verdicts: readonly Verdict[]): Backup[] {
  return verdicts
    .filter(({ keep }) => !keep)
    .map(({ backup }) => backup)
    .sort((a, b) => a.at - b.at);
}

function reasonToStay(snapshot: Snapshot, guards: ReadonlyMap<string, Guard>): string | undefined {
  const guard = guards.get(snapshot.id);
  if (!guard) return 'AWS did not say whether it is in use';
  return guarded(guard);
}
