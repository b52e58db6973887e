import { plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { ImageRelease, ImageStatus, Refresh } from '../../desks/index.ts';
import { advised, type Ui } from '../terminal.ts';
import { type Column, pairs, table } from './table.ts';
import type { View } from './view.ts';

export function imageReleasedView(done: ImageRelease): View {
  const { changed, version, previous, group, release } = done;
  return {
    json: done,
    text: (ui) =>
      changed
        ? [
            `${ui.paint('green', 'Replaced')} the members of ${group}: they have version ${version} of the launch template.`,
            ...(previous
              ? [
                  ui.paint(
                    'dim',
                    advised(
                      ui,
                      `To go back to version ${previous}: infractl redeploy rollback --app ${release}`,
                    ),
                  ),
                ]
              : []),
          ].join('\n')
        : `Nothing to do: the members of ${group} have version ${version} of the launch template already.`,
  };
}

/** @param dryRun it was asked what a deploy would do */
export function imageStatusView(status: ImageStatus, dryRun: boolean): View {
  const { refresh, current, group, name, newest, release } = status;
  return {
    json: dryRun ? { changed: !current, group, version: newest, dryRun } : status,
    text: (ui) =>
      dryRun
        ? [
            current
              ? `Nothing to do: the members of ${group} have version ${newest} of ${name} already.`
              : `Would replace the members of ${group} by version ${newest} of ${name}: ${membersWords(status)}.`,
            ui.paint('dim', 'A dry run: nothing was changed.'),
          ].join('\n')
        : [ui.paint('bold', `${release} on ${group}`), pairs(ui, [...facts(status, refresh, ui)], '  ')].join(
            '\n',
          ),
  };
}

function facts(status: ImageStatus, refresh: Refresh | null, ui: Ui): (readonly [string, string])[] {
  const { name, newest, configured, current } = status;
  return [
    ['template', `${name}: version ${newest} is the newest, the group launches ${configured}`],
    ['members', current ? ui.paint('green', membersWords(status)) : membersWords(status)],
    ...(refresh
      ? [
          [
            'refresh',
            `${refresh.id}: ${refresh.status}, ${refresh.percent} %${refresh.reason ? `; ${refresh.reason}` : ''}`,
          ] as const,
        ]
      : []),
  ];
}

function membersWords({ members }: ImageStatus): string {
  const counts = new Map<string, number>();
  for (const one of members) {
    const key = one === undefined ? 'without a version' : `with version ${one}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${plural(count, 'member')} ${what}`).join(', ') || 'none';
}

const COLUMNS: readonly Column[] = [
  { title: 'refresh' },
  { title: 'when' },
  { title: 'version' },
  { title: 'result' },
  { title: 'why', wrap: true },
];

export function refreshesView(refreshes: readonly Refresh[]): View {
  return {
    json: refreshes,
    text: (ui) =>
      refreshes.length === 0
        ? 'Its members were not replaced yet, as far as AWS remembers.'
        : table(
            ui,
            COLUMNS,
            refreshes.map(({ id, startedAt, version, status, reason }) => [
              id.slice(0, 8),
              startedAt ? localTime(startedAt, 'minutes') : '-',
              version === null ? '-' : String(version),
              status,
              reason ?? '',
            ]),
          ),
  };
}
