import { age } from '../../base/text.ts';
import type { Cancelled, StackOverview } from '../../deploy/index.ts';
import type { AttachResult, Subject } from '../../desks/index.ts';
import type { Style } from '../terminal.ts';
import { type Column, table } from './table.ts';
import type { View } from './view.ts';

const STYLE: Record<StackOverview['mood'], Style> = {
  good: 'green',
  busy: 'yellow',
  reverted: 'yellow',
  bad: 'red',
  absent: 'dim',
};

const COLUMNS: readonly Column[] = [
  { title: 'stack' },
  { title: 'status' },
  { title: 'updated' },
  { title: 'created', optional: true },
  { title: 'resources', optional: true },
  { title: 'protected', optional: true },
  { title: 'drift', optional: true },
  { title: 'name in AWS', min: 16, optional: true },
  { title: '', wrap: true },
];

/**
 * The stacks of an environment, one a line.
 *
 * @param now milliseconds since 1970, for the ages
 * @param bare there is no project: they are all of the account and region
 */
export function listView(stacks: readonly StackOverview[], now: number, bare = false): View {
  const ago = (iso: string | null) => (iso ? `${age(now - Date.parse(iso))} ago` : '-');
  return {
    json: stacks,
    text: (ui) => {
      if (stacks.length === 0)
        return bare ? 'There are no stacks in this account and region.' : 'The project has no stacks.';
      const remarks = stacks.map(bare ? ownerOf : remark);
      const rows = stacks.map((stack, at) => [
        (bare ? undefined : stack.stack) ?? stack.stackName,
        ui.paint(STYLE[stack.mood], stack.words),
        ago(stack.updatedAt ?? stack.createdAt),
        ago(stack.createdAt),
        stack.resources === null ? '-' : String(stack.resources),
        stack.terminationProtection === null ? '-' : stack.terminationProtection ? 'yes' : 'no',
        driftWords(stack, now),
        stack.stackName,
        remarks[at] ?? '',
      ]);
      // A column of nothing would only take room.
      return table(ui, remarks.some(Boolean) ? COLUMNS : COLUMNS.slice(0, -1), rows);
    },
  };
}

function ownerOf({ project }: StackOverview): string {
  return project === null ? '' : `of the project ${project}`;
}

function remark({ configured, status, project }: StackOverview): string {
  if (!configured) return 'not in infractl.yaml';
  if (status === null) return '';
  return project === null ? 'not made by infractl' : '';
}

const DRIFT: Readonly<Record<string, string>> = {
  IN_SYNC: 'none',
  DRIFTED: 'drifted',
  NOT_CHECKED: 'not checked',
  UNKNOWN: 'unknown',
};

function driftWords({ drift, driftCheckedAt }: StackOverview, now: number): string {
  if (drift === null) return '-';
  const words = DRIFT[drift] ?? drift;
  return driftCheckedAt ? `${words}, ${age(now - Date.parse(driftCheckedAt))} ago` : words;
}

const nameOf = ({ part }: Subject) => part.replace(/^stack /, '');

/** What was joined and how it ended; or that nothing runs. */
export function attachView(subject: Subject, result: AttachResult): View {
  const { stackName, state } = subject;
  const status = result.running ? result.status : (state?.status ?? null);
  return {
    json: { stack: nameOf(subject), stackName, running: result.running, status },
    text: (ui) =>
      result.running
        ? `${ui.paint('green', DONE[result.act])} ${stackName}: ${status}.`
        : `Nothing runs on the stack ${stackName}: ${status ?? 'it does not exist'}.`,
  };
}

const DONE = { create: 'Created', update: 'Updated', delete: 'Deleted' } as const;

/** What a cancel will do, and where; said before it does it. */
export function cancellationLine(subject: Subject, how: 'take-back' | 'delete', account: string): string {
  const { stackName } = subject;
  return how === 'delete'
    ? `This deletes the stack ${stackName} and all that was made of it so far, in account ${account}.`
    : `This takes the running update of the stack ${stackName} back, in account ${account}.`;
}

export function deletionQuestion({ stackName }: Subject): string {
  return `Delete the stack ${stackName}, which is being created?`;
}

/** How a cancel ended; or that there was nothing to cancel. */
export function cancelView(subject: Subject, result: Cancelled): View {
  const { stackName } = subject;
  return {
    json: {
      stack: nameOf(subject),
      stackName,
      outcome: result.outcome,
      status: result.status ?? null,
      because: result.outcome === 'nothing' ? result.because : null,
    },
    text: (ui) => {
      if (result.outcome === 'nothing')
        return `Nothing to cancel on the stack ${stackName}. ${result.because}`;
      const words = `${ui.paint('green', 'Cancelled')}: the stack ${stackName}`;
      return result.outcome === 'deleted'
        ? `${words} is deleted.`
        : `${words} is what it was before (${result.status}).`;
    },
  };
}
