import { isStoreType } from '../template/parameters.ts';
import { resourcesOf, type Template } from '../template/template.ts';
import { child, type Plain, plain } from '../template/yaml.ts';
import { callOf, evaluate, holds, isTree, type Scope } from './evaluate.ts';
import { type Replacement, replacementOf } from './facts.ts';
import { dataLoss, type Policies } from './loss.ts';
import { widenedNetwork } from './network.ts';
import { widenedRights } from './permissions.ts';
import type { PropertyDiff, ResourceDiff } from './types.ts';
import { differences, inline } from './values.ts';

type Tree = { readonly [key: string]: Plain };

/** A template with the values of its parameters: one side of a comparison. */
export interface Side {
  readonly template: Template;
  readonly scope: Scope;
  /** The resources whose condition holds, or may hold, with all that is known put in. */
  readonly resources: ReadonlyMap<string, Tree>;
}

/**
 * A template with its values put in.
 *
 * @param values parameters as AWS shows them, or as they are to be
 * @param open parameters that stay as they are written: their value is secret, or not known yet
 */
export function sideOf(
  template: Template,
  values: Readonly<Record<string, string>>,
  open: ReadonlySet<string>,
  pseudo: ReadonlyMap<string, string> = new Map(),
): Side {
  const parameters = new Map<string, string>();
  const lists = new Set<string>();
  for (const [name, declared] of template.parameters) {
    if (/^(?:CommaDelimitedList|List<)/.test(declared.type)) lists.add(name);
    // The value of a parameter of the store is a name there, and what it stands for is AWS's to read.
    if (open.has(name) || declared.noEcho || isStoreType(declared.type)) continue;
    const value = Object.hasOwn(values, name) ? values[name] : declared.default;
    if (value !== undefined) parameters.set(name, value);
  }
  const section = (name: string): Tree => {
    const found = plain(child(template.tree.root, name) ?? null);
    return isTree(found) ? found : {};
  };
  const scope: Scope = {
    parameters,
    lists,
    pseudo,
    conditions: section('Conditions'),
    mappings: section('Mappings'),
  };
  const resources = new Map<string, Tree>();
  for (const [id, written] of resourcesOf(template)) {
    if (!isTree(written)) continue;
    const { Condition: condition, ...rest } = written;
    if (typeof condition === 'string' && holds(condition, scope) === false) continue;
    const found = evaluate(rest, scope);
    if (isTree(found)) resources.set(id, found);
  }
  return { template, scope, resources };
}

/** What each resource goes through, by the templates alone. `before` undefined: there is no stack. */
export function compareResources(before: Side | undefined, after: Side): ResourceDiff[] {
  const found = new Map<string, ResourceDiff>();
  for (const [id, definition] of after.resources) {
    const old = before?.resources.get(id);
    const diff = old === undefined ? added(id, definition) : modified(id, old, definition, before, after);
    if (diff) found.set(id, diff);
  }
  for (const [id, old] of before?.resources ?? [])
    if (!after.resources.has(id)) found.set(id, removed(id, old));
  return before ? withIndirect(found, after) : [...found.values()];
}

function added(id: string, definition: Tree): ResourceDiff {
  const type = typeOf(definition);
  return {
    action: 'add',
    path: id,
    logicalId: id,
    type,
    replacement: 'never',
    properties: [],
    widened: widening(type, undefined, definition.Properties),
  };
}

function removed(id: string, old: Tree): ResourceDiff {
  const type = typeOf(old);
  const loss = dataLoss({ action: 'remove', type }, policiesOf(old), { ownInstance: isOwnInstance(old) });
  return {
    action: 'remove',
    path: id,
    logicalId: id,
    type,
    replacement: 'never',
    ...(loss ? { dataLoss: loss } : {}),
    properties: [],
    widened: [],
  };
}

function modified(
  id: string,
  old: Tree,
  definition: Tree,
  before: Side | undefined,
  after: Side,
): ResourceDiff | undefined {
  const type = typeOf(definition);
  const properties = [
    ...differences(old, definition).map(
      ({ path, before: was, after: is }): PropertyDiff => ({
        path: `/${path.join('/')}`,
        ...(was === undefined ? {} : { before: inline(was) }),
        ...(is === undefined ? {} : { after: inline(is) }),
        replacement: attributeReplacement(type, path),
      }),
    ),
    ...globalDifferences(type, before, after),
  ];
  if (properties.length === 0) return undefined;
  return withProperties(
    {
      action: 'modify',
      path: id,
      logicalId: id,
      type,
      replacement: 'never',
      properties,
      widened: widening(type, old.Properties, definition.Properties),
    },
    policiesOf(definition),
  );
}

/** The diff with what its properties mean for the whole resource. */
function withProperties(diff: ResourceDiff, policies: Policies): ResourceDiff {
  const replacement = strongest(diff.properties.map((property) => property.replacement));
  const loss = dataLoss({ ...diff, replacement }, policies);
  return { ...diff, replacement, ...(loss ? { dataLoss: loss } : {}) };
}

export function strongest(all: readonly Replacement[]): Replacement {
  if (all.includes('always')) return 'always';
  return all.includes('conditional') ? 'conditional' : 'never';
}

function attributeReplacement(type: string, [attribute, ...path]: readonly string[]): Replacement {
  if (attribute === 'Type') return 'always';
  if (attribute !== 'Properties') return 'never';
  return path.length === 0 ? 'conditional' : replacementOf(type, path);
}

/** SAM's defaults for all resources of a type stand outside of them. */
function globalDifferences(type: string, before: Side | undefined, after: Side): PropertyDiff[] {
  const section = /^AWS::Serverless::(\w+)$/.exec(type)?.[1];
  if (!section || !before) return [];
  const of = ({ template, scope }: Side) =>
    evaluate(plain(child(child(template.tree.root, 'Globals'), section) ?? {}), scope);
  return differences(of(before), of(after)).map(({ path, before: was, after: is }) => ({
    path: `/Globals/${[section, ...path].join('/')}`,
    ...(was === undefined ? {} : { before: inline(was) }),
    ...(is === undefined ? {} : { after: inline(is) }),
    replacement: replacementOf(type, path),
  }));
}

/**
 * A resource that is made anew has another name or ARN, so those that refer to it change too, and so on:
 * AWS tells that as a change that may be one.
 */
function withIndirect(found: Map<string, ResourceDiff>, after: Side): ResourceDiff[] {
  const done = new Set<string>();
  for (;;) {
    const next = [...found.values()].find(
      ({ logicalId, action, replacement }) =>
        action === 'modify' && replacement !== 'never' && !done.has(logicalId),
    );
    if (!next) return [...found.values()];
    done.add(next.logicalId);
    for (const [id, definition] of after.resources) {
      if (id === next.logicalId || found.get(id)?.action === 'add') continue;
      const touched = mentions(definition.Properties ?? {}, next.logicalId);
      const known = found.get(id);
      const fresh = touched
        .map((path) => indirect(typeOf(definition), path, next.logicalId))
        .filter((one) => !known?.properties.some(({ path }) => path === one.path));
      if (fresh.length === 0) continue;
      const diff: ResourceDiff = known ?? {
        action: 'modify',
        path: id,
        logicalId: id,
        type: typeOf(definition),
        replacement: 'never',
        properties: [],
        widened: [],
      };
      found.set(
        id,
        withProperties({ ...diff, properties: [...diff.properties, ...fresh] }, policiesOf(definition)),
      );
    }
  }
}

function indirect(type: string, path: readonly string[], because: string): PropertyDiff {
  const replacement = replacementOf(type, path) === 'never' ? 'never' : 'conditional';
  return { path: `/Properties/${path.join('/')}`, replacement, unknown: true, because };
}

/** The places in a value that refer to a resource. */
export function mentions(value: Plain, id: string, path: readonly string[] = []): (readonly string[])[] {
  const called = callOf(value);
  if (called) {
    const [name, argument] = called;
    const direct =
      (name === 'Ref' && argument === id) ||
      (name === 'Fn::GetAtt' && Array.isArray(argument) && argument[0] === id) ||
      (name === 'Fn::Sub' && subMentions(argument, id));
    if (direct) return [path];
    return name !== 'Ref' && mentions(argument, id).length > 0 ? [path] : [];
  }
  if (Array.isArray(value))
    return value.flatMap((item: Plain, at) => mentions(item, id, [...path, String(at)]));
  if (!isTree(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => mentions(item, id, [...path, key]));
}

function subMentions(argument: Plain, id: string): boolean {
  const text = Array.isArray(argument) ? argument[0] : argument;
  if (typeof text !== 'string') return false;
  return [...text.matchAll(/\$\{([^!}][^}]*)\}/g)].some(([, name = '']) => name.trim().split('.')[0] === id);
}

export function typeOf(definition: Tree | undefined): string {
  return typeof definition?.Type === 'string' ? definition.Type : '';
}

export function policiesOf(definition: Tree | undefined): Policies {
  const text = (value: Plain | undefined) => (typeof value === 'string' ? value : undefined);
  return { deletion: text(definition?.DeletionPolicy), replacement: text(definition?.UpdateReplacePolicy) };
}

/** Whether a database instance is in no cluster, by its definition. */
export function isOwnInstance(definition: Tree | undefined): boolean {
  return !(isTree(definition?.Properties) && 'DBClusterIdentifier' in definition.Properties);
}

export function widening(type: string, before: Plain | undefined, after: Plain | undefined) {
  return [...widenedRights(type, before, after), ...widenedNetwork(type, before, after)];
}
