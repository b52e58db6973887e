import { type LogEvent, together } from '../../logs/index.ts';
import { LogPrinter } from '../views/log-lines.ts';
import type { LogLine } from './screen-state.ts';

/** Characters of a line that are shown. */
const LONGEST = 2_000;

/**
 * Events as `infractl logs` prints them, line by line: JSON folded, errors with their stack, what is grave in its colour.
 *
 * @param redact takes secrets out of a text
 */
export function logRows(events: readonly LogEvent[], redact: (text: string) => string): LogLine[] {
  let text = '';
  const printer = new LogPrinter(
    {
      json: false,
      raw: false,
      pretty: false,
      colour: false,
      terminal: true,
      columns: Number.POSITIVE_INFINITY,
      write: (more) => {
        text += more;
      },
    },
    [...new Set(events.map(({ group }) => group))].map((group) => ({ name: group, group })),
  );
  return together(events).flatMap((event) => {
    text = '';
    printer.print([event]);
    if (text === '') return [];
    const lines = redact(text.trimEnd()).replaceAll('\t', '  ').split('\n');
    return lines.map((line) => ({ text: line.slice(0, LONGEST), style: printer.style }));
  });
}
