import { revertLines } from '../drift/revert.ts';
import type { StackState } from '../port.ts';
import { resourcesOf, type Template } from '../template/template.ts';
import type { StackDeps, StackSpec } from '../types.ts';
import { type ChangeSet, withdraw } from './change-set.ts';
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
  spec: StackSpec,
  wanted: Template,
  state: StackState,
  changeSet: ChangeSet,
): Promise<void> {
  try {
    await checkExports(deps.port, { spec, state, wanted, changes: changeSet.state.changes });
    await guardChanges(deps, spec, wanted, changeSet.state.changes, state);
    if (spec.revertDrift) await tellReverts(deps, spec, wanted, changeSet.id);
  } catch (error) {
    await withdraw(deps, { spec, type: 'UPDATE' }, changeSet);
    throw error;
  }
}

async function tellReverts(deps: StackDeps, spec: StackSpec, template: Template, id: string): Promise<void> {
  const noEcho = [...template.parameters].filter(([, { noEcho }]) => noEcho).map(([name]) => name);
  const words = { resources: resourcesOf(template), noEcho: new Set(noEcho) };
  for (const message of revertLines(spec.stackName, await deps.port.reverts(id), words))
    deps.reporter.emit({ type: 'note', message });
}
