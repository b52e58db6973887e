import stringWidth from 'fast-string-width';
import { Exit } from '../../base/errors.ts';
import type { Outcome, ReportEvent } from '../../base/report.ts';
import { duration } from '../../base/text.ts';
import type { Paint, Style } from '../terminal.ts';
import { wrapped } from '../views/wrap.ts';

const OUTCOME_STYLE: Record<Outcome, Style> = {
  created: 'green',
  updated: 'green',
  built: 'green',
  passed: 'green',
  unchanged: 'dim',
  deleted: 'yellow',
  reverted: 'yellow',
  checked: 'green',
  taken: 'green',
  started: 'green',
  stopped: 'yellow',
  restarted: 'green',
  asked: 'dim',
};

/** A terminal narrower than that gets the facts without their columns. */
const ALIGNED_FROM = 50;

/**
 * The line of a part that is done, failed or skipped; undefined for events that are no such line. What
 * does not fit beside the facts stands below them.
 *
 * @param columns the width of the terminal, Infinity where lines do not end
 */
export function settledLine(event: ReportEvent, paint: Paint, columns: number): string | undefined {
  switch (event.type) {
    case 'part.done': {
      const unchanged = event.outcome === 'unchanged';
      const mark: Mark = unchanged ? ['dim', '·'] : ['green', '✓'];
      const outcome: Mark = [OUTCOME_STYLE[event.outcome], event.outcome];
      return factsLine({ ...event, mark, outcome }, paint, columns);
    }
    case 'part.failed': {
      const stopped = event.error.exit === Exit.interrupted;
      const mark: Mark = stopped ? ['yellow', '■'] : ['red', '✗'];
      const outcome: Mark = stopped ? ['yellow', 'stopped'] : ['red', 'failed'];
      return factsLine({ mark, outcome, part: event.part, ms: event.ms }, paint, columns);
    }
    case 'part.skipped': {
      const mark: Mark = ['yellow', '-'];
      const outcome: Mark = ['yellow', 'skipped'];
      return factsLine({ mark, outcome, part: event.part, detail: event.because }, paint, columns);
    }
    case 'note':
      return `${paint('cyan', 'i')} ${behindMark(event.message, columns)}`;
    case 'warning':
      return `${paint('yellow', '!')} ${behindMark(event.message, columns)}`;
    default:
      return undefined;
  }
}

type Mark = readonly [Style, string];

interface Facts {
  readonly mark: Mark;
  readonly part: string;
  readonly outcome: Mark;
  readonly ms?: number;
  readonly detail?: string;
}

function factsLine(facts: Facts, paint: Paint, columns: number): string {
  const pad = columns >= ALIGNED_FROM ? 1 : 0;
  const outcome = facts.outcome[1].padEnd(9 * pad);
  const time = (facts.ms === undefined ? '' : duration(facts.ms)).padStart(8 * pad);
  const part = facts.part.padEnd(22 * pad);
  const line = `${paint(...facts.mark)} ${part} ${paint(facts.outcome[0], outcome)} ${paint('dim', time)}`;
  if (!facts.detail) return line;
  const width = stringWidth(`x ${part} ${outcome} ${time}  ${facts.detail}`);
  return `${line}${width <= columns ? '  ' : '\n    '}${facts.detail}`;
}

const VERBS: Readonly<Record<string, string>> = {
  CREATE: 'creating',
  UPDATE: 'updating',
  DELETE: 'deleting',
  IMPORT: 'importing',
  ROLLBACK: 'taking back',
};

/** A text behind a mark, in lines that end between words; its own indent stays. */
function behindMark(text: string, columns: number): string {
  const lead = /^ */.exec(text)?.[0].length ?? 0;
  return ' '.repeat(lead) + wrapped(text.slice(lead), columns - 2 - lead, 2 + lead);
}

/** What AWS does with something of this status: `creating`; empty where it does nothing now. */
export function verbOf(status: string): string {
  if (!status.endsWith('_IN_PROGRESS')) return '';
  if (status.includes('ROLLBACK')) return 'taking back';
  return VERBS[status.split('_')[0] ?? ''] ?? '';
}

/** Whole seconds: anything finer flickers. Nothing in the first. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return '';
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1000);
}

/** `everything waits for Database › Instance (AWS::RDS::DBInstance, 6 min 10 s)`. */
export function waitingWords(path: readonly string[], type: string, ms: number): string {
  const facts = [type, elapsed(ms)].filter(Boolean).join(', ');
  return `everything waits for ${path.join(' › ')} (${facts})`;
}

/** `CREATE_IN_PROGRESS  Database › Instance AWS::RDS::DBInstance` and its reason, coloured by what it means. */
export function stackEventLine(event: Extract<ReportEvent, { type: 'stack.event' }>, paint: Paint): string {
  const style: Style = /FAILED|ROLLBACK/.test(event.status)
    ? 'red'
    : event.status.endsWith('_COMPLETE')
      ? 'green'
      : 'dim';
  const reason = event.reason ? `  ${event.reason}` : '';
  const name = event.path.join(' › ') || event.logicalId;
  return `${paint(style, event.status)}  ${name} ${paint('dim', event.resourceType)}${reason}`;
}
