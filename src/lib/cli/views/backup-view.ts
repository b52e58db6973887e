import type { AutoResult, Backup, Cleanup, CreatedBackup, Deleted } from '../../backups/index.ts';
import { Exit, type ExitCode } from '../../base/errors.ts';
import { age, plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { Listed } from '../../desks/index.ts';
import { advised, type Style, type Ui } from '../terminal.ts';
import { table } from './table.ts';
import type { View } from './view.ts';
import { broken } from './wrap.ts';

/** A backup as programs read it. */
export function backupJson(backup: Backup) {
  return {
    id: backup.id,
    plan: backup.plan,
    subject: backup.subject,
    at: new Date(backup.at).toISOString(),
    state: backup.state,
    progress: backup.progress,
    region: backup.region,
    sizeGiB: sizeOf(backup),
    encrypted: lastingOf(backup).every(({ encrypted }) => encrypted),
    verified: verifiedOf(backup) ?? null,
    snapshots: backup.snapshots.map(({ id, source, state, reason }) => ({
      id,
      source,
      state,
      reason: reason ?? null,
    })),
  };
}

/** What a backup consists of: beside it there may be copies that failed before one was good. */
const lastingOf = ({ snapshots, state }: Backup) =>
  state === 'good' ? snapshots.filter((one) => one.state === 'completed') : snapshots;

const sizeOf = (backup: Backup) => lastingOf(backup).reduce((sum, one) => sum + one.sizeGiB, 0);

/** When the drill last passed; a backup is verified when all of its snapshots are. */
function verifiedOf(backup: Backup): string | undefined {
  const times = lastingOf(backup).map(({ tags }) => tags['infractl:verified']);
  return times.every(Boolean) ? times.sort()[0] : undefined;
}

const STATE: Record<Backup['state'], Style> = { good: 'green', pending: 'yellow', failed: 'red' };

function stateWords(backup: Backup, ui: Ui): string {
  const words = backup.state === 'pending' ? `pending, ${backup.progress} %` : backup.state;
  return ui.paint(STATE[backup.state], words);
}

/** How the subjects of a run fared. */
export function createView(results: readonly CreatedBackup[], dryRun: boolean): View {
  return {
    json: { backups: results },
    exit: exitOf(results),
    text: (ui) => {
      const rows = results.map(({ subject, plan, outcome, state, backup, detail }) => [
        subject,
        plan,
        ui.paint(outcome === 'failed' ? 'red' : outcome === 'created' ? 'green' : 'dim', OUTCOME[outcome]),
        state ?? '-',
        outcome === 'created' ? `${backup}: ${detail}` : detail,
      ]);
      const shown = table(ui, ['of', 'plan', 'outcome', 'state', { title: '', wrap: true }], rows);
      if (dryRun) return `${shown}\n\nA dry run: nothing was changed.`;
      const next = new Set(results.flatMap(({ suggestions }) => suggestions));
      if (next.size > 0) return [shown, ...[...next].map((one) => `→ ${advised(ui, one)}`)].join('\n');
      const pending = results.some(({ outcome, state }) => outcome === 'created' && state === 'pending');
      return pending
        ? `${shown}\n\n${advised(ui, 'AWS goes on with them. See how far: infractl backup list')}`
        : shown;
    },
  };
}

const OUTCOME = { created: 'created', unchanged: 'recent', failed: 'failed', 'would-create': 'would create' };

function exitOf(results: readonly CreatedBackup[]): ExitCode {
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  if (failed === 0) return Exit.ok;
  return failed < results.length ? Exit.partial : Exit.failed;
}

/**
 * Backups, one a line, with why each is kept.
 *
 * @param now milliseconds since 1970
 */
export function backupListView(listed: readonly Listed[], now: number): View {
  return {
    json: listed.map(({ backup, verdict }) => ({
      ...backupJson(backup),
      keep: verdict?.keep ?? null,
      reasons: verdict?.reasons ?? [],
    })),
    text: (ui) => {
      if (listed.length === 0) return advised(ui, 'There are no backups. Make one: infractl backup create');
      const regions = new Set(listed.map(({ backup }) => backup.region)).size;
      const subjects = new Set(listed.map(({ backup }) => backup.subject)).size;
      const columns = [
        { title: 'backup' },
        { title: 'of', optional: subjects === 1 },
        { title: 'taken', optional: true },
        { title: 'age', optional: true },
        { title: 'state' },
        { title: 'size', optional: true },
        { title: 'verified', optional: true },
        ...(regions > 1 ? [{ title: 'region' }] : []),
        { title: 'kept by', wrap: true },
      ];
      const rows = listed.map(({ backup, verdict }) => [
        backup.id,
        backup.subject,
        localTime(new Date(backup.at).toISOString(), 'minutes'),
        age(now - backup.at),
        stateWords(backup, ui),
        `${sizeOf(backup)} GiB`,
        verifiedWords(backup, now),
        ...(regions > 1 ? [backup.region] : []),
        verdict ? `${verdict.keep ? '' : 'goes: '}${verdict.reasons.join(', ')}` : '',
      ]);
      const failed = listed.flatMap(({ backup }) => troubleLines(backup, ui));
      const shown = table(ui, columns, rows);
      return failed.length > 0 ? [shown, '', broken(failed.join('\n'), ui.columns)].join('\n') : shown;
    },
  };
}

/** What AWS says of one that failed. */
function troubleLines(backup: Backup, ui: Ui): string[] {
  if (backup.state !== 'failed') return [];
  const name = `${backup.id} of ${backup.subject} in ${backup.region}`;
  return backup.troubles.map((why) => `${ui.paint('red', '✗')} ${name}: ${why}`);
}

function verifiedWords(backup: Backup, now: number): string {
  const at = verifiedOf(backup);
  return at ? `${age(now - Date.parse(at))} ago` : 'never';
}

/** What goes, for the question before it. */
export function goingLines(cleanup: Cleanup, account: string, ui: Pick<Ui, 'paint'>): string {
  const lines = cleanup.going.map(
    ({ id, subject, snapshots, at }) =>
      `  ${ui.paint('red', '-')} ${id} of ${subject}, ${localTime(new Date(at).toISOString(), 'minutes')}: ${plural(snapshots.length, 'snapshot')}`,
  );
  return [`This deletes in account ${account}:`, ...lines].join('\n');
}

/** Every backup with its reason, and what was done. */
export function cleanupView(cleanup: Cleanup, deleted: Deleted | undefined, apply: string): View {
  const { verdicts, going, warnings, sizeGiB } = cleanup;
  const failed = deleted?.failures.length ?? 0;
  return {
    json: {
      dryRun: deleted === undefined,
      backups: verdicts.map(({ backup, keep, reasons }) => ({ ...backupJson(backup), keep, reasons })),
      warnings,
      deleted: deleted?.snapshots ?? [],
      failures: deleted?.failures ?? [],
    },
    exit: failed === 0 ? Exit.ok : (deleted?.snapshots.length ?? 0) > 0 ? Exit.partial : Exit.failed,
    text: (ui) => {
      if (verdicts.length === 0) return 'There are no backups: nothing to do.';
      const rows = verdicts.map(({ backup, keep, reasons }) => [
        keep ? ui.paint('green', 'keep') : ui.paint('red', whatBecame(backup, deleted)),
        backup.id,
        backup.subject,
        localTime(new Date(backup.at).toISOString(), 'minutes'),
        backup.state,
        reasons.join(', '),
      ]);
      const columns = [
        { title: '' },
        { title: 'backup' },
        { title: 'of' },
        { title: 'taken', optional: true },
        { title: 'state', optional: true },
        { title: 'because', wrap: true },
      ];
      const lines = [table(ui, columns, rows), ''];
      for (const warning of warnings) lines.push(`${ui.paint('yellow', '!')} ${warning}`);
      const snapshots = going.reduce((sum, one) => sum + one.snapshots.length, 0);
      if (going.length === 0) lines.push('Nothing to do: every backup is kept.');
      else if (deleted) lines.push(`Deleted ${plural(deleted.snapshots.length, 'snapshot')}.`);
      else {
        const up = `${plural(going.length, 'backup')} with ${plural(snapshots, 'snapshot')} of ${sizeGiB} GiB`;
        lines.push(`A dry run: nothing was deleted. ${up} would go:`, `  ${apply}`);
      }
      for (const { snapshot, why } of deleted?.failures ?? [])
        lines.push(`${ui.paint('red', '✗')} ${snapshot}: ${why}`);
      const [rowsText = '', ...words] = lines;
      return [rowsText, broken(words.join('\n'), ui.columns)].join('\n');
    },
  };
}

function whatBecame({ snapshots }: Backup, deleted: Deleted | undefined): string {
  if (!deleted) return 'delete';
  return snapshots.every(({ id }) => deleted.snapshots.includes(id)) ? 'gone' : 'stays';
}

/** One line a plan: what a mail of cron shows. */
export function autoView(results: readonly AutoResult[], dryRun: boolean): View {
  const worst = results.find(({ exit }) => exit !== Exit.ok)?.exit ?? Exit.ok;
  const good = results.some(({ exit }) => exit === Exit.ok);
  return {
    json: { dryRun, plans: results.map(({ exit: _, ...result }) => result) },
    exit: worst !== Exit.ok && good ? Exit.partial : worst,
    text: (ui) => {
      const text = results
        .map(({ summary, problems }) =>
          [
            `${problems.length > 0 ? ui.paint('red', '✗') : ui.paint('green', '✓')} ${summary}`,
            ...problems.slice(1).map((problem) => `  ${problem}`),
          ].join('\n'),
        )
        .concat(dryRun ? ['', 'A dry run: nothing was changed.'] : [])
        .join('\n');
      return broken(text, ui.columns);
    },
  };
}
