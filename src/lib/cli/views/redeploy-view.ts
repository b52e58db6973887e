import { Exit } from '../../base/errors.ts';
import { age, bytes, duration, plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type {
  ReleaseEntry,
  ReleaseOutcome,
  ReleasePlace,
  ReleaseStatus,
  Unlocked,
} from '../../desks/index.ts';
import { advised, type Ui } from '../terminal.ts';
import { type Column, pairs, table } from './table.ts';
import type { View } from './view.ts';

/** `mbot → web:/srv/mbot`: what is replaced where, said before it is. */
export function releasePlaceLine(places: readonly ReleasePlace[]): string {
  const [first] = places;
  return `${first?.part.name} → ${places.map(({ part, host }) => `${host.name}:${part.path}`).join(', ')}`;
}

/** What serves now, and how to take it back. */
export function releasedView(outcomes: readonly ReleaseOutcome[], how: 'deploy' | 'rollback'): View {
  return {
    json: { changed: outcomes.some(({ changed }) => changed), hosts: outcomes },
    text: (ui) => outcomes.map((outcome) => releasedText(outcome, how, ui)).join('\n'),
  };
}

function releasedText(outcome: ReleaseOutcome, how: 'deploy' | 'rollback', ui: Ui): string {
  const { release, host, id, subject, changed, previous, switchedAfter } = outcome;
  const what = `${ui.paint('bold', id)}${subject ? ` (${subject})` : ''}`;
  if (!changed) return `Nothing to do: ${host} runs ${what} already.`;
  const done = how === 'deploy' ? 'Released' : 'Went back:';
  const soon = switchedAfter === null ? '' : ` Switched after ${duration(switchedAfter)}.`;
  const way = `To go back to ${previous}: infractl redeploy rollback --app ${release}`;
  const back = previous ? `\n${ui.paint('dim', advised(ui, way))}` : '';
  return `${ui.paint('green', done)} ${what} on ${host}.${soon}${back}`;
}

interface Found {
  readonly place: ReleasePlace;
}

/**
 * @param silent how many hosts did not answer
 * @param now milliseconds since 1970, for the ages
 */
export function releaseStatusView(
  found: readonly (Found & { status: ReleaseStatus })[],
  silent: number,
  now: number,
): View {
  const well = found.every(({ status }) => status.healthy);
  return {
    json: found.map(({ place, status }) => ({ app: place.part.name, host: place.host.name, ...status })),
    text: (ui) => found.map(({ place, status }) => statusText(place, status, now, ui)).join('\n\n'),
    ...(well && silent === 0 ? {} : { exit: well ? Exit.partial : Exit.unhealthy }),
  };
}

function statusText({ part, host }: ReleasePlace, status: ReleaseStatus, now: number, ui: Ui): string {
  const { release, subject, since, by, unit, state, healthy, why, disk, busy, releases } = status;
  const health = healthy
    ? ui.paint('green', 'healthy')
    : `${ui.paint('red', 'not healthy')}: ${why ?? 'unknown'}`;
  const low = disk.free < disk.total / 10;
  const free = `${bytes(disk.free)} of ${bytes(disk.total)} free`;
  return [
    ui.paint('bold', `${part.name} on ${host.name}`),
    pairs(
      ui,
      [
        ['release', release ? `${release}${subject ? ` (${subject})` : ''}` : 'none yet'],
        ...(since
          ? [['since', `${localTime(since)}, ${age(now - Date.parse(since))}, by ${by}`] as const]
          : []),
        ['health', health],
        ['unit', `${unit}: ${state}`],
        ...(status.head ? [['ref', refText(status)] as const] : []),
        ['disk', low ? ui.paint('yellow', free) : free],
        ...(status.certificate
          ? [
              [
                'certificate',
                `${status.certificate.domain}: ${plural(status.certificate.days, 'day')} left`,
              ] as const,
            ]
          : []),
        ['can go back', releases > 1 ? `to ${plural(releases - 1, 'release')}` : 'no'],
        ...(busy ? [['busy', busyWords(busy)] as const] : []),
      ],
      '  ',
    ),
  ].join('\n');
}

/** `ann@laptop is at deploy since 2026-01-05 10:00:00 CET`: who is at work on a host. */
export function busyWords({ by, action, since }: NonNullable<ReleaseStatus['busy']>): string {
  return `${by} is at ${action}${since === null ? '' : ` since ${localTime(since)}`}`;
}

function refText({ ref, head, behind }: ReleaseStatus): string {
  const at = `${ref} is at ${head?.slice(0, 7)}`;
  if (behind === 0) return `${at}: nothing new`;
  return behind === null ? at : `${at}: ${plural(behind, 'commit')} ahead of what runs`;
}

const COLUMNS: readonly Column[] = [
  { title: 'release' },
  { title: 'when' },
  { title: 'result' },
  { title: 'how' },
  { title: 'took', optional: true },
  { title: 'by', min: 8, optional: true },
  { title: 'what', wrap: true },
];

export function releaseHistoryView(found: readonly (Found & { entries: readonly ReleaseEntry[] })[]): View {
  return {
    json: found.map(({ place, entries }) => ({ app: place.part.name, host: place.host.name, entries })),
    text: (ui) =>
      found
        .map(({ place, entries }) => {
          const title = found.length > 1 ? `${ui.paint('bold', place.host.name)}\n` : '';
          return (
            title +
            (entries.length === 0
              ? 'Nothing was released yet.'
              : table(
                  ui,
                  COLUMNS,
                  entries.map((entry) => row(entry, ui)),
                ))
          );
        })
        .join('\n\n'),
  };
}

function row(entry: ReleaseEntry, ui: Ui): string[] {
  const result = entry.running
    ? 'running'
    : entry.result === 'good' && !entry.here
      ? 'removed'
      : entry.result;
  const style = entry.running ? 'green' : entry.result === 'failed' ? 'red' : 'dim';
  return [
    entry.id,
    localTime(entry.startedAt, 'minutes'),
    ui.paint(style, result),
    entry.kind,
    entry.seconds === null ? '-' : duration(entry.seconds * 1000),
    entry.by,
    entry.why ?? entry.subject ?? '',
  ];
}

/** @param group the members of a group were put back */
export function unlockedView(found: readonly (Found & { unlocked: Unlocked })[], group = false): View {
  const taken = found.filter(({ unlocked }) => unlocked.unlocked);
  return {
    json: taken.map(({ place, unlocked }) => ({
      app: place.part.name,
      host: place.host.name,
      ...unlocked.holder,
    })),
    text: (ui) =>
      [
        ...(group ? [`${ui.paint('green', 'Unlocked')} the group: its members go back into service.`] : []),
        ...taken.map(
          ({ place, unlocked }) =>
            `${ui.paint('green', 'Unlocked')} ${place.host.name}: process ${unlocked.holder?.pid} was stopped.`,
        ),
      ].join('\n') || 'Nobody is at work: nothing to unlock.',
  };
}

interface Pruned extends Found {
  readonly removed: readonly string[];
}

export function pruneLines(found: readonly Pruned[], words: string): string {
  return found
    .filter(({ removed }) => removed.length > 0)
    .map(
      ({ place, removed }) =>
        `${words} from ${place.host.name}:\n${removed.map((name) => `  ${name}`).join('\n')}`,
    )
    .join('\n');
}

export function prunedView(found: readonly Pruned[], dryRun: boolean): View {
  return {
    json: found.map(({ place, removed }) => ({
      app: place.part.name,
      host: place.host.name,
      removed,
      dryRun,
    })),
    text: () => pruneLines(found, dryRun ? 'This would remove' : 'Removed') || 'Nothing to remove.',
  };
}
