import { throwIfAborted } from '../base/clock.ts';
import { Interrupted, isInfractlError } from '../base/errors.ts';
import { sideBySide } from '../base/side-by-side.ts';
import { grouped, holdOf, isOurs } from './catalogue.ts';
import type { BackupDeps, Plan } from './deps.ts';
import { type Guard, guarded, judge, oldestFirst, restrict, type Verdict } from './judge.ts';
import { lookUp, storeOf, storesOf } from './look.ts';
import { sharedByUs } from './settle.ts';
import type { Backup, Snapshot } from './types.ts';

/** What was decided, and what came of it. */
export interface Cleanup {
  readonly verdicts: readonly Verdict[];
  readonly warnings: readonly string[];
  /** The backups that went, or would go in a dry run. */
  readonly going: readonly Backup[];
  /** GiB of their volumes: an upper bound of what is freed. */
  readonly sizeGiB: number;
}

export interface Deleted {
  readonly snapshots: readonly string[];
  readonly failures: readonly { readonly snapshot: string; readonly why: string }[];
}

const AT_ONCE = 16;
/** Snapshots that are asked about at once before they would go. */
const GUARDED_AT_ONCE = 100;

/**
 * Decides what the plans keep. Makes no change. AWS is asked about a snapshot (images, locks, shares) only where
 * it would go.
 *
 * @param most snapshots that one run may delete; undefined: as the plans say
 * @throws InfractlError `PolicyKeepsNothing`, `ClockJumped` (exit 5)
 */
export async function planCleanup(deps: BackupDeps, plans: readonly Plan[], most?: number): Promise<Cleanup> {
  const backups = await lookUp(deps, await storesOf(deps, plans));
  const { verdicts, warnings } = judge(backups, plans, await deps.ebs.clocks());
  const restricted = await Promise.all(
    grouped(verdicts, ({ backup }) => backup.plan).map(async (mine) => {
      const plan = plans.find(({ name }) => name === mine[0]?.backup.plan);
      const cap = most ?? plan?.maxDelete ?? 0;
      return restrict(mine, await guardsFor(deps, oldestFirst(mine), cap), cap);
    }),
  );
  const all = restricted.flat();
  const going = oldestFirst(all);
  const sizeGiB = going.flatMap(({ snapshots }) => snapshots).reduce((sum, one) => sum + one.sizeGiB, 0);
  return { verdicts: all, warnings, going, sizeGiB };
}

/** Asks about as many as may go, and further only as far as some of those must stay. Whole backups at a time. */
async function guardsFor(
  deps: BackupDeps,
  candidates: readonly Backup[],
  most: number,
): Promise<Map<string, Guard>> {
  const guards = new Map<string, Guard>();
  const queue = [...candidates];
  let free = 0;
  while (queue.length > 0 && free < most) {
    const some = takeBackups(queue, Math.min(GUARDED_AT_ONCE, Math.max(10, most)));
    const asked = await askGuards(
      deps,
      some.flatMap(({ snapshots }) => snapshots),
    );
    for (const [id, guard] of asked) guards.set(id, guard);
    for (const { snapshots } of some)
      if (snapshots.every(({ id }) => mayGo(guards.get(id)))) free += snapshots.length;
  }
  return guards;
}

const mayGo = (guard: Guard | undefined) => guard !== undefined && guarded(guard) === undefined;

/** The first backups of a queue, until they have so many snapshots; they are taken out of it. */
function takeBackups(queue: Backup[], snapshots: number): Backup[] {
  const taken: Backup[] = [];
  for (let count = 0; count < snapshots && queue[0]; count += taken.at(-1)?.snapshots.length ?? 0)
    taken.push(...queue.splice(0, 1));
  return taken;
}

async function askGuards(deps: BackupDeps, snapshots: readonly Snapshot[]): Promise<Map<string, Guard>> {
  const guards = new Map<string, Guard>();
  for (const group of grouped(snapshots, ({ kind, region }) => `${kind} ${region}`)) {
    const found = await (await storeOf(deps, group[0] as Snapshot)).guards(group);
    for (const one of group) {
      const facts = found.get(one.id);
      if (facts) guards.set(one.id, { ...facts, sharedByUs: sharedByUs(one) });
    }
  }
  return guards;
}

/**
 * Deletes what was decided, the oldest first. Each backup is looked at once more just before it goes: one of which a
 * snapshot was tagged, held or taken over meanwhile stays, whole. What is gone already counts as deleted. Safe to run
 * again.
 */
export async function carryOut(deps: BackupDeps, going: readonly Backup[]): Promise<Deleted> {
  const deleted: string[] = [];
  const failures: { snapshot: string; why: string }[] = [];
  const queue = [...going];
  while (queue.length > 0) {
    const now = await lookAgain(deps, takeBackups(queue, GUARDED_AT_ONCE));
    await sideBySide(now, AT_ONCE, async ({ snapshot, stays }) => {
      throwIfAborted(deps.signal);
      const part = `snapshot ${snapshot.id}`;
      const started = deps.clock.now();
      if (stays) {
        deps.reporter.emit({ type: 'part.skipped', part, because: stays });
        return;
      }
      try {
        await (await storeOf(deps, snapshot)).remove(snapshot);
        deleted.push(snapshot.id);
        deps.reporter.emit({ type: 'part.done', part, outcome: 'deleted', ms: deps.clock.now() - started });
      } catch (error) {
        if (!isInfractlError(error) || error instanceof Interrupted || error.exit === 4) throw error;
        failures.push({ snapshot: snapshot.id, why: error.why ?? error.message });
        deps.reporter.emit({ type: 'part.failed', part, error, ms: deps.clock.now() - started });
      }
    });
  }
  return { snapshots: deleted, failures };
}

async function lookAgain(
  deps: BackupDeps,
  backups: readonly Backup[],
): Promise<{ readonly snapshot: Snapshot; readonly stays?: string }[]> {
  const found = new Map<string, Snapshot>();
  const snapshots = backups.flatMap((backup) => backup.snapshots);
  for (const group of grouped(snapshots, ({ kind, region }) => `${kind} ${region}`))
    for (const one of await (await storeOf(deps, group[0] as Snapshot)).get(group.map(({ id }) => id)))
      found.set(one.id, one);
  return backups.flatMap((backup) => {
    const stays = backup.snapshots.map(({ id }) => changed(deps, found.get(id))).find(Boolean);
    return backup.snapshots.map((snapshot) => (stays ? { snapshot, stays } : { snapshot }));
  });
}

/** Why a snapshot of which a moment ago nothing was known that keeps it must stay now. */
function changed({ owner }: BackupDeps, now: Snapshot | undefined): string | undefined {
  if (!now) return undefined;
  if (!isOurs(now, owner)) return 'its tags were changed a moment ago';
  const hold = holdOf(now);
  return hold && `held by the tag ${hold}`;
}
