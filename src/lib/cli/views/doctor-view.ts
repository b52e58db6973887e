import { Exit, type ExitCode } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import type { Checkup } from '../../doctor/index.ts';
import { advised, type Style, type Ui } from '../terminal.ts';
import type { View } from './view.ts';
import { wrapped } from './wrap.ts';

const MARKS: Readonly<Record<Checkup['verdict'], readonly [string, Style]>> = {
  good: ['✓', 'green'],
  warning: ['!', 'yellow'],
  bad: ['✗', 'red'],
  skipped: ['·', 'dim'],
};
const TITLES: Readonly<Record<Checkup['group'], string>> = {
  machine: 'This machine',
  project: 'The project',
  aws: 'AWS',
};
const NARROWEST = 20;

/** All checkups by group, each bad one with what mends it. */
export function doctorView(checkups: readonly Checkup[]): View {
  const bad = checkups.filter(({ verdict }) => verdict === 'bad');
  const warnings = checkups.filter(({ verdict }) => verdict === 'warning');
  return {
    json: { healthy: bad.length === 0, checkups },
    ...(bad.length > 0 ? { exit: exitOf(bad) } : {}),
    text: (ui) => {
      const groups = Object.entries(TITLES).map(([group, title]) => {
        const lines = checkups.filter((one) => one.group === group).flatMap((one) => lineOf(one, ui));
        return [ui.paint('bold', title), ...lines].join('\n');
      });
      return [...groups, verdict(bad.length, warnings.length, ui)].join('\n\n');
    },
  };
}

function exitOf(bad: readonly Checkup[]): ExitCode {
  const names = new Set(bad.map(({ name }) => name));
  if (names.has('credentials')) return Exit.credentials;
  return names.has('configuration') || names.has('region') ? Exit.usage : Exit.failed;
}

function lineOf({ name, verdict, said, mend }: Checkup, ui: Ui): string[] {
  const [mark, style] = MARKS[verdict];
  const label = name.padEnd(14);
  const indent = label.length + 2;
  const fold = (text: string, by: number) =>
    ui.columns - by < NARROWEST ? text : wrapped(text, ui.columns - by, by);
  return [
    `${ui.paint(style, mark)} ${label}${fold(said, indent)}`,
    ...mend.map((line) => `${' '.repeat(indent)}→ ${fold(advised(ui, line), indent + 2)}`),
  ];
}

function verdict(bad: number, warnings: number, ui: Ui): string {
  const more = warnings > 0 ? `${plural(warnings, 'thing')} worth a look` : '';
  if (bad > 0) return ui.paint('red', [`${plural(bad, 'thing')} to mend`, more].filter(Boolean).join(', '));
  return ui.paint(warnings > 0 ? 'yellow' : 'green', more || 'All is well.');
}
