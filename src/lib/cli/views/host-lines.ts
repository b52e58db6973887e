import { Exit } from '../../base/errors.ts';
import type { HostOutcome } from '../../desks/index.ts';
import { painter, type Style } from '../terminal.ts';
import { harmless } from './harmless.ts';
import type { View } from './view.ts';

const STYLES: readonly Style[] = ['cyan', 'magenta', 'yellow', 'green'];

export interface LineChoice {
  /** The hosts whose lines come, in order. With several, each line begins with its host. */
  readonly hosts: readonly string[];
  /** One JSON object a line. */
  readonly json: boolean;
  readonly colourOut: boolean;
  readonly colourErr: boolean;
  readonly redact: (text: string) => string;
  /** A log is shown; what a command prints is its own. */
  readonly log?: boolean;
}

export type HostLine = (host: string, line: string, stream: 'stdout' | 'stderr') => void;

/** Prints the lines of hosts as they come: they are the result. Standard error stays standard error. */
export function hostLines(choice: LineChoice): HostLine {
  const width = Math.max(...choice.hosts.map((host) => host.length));
  return (host, line, stream) => {
    if (choice.json) {
      process.stdout.write(`${choice.redact(JSON.stringify({ type: 'line', host, stream, line }))}\n`);
      return;
    }
    const style = STYLES[choice.hosts.indexOf(host) % STYLES.length] ?? 'cyan';
    const paint = painter(stream === 'stdout' ? choice.colourOut : choice.colourErr);
    const head = choice.hosts.length > 1 ? `${paint(style, `${host.padEnd(width)} |`)} ` : '';
    const said = choice.redact(line);
    process[stream].write(`${head}${choice.log ? harmless(said) : said}\n`);
  };
}

/** How a command ended on each host. What it printed was printed as it came. */
export function hostRunView(outcomes: readonly HostOutcome[]): View {
  const bad = outcomes.filter(({ error, exitCode }) => error !== null || exitCode !== 0);
  const several = outcomes.length > 1;
  return {
    json: { hosts: outcomes },
    ...(bad.length === 0 ? {} : { exit: bad.length < outcomes.length ? Exit.partial : Exit.failed }),
    text: (ui) =>
      bad
        .map(({ host, exitCode, error }) => {
          const why = error ? error.message : `the command ended with ${exitCode}`;
          return `${ui.paint('red', '✗')} ${several || error ? `${host}: ` : ''}${why}`;
        })
        .join('\n'),
  };
}
