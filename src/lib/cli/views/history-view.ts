import { duration, shortId } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { JournalEntry } from '../../journal/index.ts';
import { advised, type Style, type Ui } from '../terminal.ts';
import { type Column, pairs, table } from './table.ts';
import type { View } from './view.ts';

const RESULT_STYLE: Record<JournalEntry['result'], Style> = {
  succeeded: 'green',
  running: 'yellow',
  interrupted: 'yellow',
  left: 'yellow',
  abandoned: 'yellow',
  failed: 'red',
  unhealthy: 'red',
};

const COLUMNS: readonly Column[] = [
  { title: 'id' },
  { title: 'when' },
  { title: 'result' },
  { title: 'command', min: 12, optional: true },
  { title: 'changed', min: 20, optional: true },
  { title: 'commit', optional: true },
  { title: 'who', min: 8, optional: true },
];

/** The journal, newest first: one line a run. */
export function historyView(entries: readonly JournalEntry[]): View {
  return {
    json: entries,
    text: (ui) => {
      if (entries.length === 0) return 'Nothing was deployed yet.';
      const rows = entries.map((entry) => [
        shortId(entry.id),
        localTime(entry.startedAt, 'minutes'),
        ui.paint(RESULT_STYLE[entry.result], entry.result),
        entry.command,
        whatChanged(entry),
        entry.git ? `${entry.git.commit.slice(0, 8)}${entry.git.dirty ? '-dirty' : ''}` : '-',
        // The end of an ARN is who it was: a user, or the name of a role's session.
        entry.who.split(/[/:]/).at(-1) ?? entry.who,
      ]);
      return table(ui, COLUMNS, rows);
    },
  };
}

/** One run with all that the journal holds of it. */
export function historyEntryView(entry: JournalEntry): View {
  return { json: entry, text: (ui) => entryText(entry, ui) };
}

function entryText(entry: JournalEntry, ui: Ui): string {
  const ms = entry.finishedAt ? Date.parse(entry.finishedAt) - Date.parse(entry.startedAt) : undefined;
  const head = pairs(ui, [
    ['id', entry.id],
    ['when', `${localTime(entry.startedAt)}${ms === undefined ? '' : `, ${duration(ms)}`}`],
    ['command', entry.command],
    ['where', `${entry.project} ${entry.environment}, account ${entry.account}, ${entry.region}`],
    ['result', ui.paint(RESULT_STYLE[entry.result], entry.result)],
    ['who', `${entry.who} (${entry.user}@${entry.host})`],
    [
      'commit',
      entry.git ? `${entry.git.commit}${entry.git.dirty ? ' and changes that were not committed' : ''}` : '-',
    ],
    ['infractl', entry.infractl],
    ...(entry.undo ? ([['undo', advised(ui, entry.undo)]] as const) : []),
    ...(entry.error ? ([['error', `${entry.error.code}: ${entry.error.message}`]] as const) : []),
  ]);
  const parts = entry.parts.map((part) => {
    const facts = Object.entries(part.after ?? {})
      .filter(([, value]) => typeof value === 'string')
      .map(([name, value]) => [name, String(value)] as const);
    const detail = part.detail ? `  ${part.detail}` : '';
    return `\n${ui.paint('bold', part.part)}  ${part.outcome}${detail}\n${pairs(ui, facts, '  ')}`.trimEnd();
  });
  return [head, ...parts].join('\n');
}

function whatChanged(entry: JournalEntry): string {
  return entry.parts
    .filter(({ outcome }) => !['unchanged', 'passed', 'skipped'].includes(outcome))
    .map(({ part, detail }) => (detail?.startsWith('version') ? `${part} (${detail})` : part))
    .join(', ');
}
