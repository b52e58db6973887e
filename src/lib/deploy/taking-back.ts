import { Exit, isInfractlError, messageOf, withMore } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import type { DeployContext, PartOutcome } from './types.ts';

/** How one part goes back to what it was before this run. */
export interface Undo {
  /** The part: `function api`. */
  readonly part: string;
  /** Its name in AWS. */
  readonly name: string;
  /** What it goes back to: `version 3`. */
  readonly to: string;
  readonly back: () => Promise<unknown>;
  /** The command for a person, where `back` fails or nobody called it. */
  readonly byHand: string;
}

/** What became of the parts that were moved before something failed. */
export interface TakenBack {
  readonly reverted: readonly string[];
  readonly stuck: readonly string[];
  readonly mends: readonly string[];
}

/**
 * Takes parts back, one after the other. One that cannot be is told, and keeps the others from nothing.
 *
 * @param reverted told of each that is back
 */
export async function takeBack(
  { clock, reporter }: Pick<DeployContext, 'clock' | 'reporter'>,
  undo: readonly Undo[],
  reverted: (undo: Undo, detail: string) => void,
): Promise<TakenBack> {
  const taken = { reverted: [] as string[], stuck: [] as string[], mends: [] as string[] };
  for (const one of undo) {
    const { name, to } = one;
    const started = clock.now();
    try {
      await one.back();
      const ms = clock.now() - started;
      const part = `${one.part.split(' ')[0]} ${name}`;
      reporter.emit({ type: 'part.done', part, outcome: 'reverted', detail: to, ms });
      reverted(one, `${to} again`);
      taken.reverted.push(`${name} is on ${to} again`);
    } catch (error) {
      taken.stuck.push(`${name} could not be taken back to ${to}: ${messageOf(error)}`);
      taken.mends.push(`Take it back by hand: ${one.byHand}`);
    }
  }
  return taken;
}

export function isUnhealthy(error: unknown): boolean {
  return isInfractlError(error) && error.exit === Exit.unhealthy;
}

/** The failure, and what was done about it. */
export function withTakenBack(
  failure: unknown,
  { reverted, stuck, mends }: TakenBack,
  outcomes: readonly PartOutcome[],
): unknown {
  if (!isInfractlError(failure)) return failure;
  const taken = reverted.length > 0 ? `It was taken back: ${listed(reverted)}.` : '';
  const moved = outcomes.some(
    ({ kind, outcome }) =>
      ['function', 'site', 'release'].includes(kind) && (outcome === 'updated' || outcome === 'created'),
  );
  // A release that is not healthy goes back on its host, and says so itself.
  const itself = outcomes.some(({ kind, outcome }) => kind === 'release' && outcome === 'failed');
  const stayed =
    isUnhealthy(failure) && !itself && reverted.length + stuck.length === 0
      ? moved
        ? 'Nothing was taken back: this is the first version, so there is none to go back to.'
        : 'Nothing was taken back: this deploy changed no function, no site and no release.'
      : '';
  return withMore(failure, { why: [taken, ...stuck, stayed], first: mends });
}
