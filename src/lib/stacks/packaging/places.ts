import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { isMap, isScalar, isSeq } from 'yaml';
import { LANGUAGE_EXTENSIONS, NESTED, SAM, type Template } from '../template/template.ts';
import { child, entries, intrinsic, keyOf, scalarText } from '../template/yaml.ts';
import { GLOBALS, type Kind, type Row, TABLE, uri, type Written } from './table.ts';

const INCLUDE = 'AWS::Include';

/** A local path, and where in the template's text it is named. */
export interface Place {
  readonly template: Template;
  /** Absolute. */
  readonly path: string;
  readonly kind: Kind;
  readonly written: Written;
  /** Offsets in the text of the value to replace. */
  readonly from: number;
  readonly to: number;
  /** The node of a nested stack's properties. */
  readonly properties?: unknown;
}

export interface Places {
  /** In the order of the text. */
  readonly places: readonly Place[];
  /**
   * Whether what becomes of the template depends on more than its text and what it names on this machine: a
   * macro, a nested template or an include that is somewhere else.
   */
  readonly open: boolean;
}

const known = new WeakMap<Template, Places>();

/** The local paths of a template. Reads no file. */
export function placesIn(template: Template): Places {
  const before = known.get(template);
  if (before) return before;
  const found = find(template);
  known.set(template, found);
  return found;
}

/** A path as its template would name it. */
export function nameOf(template: Template, path: string): string {
  return relative(dirname(template.file), path) || '.';
}

function find(template: Template): Places {
  const { root } = template.tree;
  const found: Place[] = [];
  const take = (node: unknown, row: Pick<Row, 'kind' | 'written'>, properties?: unknown): boolean => {
    const named = localText(node);
    if (!named) return false;
    const path = isAbsolute(named.text) ? named.text : resolve(dirname(template.file), named.text);
    const { kind, written } = row;
    // A block scalar (`>-`) counts the end of its last line as its own; what stands for it must not.
    const to = named.from + template.text.slice(named.from, named.to).trimEnd().length;
    found.push({ template, path, kind, written, from: named.from, to, properties });
    return true;
  };
  let open = template.transforms.some((name) => ![SAM, LANGUAGE_EXTENSIONS, INCLUDE].includes(name));

  for (const resource of resourcesIn(child(root, 'Resources'))) {
    const type = scalarText(child(resource, 'Type')) ?? '';
    const properties = child(resource, 'Properties');
    for (const row of TABLE) {
      if (row.type !== type) continue;
      const nested = NESTED.has(type);
      const values = valuesAt(properties, row.path);
      const taken = values.map((node) => take(node, row, nested ? properties : undefined));
      if (nested && (values.length === 0 || taken.includes(false))) open = true;
    }
  }
  for (const row of TABLE) {
    const section = GLOBALS[row.type];
    if (!section) continue;
    for (const node of valuesAt(child(child(root, 'Globals'), section), row.path)) take(node, row);
  }
  for (const call of transformsIn(root)) {
    const isInclude = scalarText(child(call, 'Name')) === INCLUDE;
    const values = isInclude ? valuesAt(child(call, 'Parameters'), ['Location']) : [];
    const taken = values.map((node) => take(node, { kind: 'snippet', written: uri }));
    if (values.length === 0 || taken.includes(false)) open = true;
  }
  return { places: found.toSorted((a, b) => a.from - b.from), open };
}

/** The resources, those in a loop of AWS::LanguageExtensions (`Fn::ForEach::Name: [id, list, body]`) too. */
function resourcesIn(section: unknown): unknown[] {
  return entries(section).flatMap(({ key, value }) => {
    if (key.startsWith('Fn::ForEach::')) return isSeq(value) ? resourcesIn(value.items[2]) : [];
    return isMap(value) ? [value] : [];
  });
}

/** The nodes at a path; where an `Fn::If` chooses, those of both sides. */
function valuesAt(node: unknown, [head, ...rest]: readonly string[]): unknown[] {
  const sides = sidesOf(node);
  if (head === undefined) return sides;
  return sides.flatMap((side) => {
    const next = head === '*' ? entries(side).map(({ value }) => value) : [child(side, head)];
    return next.filter((one) => one !== undefined && one !== null).flatMap((one) => valuesAt(one, rest));
  });
}

function sidesOf(node: unknown): unknown[] {
  const called = intrinsic(node);
  if (called?.name !== 'Fn::If' || !isSeq(called.argument)) return [node];
  return called.argument.items.slice(1, 3).flatMap(sidesOf);
}

/** Every call of a macro: `Fn::Transform` anywhere, and `Transform` at the top. */
function transformsIn(root: unknown): unknown[] {
  const calls: unknown[] = [];
  const add = (value: unknown) => {
    for (const call of isSeq(value) ? value.items : [value]) if (isMap(call)) calls.push(call);
  };
  add(child(root, 'Transform'));
  const walk = (node: unknown) => {
    if (isMap(node)) {
      if (node.tag === '!Transform') calls.push(node);
      for (const pair of node.items) {
        if (keyOf(pair) === 'Fn::Transform') add(pair.value);
        walk(pair.value);
      }
    } else if (isSeq(node)) for (const item of node.items) walk(item);
  };
  walk(root);
  return calls;
}

/**
 * A value that is a path of this machine: no call of a function, no address, no name that is put together
 * later (a loop's variable, a dynamic reference).
 */
function localText(node: unknown): { text: string; from: number; to: number } | undefined {
  if (!isScalar(node) || node.tag?.startsWith('!') || !node.range) return undefined;
  const text = scalarText(node);
  if (!text || /^(s3|https?|arn):/i.test(text) || /[$&]\{|\{\{resolve:/.test(text)) return undefined;
  return { text, from: node.range[0], to: node.range[1] };
}
