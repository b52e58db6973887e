import type { Outcome, ReportEvent } from '../base/report.ts';
import { duration } from '../base/text.ts';
import type { Paint, Style } from './terminal.ts';

const OUTCOME_STYLE: Record<Outcome, Style> = {
  created: 'green',
  updated: 'green',
  built: 'green',
  passed: 'green',
  unchanged: 'dim',
  deleted: 'yellow',
  reverted: 'yellow',
};

/** The line of a part that is done, failed or skipped; undefined for events that are no such line. */
export function settledLine(event: ReportEvent, paint: Paint): string | undefined {
  switch (event.type) {
    case 'part.done': {
      const mark = event.outcome === 'unchanged' ? paint('dim', '·') : paint('green', '✓');
      const outcome = paint(OUTCOME_STYLE[event.outcome], event.outcome.padEnd(9));
      const detail = event.detail ? `  ${event.detail}` : '';
      return `${mark} ${event.part.padEnd(22)} ${outcome} ${paint('dim', duration(event.ms).padStart(8))}${detail}`;
    }
    case 'part.failed':
      return `${paint('red', '✗')} ${event.part.padEnd(22)} ${paint('red', 'failed   ')} ${paint('dim', duration(event.ms).padStart(8))}`;
    case 'part.skipped':
      return `${paint('yellow', '-')} ${event.part.padEnd(22)} ${paint('yellow', 'skipped')}   ${event.because}`;
    case 'note':
      return `${paint('cyan', 'i')} ${event.message}`;
    case 'warning':
      return `${paint('yellow', '!')} ${event.message}`;
    default:
      return undefined;
  }
}

/** `CREATE_IN_PROGRESS  Api (AWS::ApiGatewayV2::Api)` and its reason, coloured by what it means. */
export function stackEventLine(event: Extract<ReportEvent, { type: 'stack.event' }>, paint: Paint): string {
  const style: Style = /FAILED|ROLLBACK/.test(event.status)
    ? 'red'
    : event.status.endsWith('_COMPLETE')
      ? 'green'
      : 'dim';
  const reason = event.reason ? `  ${event.reason}` : '';
  return `${paint(style, event.status)}  ${event.logicalId} ${paint('dim', event.resourceType)}${reason}`;
}
