import { Exit } from '../../base/errors.ts';
import { age, bytes, plural } from '../../base/text.ts';
import type { PrunePlan, PruneResult } from '../../deploy/index.ts';
import type { Ui } from '../terminal.ts';
import { type Column, table } from './table.ts';
import type { View } from './view.ts';

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'what', min: 24 },
  { title: 'size' },
  { title: 'age' },
  { title: 'because', wrap: true },
];

type Item = PrunePlan['items'][number];

/**
 * What would go, and why all else stays.
 *
 * @param apply the command that makes it go
 */
export function prunePlanView(plan: PrunePlan, now: number, apply: string): View {
  return {
    json: { ...plan, applied: false },
    text: (ui) => {
      if (plan.items.length === 0) return `Nothing is kept of ${plan.project} in ${plan.region}.`;
      const going = plan.items.filter(({ remove }) => remove);
      const last =
        going.length === 0
          ? 'Nothing to do: all of it is in use or young.'
          : `${removalLine(plan)}\nA dry run: nothing was changed. Do it: ${apply}`;
      return [itemsTable(plan.items, now, ui), '', last].join('\n');
    },
  };
}

function itemsTable(items: readonly Item[], now: number, ui: Ui): string {
  const rows = items
    .toSorted((a, b) => Number(b.remove) - Number(a.remove))
    .map((item) => [
      item.remove ? ui.paint('red', 'goes') : ui.paint('dim', 'stays'),
      nameOf(item),
      bytes(item.size),
      Number.isFinite(item.at) ? age(now - item.at) : '-',
      item.because,
    ]);
  return table(ui, COLUMNS, rows);
}

/** `image my-auth-dev a1b2c3d4e5f6`, `code/a1b2c3d4e5f6….zip`, `run 1a2b3c of dev`. */
function nameOf({ kind, id, place }: Pick<Item, 'kind' | 'id' | 'place'>): string {
  if (kind === 'image') return `image ${place} ${id.slice('sha256:'.length, 'sha256:'.length + 12)}`;
  if (kind === 'object') return id.replace(/([0-9a-f]{12})[0-9a-f]{52}/, '$1…');
  const [, environment = '', file = ''] = id.split('/');
  return `run ${file.replace('.json', '').slice(-6)} of ${environment}`;
}

/** `3 images, 2 objects and 40 runs in account 123456789012: 1.2 GiB, about $0.13 a month`. */
export function removalLine({ items, account, bytes: size, monthly }: PrunePlan): string {
  const count = (kind: Item['kind']) => items.filter((item) => item.remove && item.kind === kind).length;
  const parts = [
    plural(count('image'), 'image'),
    plural(count('object'), 'object'),
    `${plural(count('entry'), 'run')} of the journal`,
  ];
  return `Goes in account ${account}: ${parts.join(', ')}; ${bytes(size)}, about $${monthly.toFixed(2)} a month.`;
}

/** What went; exit 3 when some of it could not. */
export function pruneView(result: PruneResult): View {
  const failed = result.removed.filter((item) => item.failed !== undefined);
  const gone = result.removed.filter((item) => item.failed === undefined);
  const size = gone.reduce((sum, item) => sum + item.size, 0);
  return {
    json: { ...result, applied: true },
    ...(failed.length > 0 ? { exit: Exit.partial } : {}),
    text: (ui) =>
      [
        `${ui.paint('green', 'Removed')} ${plural(gone.length, 'thing')}, ${bytes(size)}.`,
        ...failed.map((item) => `${ui.paint('red', '✗')} ${nameOf(item)}: ${item.failed}`),
        ...(failed.length > 0 ? ['Run the same command again: it goes on with these.'] : []),
        ui.paint(
          'dim',
          'What went from the bucket can be had back for 90 days: it keeps old versions of its objects.',
        ),
      ].join('\n'),
  };
}
