import { Exit, InfractlError, isInfractlError } from '../../base/errors.ts';
import { listed } from '../../base/text.ts';
import { isKnown } from '../diff/evaluate.ts';
import type { Change, StackState, StacksPort } from '../port.ts';
import { type Exported, wiresOf } from '../template/exports.ts';
import { usesIn } from '../template/references.ts';
import type { Template } from '../template/template.ts';
import { child } from '../template/yaml.ts';
import type { StackSpec } from '../types.ts';

/** What an update would do to an export that AWS knows. */
export interface ExportChange {
  readonly name: string;
  readonly output: string;
  readonly change: 'removed' | 'changed';
}

/**
 * The exports of a stack that would go or get another value, as far as the templates and the change set
 * tell for certain. Pure.
 *
 * @param changes of the change set; empty before there is one
 */
export function exportChanges(
  state: StackState,
  wanted: Template,
  spec: Pick<StackSpec, 'parameters' | 'stackName'>,
  changes: readonly Change[] = [],
): ExportChange[] {
  const given = Object.entries(spec.parameters).map(([name, one]) => [
    name,
    one.secret ? undefined : one.value,
  ]);
  const after = wiresOf(wanted, Object.fromEntries(given), namesOf(state)).exports;
  // A name that only AWS can tell may be any of them.
  const certain = after.every(({ name }) => name !== undefined);
  return Object.entries(state.exports ?? {}).flatMap(([output, name]): ExportChange[] => {
    const now = after.find((one) => one.name === name);
    if (!now) return certain ? [{ name, output, change: 'removed' }] : [];
    const differs = hasChanged(state.outputs[output], now) || isReplaced(wanted, now, changes);
    return differs ? [{ name, output, change: 'changed' }] : [];
  });
}

function namesOf({ stackName, stackId }: StackState): Map<string, string> {
  const [, , , region = '', account = ''] = stackId.split(':');
  return new Map([
    ['AWS::StackName', stackName],
    ['AWS::StackId', stackId],
    ['AWS::Region', region],
    ['AWS::AccountId', account],
  ]);
}

/** Only where the new value is known for certain: AWS alone knows what a resource gives. */
function hasChanged(value: string | undefined, now: Exported): boolean {
  return isKnown(now.value) && value !== undefined && String(now.value) !== value;
}

/** Whether the value is taken from a resource that gets a successor. */
function isReplaced(wanted: Template, { output }: Exported, changes: readonly Change[]): boolean {
  const replaced = new Set(
    changes.filter(({ replacement }) => replacement === 'always').map(({ logicalId }) => logicalId),
  );
  if (replaced.size === 0) return false;
  const value = child(child(child(wanted.tree.root, 'Outputs'), output), 'Value');
  return usesIn(value).some(({ name }) => replaced.has(name));
}

export interface ExportOrder {
  readonly spec: StackSpec;
  readonly state: StackState;
  readonly wanted: Template;
  readonly changes?: readonly Change[];
}

/**
 * Refuses an update that takes away or changes an export which another stack imports: AWS would find that
 * at the end, and take the whole update back.
 *
 * @throws InfractlError `ExportInUse` (exit 5). A missing permission for ListImports leaves it to AWS.
 */
export async function checkExports(port: Pick<StacksPort, 'importers'>, order: ExportOrder): Promise<void> {
  const { spec, state, wanted, changes } = order;
  if (!state.exports) return;
  for (const change of exportChanges(state, wanted, spec, changes)) {
    const importers = await port.importers(change.name).catch((error: unknown) => {
      if (isInfractlError(error) && error.code === 'AccessDenied') return [];
      throw error;
    });
    if (importers.length > 0) throw inUse(spec, change, importers);
  }
}

function inUse(
  { stackName, part }: StackSpec,
  { name, output, change }: ExportChange,
  importers: readonly string[],
): InfractlError {
  const them = listed(importers);
  const one = importers.length === 1;
  const value = `{ output: ${part.replace(/^stack /, '')}.${output} }`;
  return new InfractlError({
    code: 'ExportInUse',
    message: `The stack ${stackName} cannot be updated: its export ${name} would be ${change}, and ${them} ${one ? 'imports' : 'import'} it. Nothing was changed.`,
    why: 'AWS keeps an exported value as it is while a stack imports it: it would take the whole update back at its end.',
    suggestions: [
      `Leave the export ${name} in for now. In the ${one ? 'template' : 'templates'} of ${them} put a parameter in place of !ImportValue ${name}, in infractl.yaml its value ${value}, and deploy; then take the export out.`,
      ...(change === 'changed'
        ? [`Or export the new value under another name beside the old one, and let ${them} import that.`]
        : []),
    ],
    exit: Exit.declined,
  });
}
