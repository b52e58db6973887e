import type { SeenChange } from '../diff/look.ts';
import type { Change } from '../port.ts';
import type { Revert } from './revert.ts';

type Replacement = NonNullable<Change['replacement']>;

const NESTED = 'AWS::CloudFormation::Stack';
const ORDER: readonly Replacement[] = ['never', 'conditional', 'always'];

/**
 * Whether a change of a drift-aware change set needs a second opinion: a modification that no change by hand
 * accounts for, or a nested stack, whose inside such a change set never shows. Pure.
 */
export function isDoubtful(change: Change, reverts: readonly Revert[]): boolean {
  if (change.action !== 'modify') return false;
  if (change.type === NESTED) return true;
  const hand = byHand(change, reverts);
  return hand === undefined || weight(hand) < weight(change.replacement ?? 'never');
}

export interface Believed {
  readonly changes: readonly SeenChange[];
  /** Resources that AWS names and that nothing accounts for. */
  readonly phantoms: readonly string[];
}

/**
 * What a drift-aware change set will do in truth. AWS works such sets out with references that it knows less
 * well than when it executes them, and so names modifications and replacements that never take place. A change
 * counts as far as the ordinary change set of the same template has it, or somebody changed the property by
 * hand. Pure.
 *
 * @param aware the changes of the drift-aware change set
 * @param ordinary those of an ordinary one for the same template
 */
export function believed(
  aware: readonly SeenChange[],
  ordinary: readonly SeenChange[],
  reverts: readonly Revert[],
): Believed {
  const phantoms: string[] = [];
  const changes = aware.flatMap((change): SeenChange[] => {
    if (change.action !== 'modify') return [change];
    const plain = ordinary.find(({ logicalId }) => logicalId === change.logicalId);
    const hand = byHand(change, reverts);
    if (!plain && hand === undefined) {
      phantoms.push(change.logicalId);
      return [];
    }
    const known = [plain?.replacement ?? 'never', hand ?? 'never'].reduce(stronger);
    const told = change.replacement ?? 'never';
    const paths = new Set([
      ...(plain?.details ?? []).map(({ path }) => path),
      ...propertiesOf(change, reverts).map(({ path }) => path),
    ]);
    const { details = [], ...rest } = change;
    return [
      {
        ...rest,
        replacement: weight(known) < weight(told) ? known : told,
        details: details.filter(({ path }) => paths.has(path)),
        ...(plain?.inside ? { inside: plain.inside } : {}),
      },
    ];
  });
  const nested = ordinary.flatMap(({ changeSetId: _, ...one }): SeenChange[] =>
    one.type === NESTED && !aware.some(({ logicalId }) => logicalId === one.logicalId) ? [one] : [],
  );
  return { changes: [...changes, ...nested], phantoms };
}

/** The strongest effect of putting back what was changed by hand; undefined: nothing was. */
function byHand(change: Change, reverts: readonly Revert[]): Replacement | undefined {
  const properties = propertiesOf(change, reverts);
  return properties.length === 0
    ? undefined
    : properties.map(({ replacement }) => replacement).reduce(stronger);
}

function propertiesOf({ logicalId }: Change, reverts: readonly Revert[]) {
  return reverts.filter((one) => one.logicalId === logicalId).flatMap(({ properties }) => properties);
}

function weight(replacement: Replacement): number {
  return ORDER.indexOf(replacement);
}

function stronger(one: Replacement, other: Replacement): Replacement {
  return weight(one) >= weight(other) ? one : other;
}
