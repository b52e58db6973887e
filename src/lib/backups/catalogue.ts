import { type Backup, type Snapshot, type Subject, TAG } from './types.ts';

/** Whose backups are looked at. */
export interface Owner {
  readonly project: string;
  readonly environment: string;
  /** Those of every project of the account are looked at too: to see and to bring back, never to delete. */
  readonly all?: true;
}

/** Made by infractl for this project and environment, with all that is needed to judge it. */
export function isOurs({ tags }: Pick<Snapshot, 'tags'>, owner: Owner): boolean {
  return (
    (owner.all || (tags[TAG.project] === owner.project && tags[TAG.environment] === owner.environment)) &&
    Boolean(tags[TAG.backup] && tags[TAG.plan] && tags[TAG.subject])
  );
}

/** Our snapshots as backups, newest first. Snapshots that are not ours are left out. Pure. */
export function backupsOf(snapshots: Iterable<Snapshot>, owner: Owner): Backup[] {
  const ours = [...snapshots].filter((snapshot) => isOurs(snapshot, owner));
  // A copy in another region is a backup of its own there.
  const groups = grouped(ours, ({ region, tags }) => `${region} ${tags[TAG.backup]} ${tags[TAG.subject]}`);
  return groups.map(backupOf).sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
}

function backupOf(snapshots: readonly Snapshot[]): Backup {
  const first = snapshots[0] as Snapshot;
  const written = first.tags[TAG.volumes];
  const expected = written === undefined ? 1 : Number(written);
  return {
    id: first.tags[TAG.backup] ?? '',
    plan: first.tags[TAG.plan] ?? '',
    subject: first.tags[TAG.subject] ?? '',
    // A snapshot's own start, by AWS's clock: what the tag says was this machine's idea of the time.
    at: Math.min(...snapshots.map(momentOf)),
    region: first.region,
    snapshots,
    expected,
    state: stateOf(snapshots, expected),
    troubles: [
      ...new Set(snapshots.flatMap(({ state, reason }) => (state === 'error' && reason ? reason : []))),
    ],
    progress: Math.floor(snapshots.reduce((sum, one) => sum + one.progress, 0) / snapshots.length),
  };
}

/** A copy is as old as what it was copied from: the tag has come with it. */
function momentOf(snapshot: Snapshot): number {
  const taken = snapshot.tags[TAG.copiedFrom] ? Date.parse(snapshot.tags[TAG.taken] ?? '') : Number.NaN;
  return Number.isFinite(taken) ? Math.min(taken, snapshot.startedAt) : snapshot.startedAt;
}

/** It is there only until an encrypted copy of it is. */
export function awaitsCopy({ tags, encrypted }: Snapshot): boolean {
  return tags[TAG.encrypt] !== undefined && !encrypted;
}

/** An encrypted copy that failed so often will not come right: the next run makes a new backup. */
const ENCRYPTIONS = 2;

/** What was copied from an original, by its tags. */
export function copiesOf(original: Snapshot, among: readonly Snapshot[]): Snapshot[] {
  return among.filter(({ tags }) => tags[TAG.copiedFrom] === original.id);
}

/** It awaits a copy that no run will try again. */
export function isGivenUp(original: Snapshot, among: readonly Snapshot[]): boolean {
  if (!awaitsCopy(original)) return false;
  const copies = copiesOf(original, among);
  return copies.length >= ENCRYPTIONS && copies.every(({ state }) => state === 'error');
}

function stateOf(snapshots: readonly Snapshot[], expected: number): Backup['state'] {
  const lasting = snapshots.filter((one) => !awaitsCopy(one));
  const done = new Set(lasting.filter(({ state }) => state === 'completed').map(({ source }) => source));
  if (!Number.isInteger(expected) || expected < 1) return 'failed';
  if (done.size >= expected) return 'good';
  const hopes = snapshots.filter((one) => one.state !== 'error' && !isGivenUp(one, snapshots));
  const hopeful = new Set(hopes.map(({ source }) => source));
  return hopeful.size >= expected ? 'pending' : 'failed';
}

/** `instance`, `volume` or `database`, by the shape of an id. */
export function subjectOf(id: string): Subject {
  if (/^i-[0-9a-f]+$/.test(id)) return { kind: 'instance', id };
  if (/^vol-[0-9a-f]+$/.test(id)) return { kind: 'volume', id };
  return { kind: 'database', id };
}

/** Tags that say "not to be deleted", whoever put them there. */
const HOLDS = /^(infractl:hold|(.*[:/_-])?legal[-_ ]?hold)$/i;
const OFF = /^(off|false|no|0|)$/i;

/** The tag that holds a snapshot, if there is one. */
export function holdOf({ tags }: Pick<Snapshot, 'tags'>): string | undefined {
  return Object.keys(tags).find((key) => HOLDS.test(key) && !OFF.test((tags[key] ?? '').trim()));
}

/** AWS lets a tag be that long. */
const LONGEST_TAG = 256;

/** Which volume is which device, as tags: `infractl:devices`, and `infractl:devices-2` and so on where there are many. */
export function deviceTags(
  volumes: readonly { readonly id: string; readonly device: string }[],
): Record<string, string> {
  const texts: string[] = [];
  for (const { id, device } of volumes) {
    const pair = `${id}=${device}`;
    const last = texts.at(-1);
    if (last !== undefined && last.length + 1 + pair.length <= LONGEST_TAG)
      texts[texts.length - 1] = `${last} ${pair}`;
    else texts.push(pair);
  }
  return Object.fromEntries(
    texts.map((text, at) => [at === 0 ? TAG.devices : `${TAG.devices}-${at + 1}`, text]),
  );
}

/** Which volume was which device: what `deviceTags` has written. */
export function devicesOf(backup: Backup): ReadonlyMap<string, string> {
  const written = backup.snapshots.flatMap(({ tags }) =>
    Object.keys(tags).flatMap((key) => (key.startsWith(TAG.devices) ? (tags[key] ?? '').split(' ') : [])),
  );
  return new Map(written.filter(Boolean).map((pair) => pair.split('=') as [string, string]));
}

/** Items by their key, both in the order in which they come. */
export function grouped<T>(items: Iterable<T>, keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()];
}
