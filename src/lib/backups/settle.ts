import { throwIfAborted } from '../base/clock.ts';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import { sideBySide } from '../base/side-by-side.ts';
import { duration, plural } from '../base/text.ts';
import type { BackupPart } from '../project/model.ts';
import { awaitsCopy, backupsOf, copiesOf, grouped, isGivenUp } from './catalogue.ts';
import type { BackupDeps, Plan } from './deps.ts';
import { storeOf } from './look.ts';
import { type Backup, type Snapshot, TAG } from './types.ts';

/** What is left to be done about a snapshot before its backup is as the plan wants it. */
export type Work =
  | { readonly do: 'encrypt'; readonly snapshot: Snapshot }
  | { readonly do: 'remove'; readonly snapshot: Snapshot }
  | { readonly do: 'copy'; readonly snapshot: Snapshot; readonly region: string; readonly key?: string }
  | { readonly do: 'share'; readonly snapshot: Snapshot; readonly account: string };

/** A snapshot in which little has changed takes seconds; the waits grow with those that take hours. */
const FIRST_POLL = 2_000;
const LONGEST_POLL = 30_000;
/** Calls under way at once: the pacing decides how quick they are, this how much memory they take. */
const AT_ONCE = 32;
/** What a run has done so often without effect will not come right in it: the next run tries it again. */
const TRIES = 2;
/** So often in a row a snapshot must be missing before it counts as gone: lists lag behind. */
const MISSES = 3;
/** AWS makes so many copies in a region at once, 20 mostly: the others take their turn. */
const NO_ROOM = 'ResourceLimitExceeded';

/**
 * What can be done now. Unencrypted originals get an encrypted copy and go when that is good; the newest good
 * backup of each subject gets its copies in other regions and is shared with other accounts, unless a newer one may
 * become good yet. Pure: a run that was killed at any point is taken up by the next one, from what is there alone.
 */
export function pendingWork(
  backups: readonly Backup[],
  plan: Pick<BackupPart, 'name' | 'copies'>,
  home: string,
): Work[] {
  const mine = backups.filter((backup) => backup.plan === plan.name);
  const newest = new Set(
    grouped(
      mine.filter(({ region, state }) => region === home && state !== 'failed'),
      ({ subject }) => subject,
    ).map((group) => [...group].sort((a, b) => b.at - a.at)[0]),
  );
  const work: Work[] = [];
  for (const backup of mine.filter(({ region }) => region === home)) {
    for (const original of backup.snapshots.filter(awaitsCopy)) work.push(...encryption(original, backup));
    if (newest.has(backup) && backup.state === 'good') work.push(...further(backup, mine, plan.copies));
  }
  return work;
}

function encryption(original: Snapshot, backup: Backup): Work[] {
  const copies = copiesOf(original, backup.snapshots);
  if (copies.some(({ state }) => state === 'completed')) return [{ do: 'remove', snapshot: original }];
  if (original.state !== 'completed' || copies.some(({ state }) => state === 'pending')) return [];
  return isGivenUp(original, backup.snapshots) ? [] : [{ do: 'encrypt', snapshot: original }];
}

function further(backup: Backup, all: readonly Backup[], copies: BackupPart['copies']): Work[] {
  const lasting = backup.snapshots.filter((one) => one.state === 'completed' && !awaitsCopy(one));
  return copies.flatMap((copy): Work[] => {
    if ('account' in copy) {
      const { account } = copy;
      return lasting
        .filter((one) => !sharedByUs(one).includes(account))
        .map((snapshot) => ({ do: 'share', snapshot, account }));
    }
    const there = all.filter(({ id, region }) => id === backup.id && region === copy.region);
    const copied = there.flatMap(({ snapshots }) => snapshots);
    return lasting
      .filter((one) => copiesOf(one, copied).every(({ state }) => state === 'error'))
      .map((snapshot) => ({ do: 'copy', snapshot, ...copy }));
  });
}

/** The accounts that infractl itself has shared a snapshot with. */
export function sharedByUs({ tags }: Snapshot): string[] {
  return (tags[TAG.sharedWith] ?? '').split(' ').filter(Boolean);
}

/** What is known of the snapshots of a plan, refreshed only where it can still change. */
export class Watched {
  readonly #deps: BackupDeps;
  readonly #known: Map<string, Snapshot>;
  /** How often each piece of work was done: what does not take effect is not repeated for ever. */
  readonly #tries = new Map<string, number>();
  readonly #misses = new Map<string, number>();

  constructor(deps: BackupDeps, snapshots: Iterable<Snapshot>) {
    this.#deps = deps;
    this.#known = new Map([...snapshots].map((one) => [keyOf(one), one]));
  }

  add(snapshots: readonly Snapshot[]): void {
    for (const one of snapshots) this.#known.set(keyOf(one), one);
  }

  drop(snapshots: readonly Snapshot[]): void {
    for (const one of snapshots) this.#known.delete(keyOf(one));
  }

  get backups(): Backup[] {
    return backupsOf(this.#known.values(), this.#deps.owner);
  }

  get pending(): Snapshot[] {
    return [...this.#known.values()].filter(({ state }) => state === 'pending');
  }

  async refresh(): Promise<void> {
    for (const group of grouped(this.pending, ({ kind, region }) => `${kind} ${region}`)) {
      const store = await storeOf(this.#deps, group[0] as Snapshot);
      const found = await store.get(group.map(({ id }) => id));
      this.drop(group.filter((one) => this.#isGone(one, found)));
      this.add(found);
    }
  }

  #isGone(one: Snapshot, found: readonly Snapshot[]): boolean {
    const key = keyOf(one);
    const misses = found.some(({ id }) => id === one.id) ? 0 : (this.#misses.get(key) ?? 0) + 1;
    this.#misses.set(key, misses);
    return misses >= MISSES;
  }

  /** Does what can be done: how much that was, and how much AWS had no room for yet. */
  async work(plan: Plan): Promise<{ readonly done: number; readonly waiting: number }> {
    const home = this.#deps.ebs.store().region;
    const work = pendingWork(this.backups, plan, home).filter((one) => this.#mayTry(one));
    const waiting = new Set<Work>();
    await sideBySide(work, AT_ONCE, async (one) => {
      try {
        await this.#do(one);
      } catch (error) {
        if (!isInfractlError(error) || error.code !== NO_ROOM) throw error;
        waiting.add(one);
        this.#tries.delete(nameOf(one));
      }
    });
    return { done: work.length - waiting.size, waiting: waiting.size };
  }

  /** A copy that failed keeps its name: the next try takes another. Two runs at once take the same one. */
  #freeName(name: string, region: string): string {
    const taken = new Set(
      [...this.#known.values()].flatMap((one) => (one.region === region ? [one.id] : [])),
    );
    let free = name;
    for (let nth = 2; taken.has(free); nth++) free = `${name}-${nth}`;
    return free;
  }

  #mayTry(work: Work): boolean {
    const tries = this.#tries.get(nameOf(work)) ?? 0;
    this.#tries.set(nameOf(work), tries + 1);
    return tries < TRIES;
  }

  async #do(work: Work): Promise<void> {
    const { snapshot } = work;
    throwIfAborted(this.#deps.signal);
    const store = await storeOf(this.#deps, snapshot);
    switch (work.do) {
      case 'remove':
        await store.remove(snapshot);
        return this.drop([snapshot]);
      case 'share': {
        const accounts = [...sharedByUs(snapshot), work.account].join(' ');
        // The tag first: a snapshot that is shared and not marked as ours to share would be kept for ever.
        await store.tag(snapshot, { [TAG.sharedWith]: accounts });
        await store.share(snapshot, work.account);
        return this.add([{ ...snapshot, tags: { ...snapshot.tags, [TAG.sharedWith]: accounts } }]);
      }
      case 'encrypt':
      case 'copy': {
        const there = work.do === 'copy' ? { ...snapshot, region: work.region } : snapshot;
        const key = work.do === 'copy' ? work.key : keyFor(snapshot);
        const target = await storeOf(this.#deps, there);
        const tags = copyTags(snapshot);
        const name = this.#freeName(
          `${snapshot.id}-${work.do === 'copy' ? 'copy' : 'encrypted'}`,
          there.region,
        );
        const id = await target.copy({ snapshot, region: there.region, key, tags, name });
        const [made] = await target.get([id]);
        // A list that lags behind does not know it yet; it is as good as pending.
        return this.add([made ?? { ...there, id, tags, encrypted: true, state: 'pending', progress: 0 }]);
      }
    }
  }
}

function nameOf(work: Work): string {
  const where = 'region' in work ? work.region : 'account' in work ? work.account : '';
  return `${work.do} ${keyOf(work.snapshot)} ${where}`;
}

const keyOf = ({ kind, region, id }: Snapshot) => `${kind} ${region} ${id}`;

function keyFor({ tags }: Snapshot): string | undefined {
  const key = tags[TAG.encrypt];
  return key === 'default' ? undefined : key;
}

/** A copy carries all that its original said, and where it comes from. */
function copyTags(snapshot: Snapshot): Record<string, string> {
  const own = Object.entries(snapshot.tags).filter(
    ([key]) => !key.startsWith('aws:') && key !== TAG.sharedWith && !key.startsWith(TAG.verified),
  );
  return {
    ...Object.fromEntries(own),
    [TAG.copiedFrom]: snapshot.id,
    [TAG.source]: snapshot.source,
    [TAG.taken]: snapshot.tags[TAG.taken] ?? new Date(snapshot.startedAt).toISOString(),
  };
}

/**
 * Works and waits until nothing is pending and nothing is left to do.
 *
 * @param timeout milliseconds
 * @throws InfractlError `BackupTimeout` (exit 7): AWS goes on
 */
export async function settle(deps: BackupDeps, plan: Plan, watched: Watched, timeout: number): Promise<void> {
  const until = deps.clock.now() + timeout;
  let poll = FIRST_POLL;
  for (;;) {
    const { done, waiting } = await watched.work(plan);
    const { pending } = watched;
    const open = pending.length + waiting;
    if (open === 0 && done === 0) return;
    if (open > 0) {
      const percent = Math.floor(pending.reduce((sum, one) => sum + one.progress, 0) / open);
      const status = `waiting for ${plural(open, 'snapshot')}, ${percent} % done`;
      deps.reporter.emit({ type: 'part.status', part: `backup ${plan.name}`, status });
      if (deps.clock.now() >= until) throw timedOut(deps, plan, open, timeout);
      await deps.clock.sleep(poll, deps.signal);
      poll = Math.min(LONGEST_POLL, poll * 1.5);
      await watched.refresh();
    }
  }
}

function timedOut(deps: BackupDeps, plan: Plan, count: number, timeout: number): InfractlError {
  return new InfractlError({
    code: 'BackupTimeout',
    message: `${plural(count, 'snapshot')} of ${plan.name} did not finish within ${duration(timeout)}. AWS goes on with them.`,
    suggestions: [
      `Look at them: infractl backup list${deps.where}`,
      `Take it up again: infractl backup create ${plan.name} --wait${deps.where}`,
    ],
    exit: 7,
  });
}
