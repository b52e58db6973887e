import { Exit, type ExitCode } from '../../base/errors.ts';
import { listed, plural } from '../../base/text.ts';
import type { DriftReport } from '../../deploy/index.ts';
import type { Style, Ui } from '../terminal.ts';
import { type Column, table } from './table.ts';
import type { View } from './view.ts';

type StackDrift = DriftReport['stacks'][number];
type Resource = StackDrift['resources'][number];

/** What was found, stack by stack, and each property three ways. */
export function driftView({ stacks, where }: DriftReport, exitCode: boolean): View {
  return { json: stacks, text: (ui) => driftText(stacks, where, ui), ...exitOf(stacks, exitCode) };
}

function exitOf(stacks: readonly StackDrift[], exitCode: boolean): { exit?: ExitCode } {
  if (exitCode && stacks.some(({ status }) => status === 'drifted')) return { exit: Exit.different };
  // What could not be looked at may have drifted: a script must not take it for well.
  return stacks.some(({ status }) => status === 'unchecked' || status === 'unknown')
    ? { exit: Exit.partial }
    : {};
}

const WORDS: Record<StackDrift['status'], readonly [Style, string]> = {
  'in-sync': ['green', 'none'],
  drifted: ['yellow', 'drifted'],
  unknown: ['yellow', 'not known'],
  'not-deployed': ['dim', 'not deployed'],
  unchecked: ['red', 'not checked'],
};

function driftText(stacks: readonly StackDrift[], where: string, ui: Ui): string {
  if (stacks.length === 0) return 'The project has no stacks.';
  const blocks = [overview(stacks, ui)];
  const drifted = stacks.filter(({ resources }) => resources.some(isDrift));
  if (drifted.length > 0) blocks.push(details(drifted, ui));
  const remarks = stacks.flatMap(remarksOf);
  if (remarks.length > 0) blocks.push(remarks.map((line) => `${ui.paint('yellow', '!')} ${line}`).join('\n'));
  const next = advice(drifted, where);
  if (next.length > 0) blocks.push(next.join('\n'));
  return blocks.join('\n\n');
}

function overview(stacks: readonly StackDrift[], ui: Ui): string {
  const rows = stacks.map((stack) => {
    const [style, words] = WORDS[stack.status];
    const drift = stack.drifted > 0 ? `${stack.drifted} ${words}` : words;
    return [nameOf(stack), ui.paint(style, drift), countWords(stack)];
  });
  return table(ui, ['stack', 'drift', { title: 'resources', wrap: true }], rows);
}

/** A nested stack's name begins with that of the stack around it: only the rest tells. */
function nameOf({ stack, stackName, nestedIn }: StackDrift): string {
  if (nestedIn === null) return stack ?? stackName;
  return `  └ ${stackName.startsWith(`${nestedIn}-`) ? stackName.slice(nestedIn.length + 1) : stackName}`;
}

function countWords({ inSync, drifted, unsupported, resources, status }: StackDrift): string {
  if (status === 'not-deployed' || status === 'unchecked') return '-';
  const managed = resources.filter((one) => one.status === 'managed').length;
  const words = [`${inSync + managed} of ${inSync + managed + drifted} as deployed`];
  if (unsupported > 0) words.push(`${unsupported} of a type that AWS cannot check`);
  return words.join(', ');
}

const isDrift = ({ status }: Resource) => status === 'modified' || status === 'deleted';

const COLUMNS: readonly Column[] = [
  { title: 'resource' },
  { title: 'property', min: 16 },
  { title: 'deployed', min: 10 },
  { title: 'template', min: 10 },
  { title: 'actual', min: 10 },
];

/** Deployed, template, actual: one property a line. */
function details(stacks: readonly StackDrift[], ui: Ui): string {
  const rows = stacks.flatMap((stack) =>
    stack.resources.filter(isDrift).flatMap((resource) => {
      const name = `${stack.stack ?? stack.stackName}.${resource.logicalId}`;
      if (resource.status === 'deleted')
        return [[name, '-', 'there', resource.inTemplate === false ? 'gone' : 'there', 'deleted by hand']];
      return resource.properties
        .filter(({ managed }) => managed === null)
        .map(({ path, deployed, local, localIs, actual }) => [
          name,
          path.replace(/^\//, ''),
          deployed ?? '-',
          localIs === 'unknown' ? '?' : (local ?? '-'),
          actual ?? '-',
        ]);
    }),
  );
  return table(ui, COLUMNS, rows);
}

function remarksOf(stack: StackDrift): string[] {
  const remarks = stack.because ? [`${stack.stack ?? stack.stackName}: ${stack.because}`] : [];
  for (const { logicalId, status, reason, properties } of stack.resources) {
    const name = `${stack.stack ?? stack.stackName}.${logicalId}`;
    if (status === 'unknown')
      remarks.push(`${name} could not be checked: ${reason ?? 'AWS gives no reason.'}`);
    const why = properties.find(({ managed }) => managed !== null)?.managed;
    if (why) remarks.push(`${name} is not where its template puts it, and that is no drift: ${why}.`);
  }
  return remarks;
}

/** What brings a drifted stack in line, and what that would do. */
function advice(drifted: readonly StackDrift[], where: string): string[] {
  if (drifted.length === 0) return [];
  const parts = drifted.flatMap(({ stack }) => (stack === null ? [] : [`stack:${stack}`]));
  const lines: string[] = [];
  if (parts.length > 0)
    lines.push(`To put it back to the template: infractl deploy --revert-drift ${parts.join(' ')}${where}`);
  const taken = drifted.flatMap(({ stack, resources }) =>
    resources
      .filter(({ properties }) => properties.some(({ localIs }) => localIs === 'as-actual'))
      .map(({ logicalId }) => `${stack}.${logicalId}`),
  );
  if (taken.length > 0)
    lines.push(
      `The template has ${plural(taken.length, 'change')} already (${listed(taken)}): the same command takes that over and leaves the resource as it is.`,
    );
  lines.push('To keep it: write what is there into the template, then run the same command.');
  if (drifted.some(({ nestedIn }) => nestedIn !== null))
    lines.push(
      'AWS does not put nested stacks back that way: change them by hand, or deploy a change of their template.',
    );
  return lines;
}
