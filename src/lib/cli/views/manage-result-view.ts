import { Exit, type ExitCode, InfractlError } from '../../base/errors.ts';
import { duration, plural } from '../../base/text.ts';
import type { ActResult, Doing } from '../../instances/index.ts';
import { advised, type Ui } from '../terminal.ts';
import type { View } from './view.ts';

const label = ({ kind, id, name }: ActResult) =>
  kind !== 'instance' ? `${kind} ${id}` : name ? `${name} (${id})` : id;

const DONE: Readonly<Record<Doing, string>> = { start: 'Started', stop: 'Stopped', restart: 'Restarted' };
const STAGE_WORDS = {
  running: 'running',
  checks: 'status checks',
  port: 'port',
  health: 'application',
  stop: 'stopped',
} as const;
const AFTERWARDS = { next: 'Nobody waited for it: infractl manage status' };
/** Targets whose stages are shown one by one. */
const SHOWN = 20;

/**
 * What became of each target. The failure of the only one is the command's own; of several, each is named
 * and the exit code is 3, or theirs where all failed alike.
 *
 * @param again how the opposite is done: the way back
 */
export function actView(doing: Doing, results: readonly ActResult[], again: string): View {
  const failed = results.filter(({ error }) => error !== null);
  if (results.length === 1 && failed[0]?.error) throw asError(failed[0].error);
  const exit = exitOf(results);
  return {
    json: { doing, dryRun: false, targets: results },
    text: (ui) => text(ui, doing, results, again),
    next: nextOf(doing, results, again),
    ...(exit === Exit.ok ? {} : { exit }),
  };
}

const changedOf = (results: readonly ActResult[]) =>
  results.filter(({ error, outcome }) => error === null && outcome !== 'unchanged');

/** What is to be typed next: how far it is, the way back of a stop, and what helps those that failed. */
function nextOf(doing: Doing, results: readonly ActResult[], again: string): string[] {
  const changed = changedOf(results);
  return [
    ...(changed.some(({ outcome }) => outcome === 'asked') ? [AFTERWARDS.next] : []),
    ...(doing === 'stop' && changed.length > 0 ? [`Start again: ${again}`] : []),
    ...results.flatMap(({ error }) => error?.suggestions ?? []),
  ];
}

function asError({ code, message, why, suggestions, exit }: NonNullable<ActResult['error']>): InfractlError {
  return new InfractlError({ code, message, suggestions, exit, ...(why === null ? {} : { why }) });
}

export function exitOf(results: readonly ActResult[]): ExitCode {
  const exits = results.flatMap(({ error }) => error?.exit ?? []);
  if (exits.length === 0) return Exit.ok;
  const alike = exits.every((exit) => exit === exits[0]);
  return exits.length === results.length && alike ? (exits[0] as ExitCode) : Exit.partial;
}

function text(ui: Ui, doing: Doing, results: readonly ActResult[], again: string): string {
  if (results.length === 0) return `Nothing to ${doing}: the environment has no instance, group or database.`;
  const lines: string[] = [];
  const good = results.filter(({ error }) => error === null);
  const changed = changedOf(results);
  if (changed.length === 0 && good.length === results.length)
    lines.push(
      `Nothing to do: ${results.length === 1 && results[0] ? label(results[0]) : 'everything'} ${doing === 'stop' ? 'is stopped' : 'runs'} already.`,
    );
  if (changed.length > SHOWN)
    lines.push(`${ui.paint('green', DONE[doing])} ${plural(changed.length, 'target')}.`);
  else
    for (const one of changed) {
      const word = one.outcome === 'asked' ? `Asked AWS to ${doing}` : DONE[doing];
      lines.push(
        `${ui.paint('green', word)} ${label(one)}${stageWords(one)}${one.detail ? `: ${one.detail}` : '.'}`,
      );
    }
  for (const { error } of results) {
    if (!error) continue;
    lines.push(`${ui.paint('red', '✗')} ${error.message}`);
    for (const line of (error.why ?? '').split('\n').filter(Boolean)) lines.push(`    ${line}`);
    for (const line of error.suggestions) lines.push(`    → ${advised(ui, line)}`);
  }
  if (changed.some(({ outcome }) => outcome === 'asked')) lines.push(advised(ui, AFTERWARDS.next));
  if (doing === 'stop' && changed.length > 0) lines.push(`Start again: ${again}`);
  return lines.join('\n');
}

/** ` in 1 min 20 s (running 15.0 s, status checks 65.0 s)` */
function stageWords({ stages }: ActResult): string {
  if (stages.length === 0) return '';
  const total = duration(stages.reduce((sum, { ms }) => sum + ms, 0));
  if (stages.length === 1) return ` in ${total}`;
  return ` in ${total} (${stages.map(({ stage, ms }) => `${STAGE_WORDS[stage]} ${duration(ms)}`).join(', ')})`;
}
