import { UsageError } from '../base/errors.ts';
import { plural } from '../base/text.ts';

/** Where a key or value of the configuration stands: `['stacks', 'app', 'parameters', 'ImageUri']`. */
export type ConfigPath = readonly (string | number)[];

/** A place in a file; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong with the configuration, with all that is needed to mend it. */
export interface Problem {
  /** The file as it is shown: relative to the working folder. */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** One sentence without the position. */
  readonly message: string;
  /** The line of the file, for the caret. Left out for files that may hold secrets. */
  readonly quote?: string;
  /** What would be right: `expected one of: …`. */
  readonly expected?: string;
  /** Further lines: the edges of a cycle. */
  readonly details?: readonly string[];
}

const QUOTE_WIDTH = 100;
const MOST_SHOWN = 25;

/** Wrong configuration: every problem found, in the file's order. Code `InvalidConfiguration`, exit 2. */
export class ConfigurationError extends UsageError {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[], suggestions: readonly string[] = []) {
    const sorted = sortProblems(problems);
    const [only] = sorted;
    const single = sorted.length === 1 && only !== undefined;
    super({
      code: 'InvalidConfiguration',
      message: single ? problemLine(only) : `${file} has ${plural(sorted.length, 'error')}.`,
      why: single ? problemDetail(only) : severalProblems(sorted),
      suggestions,
    });
    this.problems = sorted;
  }
}

function severalProblems(problems: readonly Problem[]): string {
  const shown = problems.slice(0, MOST_SHOWN).map(formatProblem);
  if (problems.length > MOST_SHOWN) shown.push(`… and ${problems.length - MOST_SHOWN} more.`);
  return shown.join('\n');
}

/** The same problem found in two environments is told once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const unique = new Map(problems.map((problem) => [problemLine(problem), problem]));
  return [...unique.values()].sort(
    (a, b) =>
      (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

/** `infractl.yaml:12:7: unknown key "ouput"; did you mean "output"?` */
export function problemLine(problem: Problem): string {
  return `${place(problem)}: ${problem.message}`;
}

/** The problem with the quoted line, its caret, and what was expected. */
export function formatProblem(problem: Problem): string {
  const detail = problemDetail(problem);
  return detail ? `${problemLine(problem)}\n${detail}` : problemLine(problem);
}

function problemDetail(problem: Problem): string {
  const lines: string[] = [];
  if (problem.quote !== undefined && problem.line !== undefined) {
    lines.push(...caret(problem.quote, problem.line, problem.column ?? 1));
  }
  if (problem.expected) lines.push(`  ${problem.expected}`);
  for (const detail of problem.details ?? []) lines.push(`  ${detail}`);
  return lines.join('\n');
}

function place(problem: Problem): string {
  if (problem.line === undefined) return problem.file;
  return `${problem.file}:${problem.line}:${problem.column ?? 1}`;
}

/** The line and a caret under the column; a long line is shown around the column only. */
function caret(text: string, line: number, column: number): string[] {
  const printable = text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  const start = column > QUOTE_WIDTH - 20 ? column - Math.floor(QUOTE_WIDTH / 2) : 0;
  const before = start > 0 ? '…' : '';
  const after = printable.length > start + QUOTE_WIDTH ? '…' : '';
  const shown = before + printable.slice(start, start + QUOTE_WIDTH).trimEnd() + after;
  const gutter = String(line);
  return [
    `  ${gutter} | ${shown}`,
    `  ${' '.repeat(gutter.length)} | ${' '.repeat(column - 1 - start + before.length)}^`,
  ];
}
