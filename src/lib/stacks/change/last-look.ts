import { listed } from '../../base/text.ts';
import { look, type SeenChange } from '../diff/look.ts';
import { believed, isDoubtful } from '../drift/believed.ts';
import { type Revert, revertLines } from '../drift/revert.ts';
import type { StackState } from '../port.ts';
import { resourcesOf, type Template } from '../template/template.ts';
import type { StackDeps, StackSpec } from '../types.ts';
import { type ChangeSet, type ChangeSetOrder, withdraw } from './change-set.ts';
import { checkExports } from './exports.ts';
import { guardChanges } from './guards.ts';

/**
 * What only the change set of an update tells: that an export which others import gets another value, that data
 * would be lost, that a policy denies it; and what a drift-aware one puts back, which is said. A change set that is
 * refused here is taken back.
 *
 * @throws InfractlError `ExportInUse` (exit 5), and as `guardChanges`
 */
export async function lookOnceMore(
  deps: StackDeps,
  order: Pick<ChangeSetOrder, 'spec' | 'template' | 'source' | 'capabilities'>,
  state: StackState,
  changeSet: ChangeSet,
): Promise<void> {
  const { spec, template: wanted } = order;
  try {
    const reverts = spec.revertDrift ? await deps.port.reverts(changeSet.id) : undefined;
    const changes = spec.revertDrift
      ? await inTruth(deps, order, changeSet, reverts ?? [])
      : changeSet.state.changes;
    await checkExports(deps.port, { spec, state, wanted, changes });
    await guardChanges(deps, spec, wanted, changes, state);
    if (spec.revertDrift) tellReverts(deps, spec, wanted, reverts);
  } catch (error) {
    await withdraw(deps, { spec, type: 'UPDATE' }, changeSet);
    throw error;
  }
}

/** The changes of a drift-aware change set, held against an ordinary one where they are in doubt. */
async function inTruth(
  deps: StackDeps,
  { spec, ...order }: Parameters<typeof lookOnceMore>[1],
  { state: { changes } }: ChangeSet,
  reverts: readonly Revert[],
): Promise<readonly SeenChange[]> {
  if (!changes.some((change) => isDoubtful(change, reverts))) return changes;
  const ordinary = await look(deps, {
    ...order,
    spec: { ...spec, revertDrift: false },
    type: 'UPDATE',
    keep: [],
  });
  const { changes: sure, phantoms } = believed(changes, ordinary.changes ?? [], reverts);
  if (phantoms.length > 0)
    deps.reporter.emit({
      type: 'note',
      message: `AWS also names ${listed(phantoms)} of the stack ${spec.stackName}, which the template leaves as it is and nobody changed by hand: a known mistake of drift-aware change sets.`,
    });
  return sure;
}

function tellReverts(
  deps: StackDeps,
  spec: StackSpec,
  template: Template,
  reverts: readonly Revert[] | undefined,
): void {
  const noEcho = [...template.parameters].filter(([, { noEcho }]) => noEcho).map(([name]) => name);
  const words = { resources: resourcesOf(template), noEcho: new Set(noEcho) };
  for (const message of revertLines(spec.stackName, reverts, words))
    deps.reporter.emit({ type: 'note', message });
}
