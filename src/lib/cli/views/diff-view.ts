import { Exit } from '../../base/errors.ts';
import { plural, shortId } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { Differences, PartDiff } from '../../deploy/index.ts';
import type { EntryDiff, PropertyDiff, ResourceDiff, StackDiff } from '../../stacks/index.ts';
import type { Style, Ui } from '../terminal.ts';
import { costChangeText } from './cost-change-view.ts';
import { fileLines } from './files-view.ts';
import type { View } from './view.ts';
import { wrapped } from './wrap.ts';

/** How a project differs from what is deployed. @param exitCode exit 9 when it does */
export function diffView(found: Differences, exitCode: boolean): View {
  return {
    json: found,
    text: (ui) => text(found, ui),
    ...(exitCode && found.different ? { exit: Exit.different } : {}),
  };
}

function text(found: Differences, ui: Ui): string {
  const blocks = [
    ...(found.offline ? [offlineWords(found.offline, ui)] : []),
    ...(found.against ? [againstWords(found.against, ui)] : []),
    ...found.stacks.map((stack) => stackText(stack, ui)),
    ...(found.parts.length > 0 ? [found.parts.map((part) => partLine(part, ui)).join('\n')] : []),
    summary(found, ui),
    ...costChangeText(found.costs, ui),
  ];
  return blocks.join('\n\n');
}

function offlineWords({ because, at, journal }: NonNullable<Differences['offline']>, ui: Ui): string {
  const seen = `what this machine saw ${localTime(at)}`;
  const who = journal ? `: the deploy of ${journal.who}, ${localTime(journal.startedAt)}` : '';
  return ui.paint(
    'yellow',
    wrapped(`Compared with ${seen}${who}; not with AWS (${because}).`, ui.columns, 0),
  );
}

function againstWords(
  { id, command, startedAt, who, result, git }: NonNullable<Differences['against']>,
  ui: Ui,
): string {
  const commit = git ? `, commit ${git.commit.slice(0, 8)}${git.dirty ? ' with changes' : ''}` : '';
  const ended = result === 'succeeded' ? '' : `, which ended as "${result}"`;
  const run = `${shortId(id)} (${command}, ${who}, ${localTime(startedAt)}${commit})${ended}`;
  return ui.paint(
    'yellow',
    wrapped(`Compared with what the run ${run} left, by the journal.`, ui.columns, 0),
  );
}

const CHANGE_WORDS: Readonly<Record<StackDiff['change'], readonly [Style, string]>> = {
  create: ['green', 'would be created'],
  update: ['yellow', 'would be updated'],
  unchanged: ['dim', 'no difference'],
  unknown: ['dim', 'no difference that can be told now'],
};

/** One stack: also what a rollback shows before it asks. */
export function stackText(stack: StackDiff, ui: Ui): string {
  const [style, words] = CHANGE_WORDS[stack.change];
  const lines = [
    `${ui.paint('bold', stack.part)} ${ui.paint('dim', stack.stackName)}  ${ui.paint(style, words)}`,
  ];
  for (const note of stack.notes) lines.push(ui.paint('yellow', `  ! ${wrapped(note, ui.columns - 4, 4)}`));
  for (const resource of stack.resources) lines.push(...resourceLines(resource, ui));
  const isNew = stack.change === 'create';
  lines.push(
    ...section('parameters', isNew ? stack.parameters.filter((one) => one.unknown) : stack.parameters, ui),
    ...section('conditions', stack.conditions, ui),
    ...section('outputs', isNew ? [] : stack.outputs, ui),
    ...section('tags', isNew ? [] : stack.tags, ui),
    ...section('settings', stack.settings, ui),
  );
  return lines.join('\n');
}

const SIGNS: Readonly<Record<ResourceDiff['action'], readonly [string, Style]>> = {
  add: ['+', 'green'],
  modify: ['~', 'yellow'],
  remove: ['-', 'red'],
  import: ['→', 'cyan'],
};

function resourceLines(resource: ResourceDiff, ui: Ui): string[] {
  const [sign, style]: readonly [string, Style] =
    resource.replacement === 'always' ? ['±', 'red'] : SIGNS[resource.action];
  const lines = [
    `  ${ui.paint(style, sign)} ${resource.path}  ${ui.paint('dim', resource.type)}${marks(resource, ui)}`,
  ];
  for (const property of resource.properties) lines.push(propertyLine(property, ui));
  for (const { text: words, wide } of resource.widened)
    lines.push(ui.paint(wide ? 'red' : 'yellow', `      ! ${wrapped(words, ui.columns - 8, 8)}`));
  return lines;
}

const LOSS_WORDS: Readonly<Record<NonNullable<ResourceDiff['dataLoss']>, readonly [Style, string]>> = {
  lost: ['red', 'DATA LOSS'],
  'may be lost': ['red', 'MAY LOSE DATA'],
  retained: ['yellow', 'the old one stays, by its policy'],
  snapshot: ['yellow', 'a snapshot is made first, by its policy'],
};

function marks({ replacement, dataLoss }: ResourceDiff, ui: Ui): string {
  const said = [
    ...(replacement === 'always' ? [ui.paint('red', 'REPLACEMENT')] : []),
    ...(replacement === 'conditional' ? [ui.paint('yellow', 'may be REPLACED')] : []),
    ...(dataLoss ? [ui.paint(...LOSS_WORDS[dataLoss])] : []),
  ];
  return said.length > 0 ? `  ${said.join(', ')}` : '';
}

function propertyLine({ path, before, after, replacement, unknown, because }: PropertyDiff, ui: Ui): string {
  const name = path.replace(/^\/Properties\//, '').replace(/^\//, '');
  const why = [
    ...(replacement === 'always' ? ['replaces'] : replacement === 'conditional' ? ['may replace'] : []),
    ...(because ? [`because of ${because}`] : []),
  ];
  const tail = why.length > 0 ? ` ${ui.paint('dim', `(${why.join(', ')})`)}` : '';
  return `      ${name}  ${change({ before, after, unknown }, ui)}${tail}`;
}

function section(title: string, entries: readonly EntryDiff[], ui: Ui): string[] {
  if (entries.length === 0) return [];
  return [
    `  ${ui.paint('bold', title)}`,
    ...entries.map((one) => {
      const sign = one.unknown ? '?' : one.before === undefined ? '+' : one.after === undefined ? '-' : '~';
      return `    ${sign} ${one.name}  ${change(one, ui)}`.trimEnd();
    }),
  ];
}

/** `1 → 2`; only one of them where there is no other. */
function change(
  {
    before,
    after,
    unknown,
  }: { before?: string | undefined; after?: string | undefined; unknown?: true | undefined },
  ui: Ui,
): string {
  if (unknown && after === undefined && before !== '****')
    return [
      ...(before === undefined ? [] : [short(before), '→']),
      ui.paint('dim', 'known after the deploy'),
    ].join(' ');
  if (unknown) return ui.paint('dim', 'cannot be compared');
  const [old, fresh] = pairOf(before, after);
  if (old !== undefined && fresh !== undefined)
    return `${ui.paint('red', old)} → ${ui.paint('green', fresh)}`;
  if (fresh !== undefined) return ui.paint('green', fresh);
  return old === undefined ? ui.paint('dim', 'differs') : `${ui.paint('red', old)} → nothing`;
}

const LONGEST = 100;

/** Both from where they begin to differ, so that a long value shows its change and not its beginning. */
function pairOf(
  before: string | undefined,
  after: string | undefined,
): [string | undefined, string | undefined] {
  if (before === undefined || after === undefined || Math.max(before.length, after.length) <= LONGEST)
    return [before === undefined ? before : short(before), after === undefined ? after : short(after)];
  let same = 0;
  while (same < before.length && before[same] === after[same]) same++;
  const from = Math.max(0, same - 30);
  const cut = (value: string) => short(from === 0 ? value : `…${value.slice(from)}`);
  return [cut(before), cut(after)];
}

function short(value: string): string {
  const line = value === '' ? '""' : value.replaceAll('\n', '\\n');
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}

const WOULD: Readonly<Partial<Record<PartDiff['would'], readonly [Style, string]>>> = {
  create: ['green', 'would be put there'],
  build: ['yellow', 'would be built'],
  update: ['yellow', 'would be updated'],
  unchanged: ['dim', 'no difference'],
  unknown: ['dim', 'cannot be told now'],
};

function partLine({ part, would, detail, files = [] }: PartDiff, ui: Ui): string {
  const [style, words] = WOULD[would] ?? ['yellow', would];
  const line = `${ui.paint('bold', part)}  ${ui.paint(style, words)}${detail ? `: ${detail}` : ''}`;
  return files.length > 0 ? `${line}\n${fileLines(files, ui)}` : line;
}

function summary(found: Differences, ui: Ui): string {
  const resources = found.stacks.flatMap((stack) => stack.resources);
  const count = (what: (one: ResourceDiff) => boolean) => resources.filter(what).length;
  const replaced = count((one) => one.replacement === 'always');
  const perhaps = count((one) => one.replacement === 'conditional');
  const lost = count(({ dataLoss }) => dataLoss === 'lost' || dataLoss === 'may be lost');
  const widened = resources.flatMap((one) => one.widened).length;
  const words = [
    ...counted(
      count((one) => one.action === 'add'),
      'to add',
    ),
    ...counted(
      count((one) => one.action === 'modify'),
      'to change',
    ),
    ...counted(
      count((one) => one.action === 'remove'),
      'to remove',
    ),
    ...(replaced > 0 ? [ui.paint('red', plural(replaced, 'replacement'))] : []),
    ...counted(perhaps, 'that may be replaced'),
    ...(lost > 0 ? [ui.paint('red', `${lost} with data that would be lost`)] : []),
    ...(widened > 0
      ? [ui.paint('yellow', `${plural(widened, 'new right or way in', 'new rights or ways in')}`)]
      : []),
  ];
  if (!found.different)
    return found.stacks.some(({ change: is }) => is === 'unknown')
      ? 'Nothing differs that can be told now.'
      : 'No differences.';
  return words.length > 0 ? `Resources: ${words.join(', ')}.` : 'There are differences.';
}

function counted(count: number, words: string): string[] {
  return count > 0 ? [`${count} ${words}`] : [];
}
