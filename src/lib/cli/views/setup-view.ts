import { Exit } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { HttpsState, ReleasePlace } from '../../desks/index.ts';
import { advised, type Ui } from '../terminal.ts';
import { pairs } from './table.ts';
import type { View } from './view.ts';

interface Changed {
  readonly place: ReleasePlace;
  readonly changes: readonly string[];
}

/** Certificates of Let's Encrypt are renewed 30 days before their end; fewer days say that nothing does it. */
const LATE_DAYS = 21;

export function needsChange(found: readonly Changed[]): boolean {
  return found.some(({ changes }) => changes.length > 0);
}

export function changeLines(found: readonly Changed[], words: string): string {
  return found
    .filter(({ changes }) => changes.length > 0)
    .map(
      ({ place, changes }) =>
        `${words} on ${place.host.name}:\n${changes.map((each) => `  ${each}`).join('\n')}`,
    )
    .join('\n');
}

/** What was changed on hosts, or would be. */
export function changesView(found: readonly Changed[], dryRun: boolean): View {
  return {
    json: found.map(({ place, changes }) => ({
      app: place.part.name,
      host: place.host.name,
      changes,
      dryRun,
    })),
    text: () =>
      changeLines(found, dryRun ? 'This would change' : 'Changed') ||
      'Nothing to do: everything is as it should be.',
  };
}

type Enabled = { readonly place: ReleasePlace; readonly state: HttpsState };

/** Exits with 8 where a certificate has expired. */
export function httpsView(found: readonly Enabled[], words = ''): View {
  const expired = found.some(({ state }) => (state.certificate?.days ?? 0) < 0);
  return {
    json: found.map(({ place, state }) => ({ app: place.part.name, host: place.host.name, ...state })),
    text: (ui) => [words, ...found.map((one) => stateText(one, ui))].filter(Boolean).join('\n'),
    ...(expired ? { exit: Exit.unhealthy } : {}),
  };
}

function stateText({ place, state }: Enabled, ui: Ui): string {
  const { certificate, renewal } = state;
  const head = ui.paint('bold', `${place.part.name} on ${place.host.name}`);
  if (!certificate)
    return `${head}\n  No certificate for ${place.part.nginx.host}. ${advised(ui, 'To fetch one: infractl https enable')}`;
  const { days, until, domain } = certificate;
  const left =
    days < 0
      ? ui.paint('red', 'expired')
      : ui.paint(days < LATE_DAYS ? 'yellow' : 'green', plural(days, 'day'));
  const facts = [
    ['domain', domain],
    ['good until', `${localTime(until, 'minutes')}, ${left}`],
    ['renewed by', renewal ?? ui.paint('yellow', advised(ui, 'nothing: run infractl https renew'))],
  ] as const;
  return `${head}\n${pairs(ui, facts, '  ')}`;
}
