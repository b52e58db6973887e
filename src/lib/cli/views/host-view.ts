import { Exit } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import type { CopyOrder, HostOutcome } from '../../desks/index.ts';
import { hostRunView } from './host-lines.ts';
import type { View } from './view.ts';

export function copiedView({ way, host, from, to }: CopyOrder): View {
  const [first, second] = way === 'up' ? [from, `${host.name}:${to}`] : [`${host.name}:${from}`, to];
  return {
    json: { from: first, to: second },
    text: (ui) => `${ui.paint('green', 'Copied')} ${first} to ${second}.`,
  };
}

/** The lines themselves were printed as they came. */
export function tailView({ outcomes, lines }: { outcomes: readonly HostOutcome[]; lines: number }): View {
  const view = hostRunView(outcomes);
  return {
    ...view,
    json: { lines },
    text: (ui) => view.text(ui) || (lines === 0 ? `No lines on ${plural(outcomes.length, 'host')}.` : ''),
  };
}

/** A shell ends with the code of its last command, which is nobody's failure; 255 is ssh's own. */
export function shellView(host: string, exitCode: number): View {
  return {
    json: { host, exitCode },
    text: () => '',
    ...(exitCode === 255 ? { exit: Exit.failed } : {}),
  };
}
