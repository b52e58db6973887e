import type { ChangeDetail } from '../port.ts';
import type { Replacement } from './facts.ts';
import { isHidden, type Level } from './level.ts';
import type { SeenChange } from './look.ts';
import { dataLoss } from './loss.ts';
import { isOwnInstance, policiesOf, strongest } from './resources.ts';
import { HIDDEN, type PropertyDiff, type ResourceDiff } from './types.ts';

const NESTED = 'AWS::CloudFormation::Stack';

/**
 * The resources of a level and of those nested in it, in one list. AWS's change set says what happens, where
 * there is one; the templates say what AWS leaves out: values, and what a change means.
 */
export function resourcesIn(
  level: Level | undefined,
  changes: readonly SeenChange[] | undefined,
  prefix = '',
): ResourceDiff[] {
  if (!changes) return byTemplate(level, prefix);
  return changes.flatMap((change) => {
    const here = fromChange(change, level);
    const inner = level?.nested.get(change.logicalId);
    const inside =
      change.type === NESTED && (change.inside || inner)
        ? resourcesIn(inner, change.inside, `${prefix}${change.logicalId}/`)
        : [];
    return [...(here ? [{ ...here, path: `${prefix}${change.logicalId}` }] : []), ...inside];
  });
}

function byTemplate(level: Level | undefined, prefix: string): ResourceDiff[] {
  const here = level?.resources ?? [];
  const inside = (id: string) => {
    const inner = level?.nested.get(id);
    return inner ? resourcesIn(inner, undefined, `${prefix}${id}/`) : [];
  };
  const listed = new Set(here.map(({ logicalId }) => logicalId));
  return [
    ...here.flatMap((diff) => [{ ...diff, path: `${prefix}${diff.logicalId}` }, ...inside(diff.logicalId)]),
    ...[...(level?.nested.keys() ?? [])].filter((id) => !listed.has(id)).flatMap(inside),
  ];
}

function fromChange(change: SeenChange, level: Level | undefined): ResourceDiff | undefined {
  const written = level?.resources.find(({ logicalId }) => logicalId === change.logicalId);
  if (change.action === 'sync') return undefined;
  const action = change.action === 'dynamic' ? 'modify' : change.action;
  const properties = action === 'modify' ? propertiesOf(change, level, written) : [];
  // A nested stack is always among the changes, and an emulator names what it has not compared.
  const isSaid = (change.details ?? []).some(({ because }) => because !== 'AWS itself');
  if (action === 'modify' && !isSaid && !written) return undefined;
  const replacement = action === 'modify' ? replacementOf(change, properties, written) : 'never';
  const definition = (action === 'remove' ? level?.before : level?.after)?.resources.get(change.logicalId);
  const loss = dataLoss({ action, type: change.type, replacement }, policiesOf(definition), {
    policyAction: change.policyAction,
    ownInstance: isOwnInstance(definition),
  });
  return {
    action,
    path: change.logicalId,
    logicalId: change.logicalId,
    type: change.type,
    ...(change.physicalId ? { physicalId: change.physicalId } : {}),
    replacement,
    ...(loss ? { dataLoss: loss } : {}),
    properties,
    widened: written?.widened ?? [],
  };
}

/** AWS's word; what it holds for possible is sure where the templates show both values. */
function replacementOf(
  { replacement, details }: SeenChange,
  properties: readonly PropertyDiff[],
  written: ResourceDiff | undefined,
): Replacement {
  if (!details) return strongest([replacement ?? 'never', written?.replacement ?? 'never']);
  const said = replacement ?? strongest(properties.map((one) => one.replacement));
  return said === 'conditional' && properties.some(isSure) ? 'always' : said;
}

function isSure({ replacement, before, after, unknown, because }: PropertyDiff): boolean {
  const known = (value: string | undefined) =>
    value !== undefined && value !== HIDDEN && !value.startsWith('!');
  return (
    replacement === 'always' && !unknown && !because && known(before) && known(after) && before !== after
  );
}

/** What AWS names, and for what it gives no values, those of the templates. */
function propertiesOf(
  change: SeenChange,
  level: Level | undefined,
  written: ResourceDiff | undefined,
): PropertyDiff[] {
  const details = onePerPath((change.details ?? []).filter(({ because }) => because !== 'AWS itself'));
  if (details.length === 0) return [...(written?.properties ?? [])];
  return details.flatMap((detail): PropertyDiff[] => {
    const common = {
      replacement: detail.replacement,
      ...(detail.because ? { because: detail.because } : {}),
    };
    if (detail.before === undefined && detail.after === undefined) {
      const known = (written?.properties ?? []).filter(({ path }) => isWithin(path, detail.path));
      if (known.length > 0)
        return known.map((one) => ({
          ...one,
          replacement: strongest([one.replacement, detail.replacement]),
        }));
    }
    const hidden = level === undefined || isHidden(level, change.logicalId, detail.path);
    const shown = (value: string | undefined) => (hidden ? HIDDEN : value);
    return [
      {
        path: detail.path,
        ...(detail.before === undefined ? {} : { before: shown(detail.before) as string }),
        ...(detail.after === undefined ? {} : { after: shown(detail.after) as string }),
        ...common,
        ...(detail.dynamic && detail.after === undefined ? { unknown: true as const } : {}),
      },
    ];
  });
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}/`);
}

/** AWS tells a property several times, once for each thing that makes it change: the surest says it. */
function onePerPath(details: readonly ChangeDetail[]): ChangeDetail[] {
  const found = new Map<string, ChangeDetail>();
  for (const detail of details) {
    const known = found.get(detail.path);
    const surer = !known || (known.dynamic && !detail.dynamic);
    const base = surer ? { ...known, ...detail } : { ...detail, ...known };
    found.set(detail.path, {
      ...base,
      replacement: strongest([detail.replacement, known?.replacement ?? 'never']),
    });
  }
  return [...found.values()];
}
