import { evaluate, holds, isKnown, isTree, type Scope } from '../diff/evaluate.ts';
import { sideOf } from '../diff/resources.ts';
import type { Template } from './template.ts';
import { child, type Plain, plain } from './yaml.ts';

/** An output that other stacks can import by a name. */
export interface Exported {
  readonly output: string;
  /** Undefined where the name rests on something that only AWS knows. */
  readonly name: string | undefined;
  /** Its value as far as it can be told, references left as they are written. */
  readonly value: Plain;
}

/** What a template gives to other stacks and takes from them by name, as far as it can be told. */
export interface Wires {
  readonly exports: readonly Exported[];
  /** Names of exports that it imports. */
  readonly imports: readonly string[];
}

/**
 * Reads the exports and imports of a template (`Export`, `Fn::ImportValue`). Pure.
 *
 * @param parameters values that are known; undefined: a secret, or known only when it is deployed
 * @param names what `Ref` gives beside: `AWS::StackName`, `AWS::Region`
 */
export function wiresOf(
  template: Template,
  parameters: Readonly<Record<string, string | undefined>>,
  names: ReadonlyMap<string, string>,
): Wires {
  const given = Object.entries(parameters);
  const known = Object.fromEntries(
    given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const open = new Set(given.filter(([, value]) => value === undefined).map(([name]) => name));
  const { scope, resources } = sideOf(template, known, open, names);
  const outputs = plain(child(template.tree.root, 'Outputs') ?? null);
  const imports = new Set<string>();
  for (const node of [...resources.values(), outputs]) collectImports(node, scope, imports);
  return { exports: isTree(outputs) ? exportsOf(outputs, scope) : [], imports: [...imports] };
}

function exportsOf(outputs: { readonly [key: string]: Plain }, scope: Scope): Exported[] {
  return Object.entries(outputs).flatMap(([output, written]): Exported[] => {
    if (!isTree(written) || !isTree(written.Export)) return [];
    const { Condition: condition } = written;
    if (typeof condition === 'string' && holds(condition, scope) === false) return [];
    const name = evaluate(written.Export.Name ?? null, scope);
    const value = evaluate(written.Value ?? null, scope) ?? null;
    return [{ output, name: isKnown(name) && name !== null ? String(name) : undefined, value }];
  });
}

function collectImports(node: Plain, scope: Scope, found: Set<string>): void {
  if (Array.isArray(node)) for (const item of node) collectImports(item as Plain, scope, found);
  if (!isTree(node)) return;
  for (const [key, value] of Object.entries(node)) {
    if (key === 'Fn::ImportValue') {
      const name = evaluate(value, scope);
      if (typeof name === 'string') found.add(name);
    }
    collectImports(value, scope, found);
  }
}
