import type { Plain } from '../template/yaml.ts';
import { splitAttribute } from '../template/yaml.ts';

/**
 * A template's values as far as they can be worked out without AWS: parameters, conditions and mappings are
 * put in; references to resources and what is not known stay as they are written. Pure.
 */

type Tree = { readonly [key: string]: Plain };

export interface Scope {
  /** Values of parameters. One that is missing here is unknown, or a secret: its references stay. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Parameters that are lists: their text is split at commas. */
  readonly lists: ReadonlySet<string>;
  readonly conditions: Tree;
  readonly mappings: Tree;
  /** `AWS::Region` and others, as far as they are known. */
  readonly pseudo: ReadonlyMap<string, string>;
}

const NOTHING = Symbol('AWS::NoValue');
type Value = Plain | typeof NOTHING;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value with all that is known put in; undefined where it comes out as `AWS::NoValue`. */
export function evaluate(value: Plain, scope: Scope): Plain | undefined {
  const found = resolve(value, scope);
  return found === NOTHING ? undefined : found;
}

/** Whether a condition of the template holds; undefined where that rests on something unknown. */
export function holds(name: string, scope: Scope, depth = 0): boolean | undefined {
  const condition = scope.conditions[name];
  // Conditions cannot rest on themselves; a template that says so is AWS's to refuse.
  return condition === undefined || depth > 50 ? undefined : truth(condition, scope, depth);
}

function truth(condition: Plain, scope: Scope, depth: number): boolean | undefined {
  const [name, argument] = callOf(condition) ?? [];
  const each = () =>
    Array.isArray(argument) ? argument.map((one: Plain) => truth(one, scope, depth + 1)) : [undefined];
  switch (name) {
    case 'Condition':
      return typeof argument === 'string' ? holds(argument, scope, depth + 1) : undefined;
    case 'Fn::Not': {
      const [inner] = each();
      return inner === undefined ? undefined : !inner;
    }
    case 'Fn::And': {
      const all = each();
      if (all.includes(false)) return false;
      return all.includes(undefined) ? undefined : true;
    }
    case 'Fn::Or': {
      const all = each();
      if (all.includes(true)) return true;
      return all.includes(undefined) ? undefined : false;
    }
    case 'Fn::Equals': {
      if (!Array.isArray(argument)) return undefined;
      const [a, b] = argument.map((one: Plain) => resolve(one, scope));
      return isKnown(a) && isKnown(b) ? text(a) === text(b) : undefined;
    }
    default:
      return undefined;
  }
}

/** The call that a plain value is: `{Ref: 'X'}`, `{'Fn::Sub': …}`, and in a condition `{Condition: …}`. */
export function callOf(value: unknown): readonly [name: string, argument: Plain] | undefined {
  if (!isTree(value)) return undefined;
  const keys = Object.keys(value);
  const [name] = keys;
  if (keys.length !== 1 || name === undefined) return undefined;
  if (name !== 'Ref' && name !== 'Condition' && !name.startsWith('Fn::')) return undefined;
  return [name, value[name] as Plain];
}

/** Whether nothing in a value is left to be worked out. */
export function isKnown(value: unknown): boolean {
  if (value === undefined || value === NOTHING) return false;
  if (Array.isArray(value)) return value.every(isKnown);
  if (!isTree(value)) return true;
  const called = callOf(value);
  if (called && called[0] !== 'Condition') return false;
  return Object.values(value).every(isKnown);
}

function resolve(value: Plain, scope: Scope): Value {
  if (Array.isArray(value))
    return value.map((item: Plain) => resolve(item, scope)).filter((item): item is Plain => item !== NOTHING);
  if (!isTree(value)) return value;
  const called = callOf(value);
  if (called && called[0] !== 'Condition') return call(called[0], called[1], scope);
  const made: Record<string, Plain> = {};
  for (const [key, item] of Object.entries(value)) {
    const found = resolve(item, scope);
    if (found !== NOTHING) made[key] = found;
  }
  return made;
}

function call(name: string, argument: Plain, scope: Scope): Value {
  switch (name) {
    case 'Ref':
      return typeof argument === 'string' ? reference(argument, scope) : { Ref: argument };
    case 'Fn::GetAtt':
      return { [name]: typeof argument === 'string' ? splitAttribute(argument) : argument };
    case 'Fn::If':
      return choose(argument, scope);
    case 'Fn::Sub':
      return substitute(argument, scope);
    case 'Fn::Join':
      return join(argument, scope);
    case 'Fn::Select':
      return select(argument, scope);
    case 'Fn::Split':
      return split(argument, scope);
    case 'Fn::FindInMap':
      return findInMap(argument, scope);
    default: {
      const inner = resolve(argument, scope);
      return { [name]: inner === NOTHING ? null : inner };
    }
  }
}

function reference(name: string, scope: Scope): Value {
  if (name === 'AWS::NoValue') return NOTHING;
  const given = scope.parameters.get(name);
  if (given === undefined) return scope.pseudo.get(name) ?? { Ref: name };
  return scope.lists.has(name) ? given.split(',').map((item) => item.trim()) : given;
}

function choose(argument: Plain, scope: Scope): Value {
  if (!Array.isArray(argument)) return { 'Fn::If': argument };
  const [condition, yes, no] = argument as readonly Plain[];
  const held = typeof condition === 'string' ? holds(condition, scope) : undefined;
  if (held !== undefined) return resolve((held ? yes : no) ?? null, scope);
  const side = (one: Plain | undefined): Plain => {
    const found = resolve(one ?? null, scope);
    return found === NOTHING ? { Ref: 'AWS::NoValue' } : found;
  };
  return { 'Fn::If': [condition ?? null, side(yes), side(no)] };
}

function substitute(argument: Plain, scope: Scope): Value {
  const [written, own] = Array.isArray(argument) ? (argument as readonly Plain[]) : [argument, {}];
  if (typeof written !== 'string') return { 'Fn::Sub': argument };
  const variables = isTree(own) ? own : {};
  const left: Record<string, Plain> = {};
  let open = false;
  const made = written.replace(/\$\{([^!${}][^${}]*)\}/g, (whole, raw: string) => {
    const name = raw.trim();
    const isOwn = Object.hasOwn(variables, name);
    const found = isOwn
      ? resolve(variables[name] ?? null, scope)
      : name.includes('.')
        ? undefined
        : reference(name, scope);
    if (found !== undefined && isKnown(found)) return text(found);
    if (isOwn && found !== undefined && found !== NOTHING) left[name] = found;
    open = true;
    return whole;
  });
  if (!open) return made.replace(/(\$\{)!/g, '$1');
  return { 'Fn::Sub': Object.keys(left).length > 0 ? [made, left] : made };
}

function join(argument: Plain, scope: Scope): Value {
  const found = resolve(argument, scope);
  if (Array.isArray(found)) {
    const [separator, parts] = found as readonly Plain[];
    if (typeof separator === 'string' && Array.isArray(parts) && isKnown(parts))
      return parts.map(text).join(separator);
  }
  return { 'Fn::Join': found === NOTHING ? null : found };
}

function select(argument: Plain, scope: Scope): Value {
  const found = resolve(argument, scope);
  if (Array.isArray(found)) {
    const [index, items] = found as readonly Plain[];
    const item = Array.isArray(items) ? (items[Number(index)] as Plain | undefined) : undefined;
    if (item !== undefined) return item;
  }
  return { 'Fn::Select': found === NOTHING ? null : found };
}

function split(argument: Plain, scope: Scope): Value {
  const found = resolve(argument, scope);
  if (Array.isArray(found)) {
    const [separator, whole] = found as readonly Plain[];
    if (typeof separator === 'string' && typeof whole === 'string') return whole.split(separator);
  }
  return { 'Fn::Split': found === NOTHING ? null : found };
}

function findInMap(argument: Plain, scope: Scope): Value {
  const found = resolve(argument, scope);
  if (Array.isArray(found) && isKnown(found)) {
    const [map, first, second] = found.map(text);
    const row = isTree(scope.mappings[map ?? ''])
      ? (scope.mappings[map ?? ''] as Tree)[first ?? '']
      : undefined;
    const value = isTree(row) ? row[second ?? ''] : undefined;
    if (value !== undefined) return value;
  }
  return { 'Fn::FindInMap': found === NOTHING ? null : found };
}

function text(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
