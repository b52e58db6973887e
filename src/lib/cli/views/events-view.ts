import type { ReportEvent, Reporter } from '../../base/report.ts';
import { localTime } from '../../base/times.ts';
import type { PartEvent } from '../../desks/index.ts';
import { painter, type Style } from '../terminal.ts';
import { harmless, harmlessJson } from './harmless.ts';
import { type Column, cut, table } from './table.ts';
import type { View } from './view.ts';

type StackReport = Extract<ReportEvent, { type: 'stack.event' }>;

const COLUMNS: readonly Column[] = [
  { title: 'when' },
  { title: 'stack', optional: true },
  { title: 'status' },
  { title: 'resource' },
  { title: 'type', min: 12, optional: true },
  { title: 'reason', wrap: true },
];

function styleOf(status: string): Style {
  if (/FAILED|ROLLBACK/.test(status)) return 'red';
  return status.endsWith('_COMPLETE') ? 'green' : 'dim';
}

/** The newest events as a table; nothing where they were printed as they came. */
export function eventsView(
  events: readonly PartEvent[],
  { shown, idle = false }: { readonly shown: number; readonly idle?: boolean },
): View {
  return {
    json: { events: shown },
    text: (ui) => {
      if (shown === 0) return 'No events.';
      if (events.length === 0) return '';
      const rows = events.map(({ event }) => [
        localTime(event.at.toISOString()),
        event.stackName,
        ui.paint(styleOf(event.status), event.status),
        event.logicalId,
        event.resourceType,
        event.reason ?? '',
      ]);
      const lines = table(ui, COLUMNS, rows);
      return idle ? `${lines}\n${ui.paint('dim', 'Nothing runs now.')}` : lines;
    },
  };
}

export interface PrinterChoice {
  readonly failed: boolean;
  /** One JSON object a line. */
  readonly json: boolean;
  readonly colour: boolean;
  /** Infinity where lines do not end. */
  readonly columns: number;
  readonly write: (line: string) => void;
}

/** Prints events of stacks on standard output as they come: they are the result. */
export class EventPrinter implements Reporter {
  readonly #choice: PrinterChoice;
  shown = 0;

  constructor(choice: PrinterChoice) {
    this.#choice = choice;
  }

  emit(event: ReportEvent): void {
    if (event.type !== 'stack.event') return;
    const { failed, json, write } = this.#choice;
    if (failed && !event.status.endsWith('_FAILED')) return;
    this.shown++;
    write(json ? harmlessJson(JSON.stringify(event)) : this.#line(event));
  }

  #line(event: StackReport): string {
    const { colour, columns } = this.#choice;
    const reason = event.reason ? `  ${event.reason}` : '';
    const rest = harmless(`${event.stack}  ${event.logicalId}  ${event.resourceType}${reason}`);
    const head = `${localTime(event.at)}  `;
    const status = event.status.padEnd(18);
    const room = columns - head.length - status.length - 2;
    return `${head}${painter(colour)(styleOf(event.status), status)}  ${room < 20 ? rest : cut(rest, room)}`;
  }
}
