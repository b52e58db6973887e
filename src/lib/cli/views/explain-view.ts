import { localTime } from '../../base/times.ts';
import type { Diagnosis } from '../../deploy/index.ts';
import { advised, type Style, type Ui } from '../terminal.ts';
import type { View } from './view.ts';
import { wrapped } from './wrap.ts';

/** Why an operation failed: the sentence, the causes, the log, what to do. */
export function explainView(found: Diagnosis): View {
  return { json: found, text: (ui) => explainText(found, ui) };
}

function explainText(found: Diagnosis, ui: Ui): string {
  const [style, mark]: [Style, string] = found.failed
    ? ['red', '✗']
    : found.running
      ? ['cyan', '·']
      : ['green', '✓'];
  const lines = [`${ui.paint(style, mark)} ${ui.paint('bold', wrapped(found.message, ui.columns - 2, 2))}`];
  const say = (text: string) => lines.push(`  ${wrapped(text, ui.columns - 2, 2)}`);
  for (const cause of found.causes) {
    say(causeWords(cause, found.stackName));
    if (cause.why) say(cause.why);
    for (const one of cause.evidence) lines.push(...evidenceLines(one, ui));
  }
  if (found.state) say(found.state);
  const ended = found.endedAt ? `, ended ${localTime(found.endedAt)}` : found.running ? ', still runs' : '';
  if (found.startedAt) lines.push(ui.paint('dim', `  Began ${localTime(found.startedAt)}${ended}.`));
  lines.push(...logLines(found, ui));
  for (const suggestion of found.suggestions)
    lines.push(`${ui.paint('cyan', '  →')} ${advised(ui, suggestion)}`);
  return lines.join('\n');
}

/** `Database › Instance (AWS::RDS::DBInstance, database.yaml:12): what AWS says.` */
function causeWords(cause: Diagnosis['causes'][number], stackName: string): string {
  if (cause.resourceType === 'AWS::CloudFormation::Stack' && cause.logicalId === stackName)
    return cause.reason;
  const from = cause.madeFrom ? `, made from ${cause.madeFrom}` : '';
  const place = cause.file ? `${from}, ${cause.file}:${cause.line}` : '';
  const nested = cause.stackName === stackName || place ? '' : ` in ${cause.stackName}`;
  const back = cause.duringRollback ? 'Taking it back failed at ' : '';
  return `${back}${cause.path.join(' › ')} (${cause.resourceType}${nested || place}): ${cause.reason}`;
}

function evidenceLines(
  { about, lines, note }: Diagnosis['causes'][number]['evidence'][number],
  ui: Ui,
): string[] {
  if (note) return [`  ${wrapped(note, ui.columns - 2, 2)}`];
  return [`  ${about}`, ...lines.map((line) => ui.paint('dim', `    ${wrapped(line, ui.columns - 4, 4)}`))];
}

function logLines({ log }: Diagnosis, ui: Ui): string[] {
  if (!log) return [];
  if (log.note) return [`  ${wrapped(log.note, ui.columns - 2, 2)}`];
  return [
    `  The last lines of the function ${log.functionName}:`,
    ...log.lines.map((line) => ui.paint('dim', `    ${line}`)),
  ];
}
