import { evaluate, isTree } from './diff/evaluate.ts';
import type { Level } from './diff/level.ts';
import { levelOf } from './diff/level.ts';
import { type Side, sideOf, typeOf } from './diff/resources.ts';
import { loadTemplate } from './template/load.ts';
import { child, type Plain, plain } from './template/yaml.ts';

/** A resource of a template, as far as its values are known: what is not stays a call such as `{Ref: 'X'}`. */
export interface InventoryItem {
  readonly type: string;
  readonly properties: { readonly [name: string]: Plain };
}

/** All that a stack is made of, by logical id; of a nested stack: `Storage/Table`. */
export type Inventory = ReadonlyMap<string, InventoryItem>;

const NESTED = 'AWS::CloudFormation::Stack';

export interface InventoryOrder {
  /** Absolute path. */
  readonly templateFile: string;
  /** Parameters as far as they are known; the others have their default, or stay open. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Parameters that have a value which nobody knows yet: not their default. */
  readonly open: readonly string[];
  readonly region: string;
}

/**
 * What a template would make, told by reading it and the nested ones that it names on this machine.
 *
 * @throws UsageError as `loadTemplate`
 */
export async function readInventory(order: InventoryOrder): Promise<Inventory> {
  const template = await loadTemplate(order.templateFile);
  const after = sideOf(
    template,
    order.parameters,
    new Set(order.open),
    new Map([['AWS::Region', order.region]]),
  );
  const nothing = { stack: undefined, before: undefined, secrets: new Set<string>() };
  const level = await levelOf(undefined, {
    ...nothing,
    after,
    local: template,
    textOf: (one) => one.text,
  });
  return inventoryOf(level, 'after');
}

/** One side of a comparison, nested stacks in the place of the resources that stand for them. */
export function inventoryOf(level: Level | undefined, which: 'before' | 'after', prefix = ''): Inventory {
  const side = level?.[which];
  const found = new Map<string, InventoryItem>();
  for (const [id, definition] of side?.resources ?? []) {
    const path = `${prefix}${id}`;
    const type = typeOf(definition);
    const nested = type === NESTED ? level?.nested.get(id) : undefined;
    if (nested?.[which]) {
      for (const [inner, item] of inventoryOf(nested, which, `${path}/`)) found.set(inner, item);
      continue;
    }
    const own = isTree(definition.Properties) ? definition.Properties : {};
    found.set(path, { type, properties: { ...globalsOf(side, type), ...own } });
  }
  return found;
}

/** The same of one side alone, without what nested stacks are made of. */
export function flatInventory(side: Side | undefined): Inventory {
  const alone = { before: undefined, resources: [], secrets: new Set<string>(), nested: new Map() };
  return inventoryOf({ ...alone, after: side }, 'after');
}

/** SAM's defaults for all resources of a type. */
function globalsOf(side: Side | undefined, type: string): InventoryItem['properties'] {
  const section = /^AWS::Serverless::(\w+)$/.exec(type)?.[1];
  if (!side || !section) return {};
  const written = child(child(side.template.tree.root, 'Globals'), section);
  const found = evaluate(plain(written ?? {}), side.scope);
  return isTree(found) ? found : {};
}
