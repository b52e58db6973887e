import type { Engine, Entry, Finding, ScheduleState } from '../../backups/index.ts';
import { Exit } from '../../base/errors.ts';
import { advised, type Ui } from '../terminal.ts';
import { pairs, table } from './table.ts';
import type { View } from './view.ts';

/** The command about the same plan, in the same place. */
function again(verb: string, plan: string | undefined, ui: Ui): string {
  return advised(ui, `infractl backup schedule ${verb}${plan === undefined ? '' : ` ${plan}`}`);
}

export function installedView(
  entry: Entry,
  engine: Engine,
  { changed, plan }: { readonly changed: boolean; readonly plan: string | undefined },
): View {
  return {
    json: { name: entry.name, engine, at: entry.at.written, changed },
    text: (ui) =>
      changed
        ? `${ui.paint('green', 'Installed')} by ${engine}: backup auto of ${entry.name} at ${entry.at.written}.\nLook at it: ${again('status', plan, ui)}`
        : `Nothing to do: ${entry.name} is installed by ${engine} at ${entry.at.written}.`,
  };
}

export function scheduleStateView(entry: Entry, state: ScheduleState, plan: string | undefined): View {
  return {
    json: { name: entry.name, ...state },
    text: (ui) => {
      if (state.engine === null)
        return `Nothing is installed for ${entry.name}: ${again('install', plan, ui)}`;
      const facts: [string, string][] = [
        ['name', entry.name],
        ['engine', state.engine],
        ['entry', state.entry ?? '-'],
        ...(state.next ? [['next', state.next] as [string, string]] : []),
        ['last', state.last ?? (state.engine === 'cron' ? '(see the result)' : 'never')],
        ['result', state.result ?? 'none yet'],
      ];
      return pairs(ui, facts);
    },
  };
}

export function doctorView(findings: readonly Finding[]): View {
  const well = findings.every(({ ok }) => ok);
  return {
    json: { ok: well, findings },
    exit: well ? Exit.ok : Exit.failed,
    text: (ui) => {
      const rows = findings.map(({ check, ok, detail }) => [
        ok ? ui.paint('green', '✓') : ui.paint('red', '✗'),
        check,
        advised(ui, detail),
      ]);
      return table(ui, ['', 'check', { title: '', wrap: true }], rows);
    },
  };
}

export function uninstalledView(name: string, found: boolean): View {
  return {
    json: { name, removed: found },
    text: () =>
      found
        ? `Removed the schedule of ${name}. The backups stay.`
        : `Nothing to do: nothing is installed for ${name}.`,
  };
}

export function dlmView(
  entry: Entry,
  stacks: readonly { readonly stackName: string; readonly changed: boolean }[],
  plan: string | undefined,
): View {
  const changed = stacks.some((one) => one.changed);
  const names = stacks.map(({ stackName }) => stackName);
  return {
    json: { name: entry.name, engine: 'dlm', at: entry.at.written, changed, stacks: names },
    text: (ui) =>
      changed
        ? `${ui.paint('green', 'Installed')}: AWS takes and keeps the snapshots at ${entry.at.written} UTC, by the stack ${names.join(', ')}.\nTake it away: ${again('uninstall --dlm', plan, ui)}`
        : `Nothing to do: ${names.join(', ')} is as it should be.`,
  };
}
