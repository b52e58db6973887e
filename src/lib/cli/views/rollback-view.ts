import { duration, listed, plural, shortId } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { DeployResult, PlannedPart, RollbackPlan } from '../../deploy/index.ts';
import type { Style, Ui } from '../terminal.ts';
import { outputLines, recorded } from './deploy-view.ts';
import { stackText } from './diff-view.ts';
import { fileLines } from './files-view.ts';
import { table } from './table.ts';
import type { View } from './view.ts';
import { wrapped } from './wrap.ts';

const MARKS: Record<PlannedPart['change'], readonly [Style, string]> = {
  back: ['yellow', '<'],
  create: ['green', '+'],
  unchanged: ['dim', '·'],
  check: ['dim', '?'],
  stays: ['dim', '='],
  blocked: ['red', '✗'],
};

const WORDS: Record<PlannedPart['change'], string> = {
  back: 'goes back',
  create: 'is made again',
  unchanged: 'is the same',
  check: 'is asked',
  stays: 'stays',
  blocked: 'cannot go back',
};

const DATA = 'Data in tables, buckets and databases is not taken back.';

/** What a rollback will do, for the question before it. */
export function planLines(plan: RollbackPlan, { paint, columns }: Ui): string {
  const width = Math.max(...plan.parts.map(({ part }) => part.length));
  const parts = plan.parts.flatMap(({ part, change, detail, data = [], keeps = [], files = [] }) => {
    const words = [WORDS[change], detail].filter(Boolean).join(': ');
    return [
      `  ${paint(...MARKS[change])} ${part.padEnd(width)}  ${wrapped(words, columns - width - 6, width + 6)}`,
      ...(files.length > 0 ? [fileLines(files, { paint, columns }, '      ')] : []),
      ...data.map((one) => `      ${paint('red', '!')} ${dataLine(one)}`),
      ...keepsLines(keeps).map((line) => `      ${paint('dim', '=')} ${line}`),
    ];
  });
  const diffs = diffBlocks(plan, { paint, columns });
  return [...headLines(plan, columns), ...parts, ...diffs, DATA].join('\n');
}

/** What changes in the stacks that go back, each after an empty line and before one. */
function diffBlocks({ parts }: RollbackPlan, ui: Ui): string[] {
  const blocks = parts.flatMap(({ diff }) => (diff ? [stackText(diff, ui)] : []));
  return blocks.length > 0 ? ['', blocks.join('\n\n'), ''] : [];
}

/** `the data in Users (AWS::DynamoDB::Table) would be lost`. */
function dataLine({ resource, type, becomes }: NonNullable<PlannedPart['data']>[number]): string {
  const words: Readonly<Record<string, string>> = {
    lost: 'is lost',
    'may be lost': 'may be lost',
    retained: 'stays with the old resource',
    snapshot: 'stays in a snapshot',
  };
  return `the data in ${resource} (${type}) ${words[becomes] ?? becomes}`;
}

function keepsLines(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const [keep, value] = names.length === 1 ? ['keeps', 'value'] : ['keep', 'values'];
  return [`${listed(names)} ${keep} the ${value} of now: secrets are in the journal by name only`];
}

function headLines({ to, of, account }: RollbackPlan, columns: number): string[] {
  const broken = of.result === 'succeeded' ? '' : `, which ended as "${of.result}"`;
  return [
    `This goes back to ${run(to)} in account ${account}.`,
    ...(of.id === to.id ? [] : [`It takes back what came after it, up to ${run(of)}${broken}.`]),
  ].map((line) => wrapped(line, columns, 0));
}

/** `1a2b3c (deploy, 5 Jan 09:00, commit a1b2c3d4)`. */
function run({ id, command, startedAt, git }: RollbackPlan['to']): string {
  const commit = git ? `, commit ${git.commit.slice(0, 8)}` : '';
  return `${shortId(id)} (${command}, ${localTime(startedAt, 'minutes')}${commit})`;
}

/** What a rollback would do; or that there is nothing to do. */
export function rollbackPlanView(plan: RollbackPlan, dryRun: boolean): View {
  return {
    json: { ...plan, dryRun },
    text: (ui) => {
      const last = dryRun
        ? 'A dry run: nothing was changed.'
        : `Nothing to do: ${plan.project} ${plan.environment} is as ${shortId(plan.to.id)} left it.`;
      const diffs = diffBlocks(plan, ui);
      return [
        ...headLines(plan, ui.columns),
        '',
        planTable(plan, ui),
        ...(diffs.length > 0 ? diffs : ['']),
        DATA,
        last,
      ].join('\n');
    },
  };
}

function planTable({ parts }: RollbackPlan, ui: Ui): string {
  const rows = parts.map(({ part, change, detail, data = [], keeps = [] }) => [
    part,
    WORDS[change],
    [detail, ...data.map(dataLine), ...keepsLines(keeps)].filter(Boolean).join('; '),
  ]);
  return table(ui, ['part', '', { title: '', wrap: true }], rows);
}

/** What went back. */
export function rollbackView(plan: RollbackPlan, result: DeployResult, where: string): View {
  return {
    json: { ...plan, dryRun: false, result },
    text: (ui) => {
      const outputs = outputLines(result.outputs, ui);
      const changed = result.parts.filter(({ outcome }) => outcome !== 'unchanged' && outcome !== 'passed');
      return [
        ...(outputs ? [outputs, ''] : []),
        `${ui.paint('green', 'Rolled back')} ${plan.project} ${plan.environment} to ${shortId(plan.to.id)}: ${plural(changed.length, 'part')} changed in ${duration(result.ms)}.`,
        ...(result.journal ? [recorded(result.journal, ui, where)] : []),
        ui.paint('dim', `Take this back too: infractl rollback${where}`),
      ].join('\n');
    },
  };
}
