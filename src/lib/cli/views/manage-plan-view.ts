import type { InfractlError } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import {
  type Absent,
  type Doing,
  labelOf,
  NOT_THERE,
  nameOf,
  type PlannedAct,
} from '../../instances/index.ts';
import type { Paint } from '../terminal.ts';
import type { View } from './view.ts';
import { wrapped } from './wrap.ts';

/** Targets that are shown one by one; of more, only those with something to say. */
const SHOWN = 20;

export const usd = (amount: number) => `$${amount.toFixed(2)}`;

/** What an act will do, before it does: for people, on standard error. */
export function planLines(
  doing: Doing,
  plan: readonly PlannedAct[],
  {
    account,
    priceNote,
    paint,
    columns,
    absent,
  }: {
    readonly account: string;
    readonly priceNote: string;
    readonly paint: Paint;
    readonly columns: number;
    readonly absent: readonly Absent[];
  },
): string {
  const open = plan.filter(({ refusal }) => !refusal);
  const touched = open.filter(({ does }) => does !== 'nothing');
  const head = `This ${doing}s ${plural(touched.length, 'target')} in account ${account}:`;
  const shown =
    plan.length <= SHOWN
      ? plan
      : plan.filter(({ effects, refusal }) => effects.length > 0 || refusal).slice(0, SHOWN);
  const width = Number.isFinite(columns) ? columns - 4 : Number.POSITIVE_INFINITY;
  const lines = shown.flatMap(({ target, does, effects, refusal }) => [
    `  ${paint('bold', labelOf(target))}  ${refusal ? paint('red', 'refused') : does === 'nothing' ? 'as it is' : does}`,
    ...effects.map((effect) => `    ${wrapped(effect, width, 4)}`),
  ]);
  const left = plan.length - shown.length;
  return [
    ...(touched.length > 0 ? [head] : [`Nothing ${open.length > 0 ? 'has to' : 'will'} be changed:`]),
    ...lines,
    ...(left > 0 ? [`  and ${left} more`] : []),
    ...absent.map(
      ({ host, error }) =>
        `  ${paint('bold', host)}  ${paint('red', NOT_THERE)}: ${wrapped(error.message, width, 4)}`,
    ),
    ...savingLines(open, priceNote, width),
  ].join('\n');
}

/** What is saved, with where the figure comes from; what has no price is said to have none. */
function savingLines(plan: readonly PlannedAct[], priceNote: string, width: number): string[] {
  const stopped = plan.filter(({ does }) => does === 'stop');
  const known = stopped.flatMap(({ saves }) => saves ?? []);
  if (stopped.length === 0) return [];
  if (known.length === 0)
    return [`  ${wrapped(`Saves what it costs while it runs. ${priceNote}.`, width + 2, 2)}`];
  const sum = known.reduce((total, one) => total + one, 0);
  const unknown = stopped.length - known.length;
  return [
    `  Saves about ${usd(sum)} a month while stopped${unknown > 0 ? `, and what ${plural(unknown, 'target')} without a known price cost` : ''}. Disks are charged on.`,
    `  ${wrapped(`(${priceNote})`, width + 2, 2)}`,
  ];
}

const refusedJson = ({ code, message, why }: InfractlError) => ({ code, message, why: why ?? null });

/** A dry run. */
export function planView(doing: Doing, plan: readonly PlannedAct[], absent: readonly Absent[]): View {
  return {
    json: {
      doing,
      dryRun: true,
      targets: [
        ...plan.map(({ target, does, effects, saves, refusal }) => ({
          kind: target.kind,
          id: target.id,
          name: nameOf(target),
          does: refusal ? 'refused' : does,
          effects,
          savesUsdMonth: saves ?? null,
          refused: refusal ? refusedJson(refusal) : null,
        })),
        ...absent.map(({ host, error }) => ({
          kind: 'instance',
          id: host,
          name: host,
          does: 'refused',
          effects: [],
          savesUsdMonth: null,
          refused: refusedJson(error),
        })),
      ],
    },
    text: () => {
      const refusals = plan.flatMap(({ refusal }) =>
        refusal ? [`${refusal.message} ${refusal.why ?? ''}`] : [],
      );
      return [...refusals, 'This was a dry run: nothing was changed.'].join('\n');
    },
  };
}
