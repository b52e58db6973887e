import type { StacksPort } from '../port.ts';
import { readTemplate, resourcesOf, type Template } from '../template/template.ts';
import type { Plain } from '../template/yaml.ts';
import { isTree } from './evaluate.ts';
import { type SeenChange, withNested } from './look.ts';
import { dataLoss } from './loss.ts';
import { isOwnInstance, policiesOf } from './resources.ts';
import type { DataLoss } from './types.ts';

/** A resource that a change set deletes or makes anew. */
export interface Affected {
  /** `Table`, or inside of nested stacks `Storage/Table`. */
  readonly path: string;
  readonly type: string;
  readonly physicalId?: string;
  readonly what: 'deleted' | 'replaced' | 'perhaps replaced';
  /** Undefined: it keeps no data. */
  readonly loss?: DataLoss;
  /** The properties that make it new: `KeySchema`. */
  readonly because: readonly string[];
}

const NESTED = 'AWS::CloudFormation::Stack';
const DEEPEST = 8;

type Definition = { readonly [key: string]: Plain };

/** All that a change set deletes or makes anew, nested stacks included. Reading calls only. */
export async function affectedBy(
  port: StacksPort,
  template: Template,
  stack: string,
  changes: readonly SeenChange[],
): Promise<Affected[]> {
  const seen = await withNested(port, changes, false);
  // AWS says what a policy keeps; where it does not, the templates do.
  const silent = seen.some(({ action, policyAction }) => action === 'remove' && policyAction === undefined);
  const deployed = silent ? await port.template(stack) : undefined;
  return inChanges(port, seen, [deployed, template.text], '');
}

async function inChanges(
  port: StacksPort,
  changes: readonly SeenChange[],
  texts: readonly [before: string | undefined, after: string | undefined],
  prefix: string,
): Promise<Affected[]> {
  const [before, after] = [definitionIn(texts[0]), definitionIn(texts[1])];
  const found = await Promise.all(
    changes.map(async (change): Promise<Affected[]> => {
      const { action, type, logicalId, physicalId, replacement = 'never', policyAction } = change;
      const path = `${prefix}${logicalId}`;
      const inside = change.inside
        ? await inChanges(port, change.inside, [undefined, undefined], `${path}/`)
        : [];
      const gone = action === 'remove' || (action === 'modify' && replacement !== 'never');
      if (!gone) return inside;
      const definition = (action === 'remove' ? before : after)(logicalId);
      const loss = dataLoss({ action, type, replacement }, policiesOf(definition), {
        policyAction,
        ownInstance: isOwnInstance(definition),
      });
      const below =
        type === NESTED && action === 'remove' && physicalId && policyAction !== 'Retain'
          ? await inStack(port, physicalId, `${path}/`, 0)
          : [];
      const because = (change.details ?? [])
        .filter((detail) => detail.replacement !== 'never')
        .map((detail) => detail.path.replace(/^\/(?:Properties\/)?/, ''));
      return [
        {
          path,
          type,
          ...(physicalId ? { physicalId } : {}),
          what: action === 'remove' ? 'deleted' : replacement === 'always' ? 'replaced' : 'perhaps replaced',
          ...(loss ? { loss } : {}),
          because: [...new Set(because)],
        },
        ...inside,
        ...below,
      ];
    }),
  );
  return found.flat();
}

/** Everything in a nested stack that goes with it. */
async function inStack(port: StacksPort, stack: string, prefix: string, depth: number): Promise<Affected[]> {
  if (depth > DEEPEST) return [];
  const [resources, text] = await Promise.all([port.resources(stack), port.template(stack)]);
  const definitionOf = definitionIn(text);
  const found = await Promise.all(
    resources.map(async ({ logicalId, physicalId, type }): Promise<Affected[]> => {
      const definition = definitionOf(logicalId);
      const policies = policiesOf(definition);
      const loss = dataLoss({ action: 'remove', type }, policies, { ownInstance: isOwnInstance(definition) });
      const path = `${prefix}${logicalId}`;
      const below =
        type === NESTED && policies.deletion !== 'Retain'
          ? await inStack(port, physicalId, `${path}/`, depth + 1)
          : [];
      return [{ path, type, physicalId, what: 'deleted', ...(loss ? { loss } : {}), because: [] }, ...below];
    }),
  );
  return found.flat();
}

/** The definition of a resource in a text; undefined where either is missing. */
function definitionIn(text: string | undefined): (logicalId: string) => Definition | undefined {
  const all = text === undefined ? undefined : resourcesOf(readTemplate('template', text));
  return (logicalId) => {
    const found = all?.get(logicalId);
    return found !== undefined && isTree(found) ? found : undefined;
  };
}
