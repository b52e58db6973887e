import { isDeepStrictEqual } from 'node:util';
import { callOf, isKnown, isTree } from '../diff/evaluate.ts';
import { sideOf } from '../diff/resources.ts';
import { inline } from '../diff/values.ts';
import { resourcesOf, type Template } from '../template/template.ts';
import type { Plain } from '../template/yaml.ts';

/** What the template on this machine says of a property, as far as reading tells. */
export type LocalValue =
  /** It would be this, in AWS's way of writing values. */
  | { readonly is: 'value'; readonly text: string }
  /** It says what the deployed one says, although only AWS knows the value. */
  | { readonly is: 'as-deployed' }
  /** It says something else than the deployed one, and only AWS knows the value: the expression. */
  | { readonly is: 'expression'; readonly text: string }
  /** The template does not say anything of the property, or does not have the resource. */
  | { readonly is: 'absent' };

/** What is known of the values that a template takes. */
export interface LocalScope {
  readonly template: Template;
  /** Parameters as the configuration gives them; undefined: known only when it is deployed, or a secret. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** The template that was deployed, as it was sent. */
  readonly deployed: Template | undefined;
  /** What `Ref` gives: physical ids of resources, `AWS::StackName` and others. */
  readonly names: ReadonlyMap<string, string>;
}

/** Reads properties out of a template with its parameters put in. Pure. */
export class LocalTemplate {
  readonly #written: ReadonlyMap<string, Plain>;
  readonly #evaluated: ReadonlyMap<string, Plain>;
  readonly #deployed: ReadonlyMap<string, Plain>;

  constructor({ template, parameters, deployed, names }: LocalScope) {
    const given = Object.entries(parameters);
    const known = Object.fromEntries(
      given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    const open = new Set(given.filter(([, value]) => value === undefined).map(([name]) => name));
    this.#written = resourcesOf(template);
    this.#evaluated = sideOf(template, known, open, names).resources;
    this.#deployed = deployed ? resourcesOf(deployed) : new Map();
  }

  /** Whether the template makes it: a resource whose condition does not hold is not in it. */
  has(logicalId: string): boolean {
    return this.#evaluated.has(logicalId);
  }

  valueOf(logicalId: string, path: readonly string[]): LocalValue {
    const node = along(this.#evaluated.get(logicalId), ['Properties', ...path]);
    if (node === undefined) return { is: 'absent' };
    if (node.whole && isKnown(node.value) && !JSON.stringify(node.value).includes('{{resolve:'))
      return { is: 'value', text: textOf(node.value) };
    const now = along(this.#written.get(logicalId), ['Properties', ...path]);
    const before = along(this.#deployed.get(logicalId), ['Properties', ...path]);
    if (now && before && isDeepStrictEqual(before.value, now.value)) return { is: 'as-deployed' };
    return { is: 'expression', text: inline(node.value) };
  }
}

function textOf(value: Plain): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** The node at a path; where a call stands on the way, that call, and that it is not the whole answer. */
function along(
  node: Plain | undefined,
  path: readonly string[],
): { readonly value: Plain; readonly whole: boolean } | undefined {
  let here = node;
  for (const step of path) {
    if (callOf(here)) return { value: here as Plain, whole: false };
    if (Array.isArray(here)) here = here[Number(step)] as Plain | undefined;
    else here = isTree(here) && Object.hasOwn(here, step) ? here[step] : undefined;
    if (here === undefined) return undefined;
  }
  return here === undefined ? undefined : { value: here, whole: true };
}
