import { Exit } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { ReadResult } from '../../desks/index.ts';
import { type Source, type SourceTroubles, shapeOf, type Trouble } from '../../logs/index.ts';
import type { Ui } from '../terminal.ts';
import { harmless } from './harmless.ts';
import type { View } from './view.ts';

/** Of a message with a stack, and of one line. */
const LINES = 8;
const LONGEST = 600;

export function troublesView(
  sources: readonly (Source & SourceTroubles)[],
  { missing, lost }: ReadResult,
  window: { readonly from: number; readonly to: number },
): View {
  const from = new Date(window.from).toISOString();
  const to = new Date(window.to).toISOString();
  return {
    json: {
      from,
      to,
      sources: sources.map(({ name, group, messages, errors, troubles }) => ({
        name,
        group,
        messages,
        errors,
        troubles,
      })),
      missing,
      failed: lost.map(({ group, error }) => ({ group, code: error.code, message: error.message })),
    },
    ...(lost.length > 0 ? { exit: Exit.partial } : {}),
    text: (ui) => {
      const unread = new Map(lost.map(({ group, error }) => [group, error.message]));
      const bad = sources.filter(({ errors }) => errors > 0);
      const good = sources.filter(({ errors, group }) => errors === 0 && !unread.has(group));
      return [
        ui.paint('dim', `${localTime(from, 'minutes')} to ${localTime(to, 'minutes')}`),
        ...bad.map((one) => sourceText(ui, one)),
        ...[...unread].map(([group, message]) => `${ui.paint('red', '✗')} ${group}: ${harmless(message)}`),
        ...(good.length > 0 ? [good.map((one) => quietText(ui, one, missing)).join('\n')] : []),
      ].join('\n\n');
    },
  };
}

function sourceText(ui: Ui, { name, group, messages, errors, troubles }: Source & SourceTroubles): string {
  const counts = `${plural(errors, 'error')} of ${plural(messages, 'message')}`;
  const title = `${ui.paint('bold', harmless(name))} ${ui.paint('dim', harmless(group))}: ${ui.paint('red', counts)}`;
  const kinds = troubles.reduce((sum, { count }) => sum + count, 0);
  const more = errors - kinds;
  return [
    title,
    ...troubles.map((one) => troubleText(ui, one)),
    ...(more > 0 ? [ui.paint('dim', `  and ${more} more, of other kinds: --top shows them`)] : []),
  ].join('\n');
}

function troubleText(ui: Ui, { count, last, message }: Trouble): string {
  const lines = folded(message).split('\n');
  const cut = lines
    .slice(0, LINES)
    .map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line));
  const text = [...cut, ...(lines.length > LINES ? [`… ${lines.length - LINES} more lines`] : [])];
  const times = count > 1 ? ui.paint('yellow', ` ×${count}`) : '';
  return `  ${ui.paint('dim', localTime(last))}${times}  ${harmless(text.join('\n')).replaceAll('\n', '\n      ')}`;
}

function quietText(
  ui: Ui,
  { name, group, messages }: Source & SourceTroubles,
  missing: readonly string[],
): string {
  const state = missing.includes(group)
    ? 'nothing was logged yet'
    : messages === 0
      ? 'no messages'
      : `no errors in ${plural(messages, 'message')}`;
  return `${ui.paint('green', '✓')} ${harmless(name)}: ${state}`;
}

/** JSON as logs shows it: what it says, then its fields. */
function folded(message: string): string {
  const shape = shapeOf(message);
  if (shape.kind !== 'json') return message;
  return [shape.text, ...shape.fields.map(([key, value]) => `${key}=${value}`)].filter(Boolean).join(' ');
}
