import type { StackState } from '../port.ts';
import { isStoreType } from '../template/parameters.ts';
import { readTemplate, type Template } from '../template/template.ts';
import { type Plain, plain } from '../template/yaml.ts';
import type { StackSpec } from '../types.ts';

/** How a stack differs from what is wanted, as far as reading can tell. Names only, never values. */
export interface Difference {
  readonly template: boolean;
  readonly parameters: readonly string[];
  readonly tags: readonly string[];
  /** Parameters that reading cannot compare. */
  readonly undecided: readonly string[];
}

/**
 * Whether AWS's copy is the wanted text. CloudFormation keeps a template as it was sent, but for line
 * ends, space at the end, and every character outside ASCII, which it may give back as `?`.
 */
export function sameTemplate(deployed: string, wanted: string): boolean {
  const a = trimmed(deployed);
  const b = trimmed(wanted);
  if (a === b) return true;
  // With `?` in place of what was there, two texts that differ look alike. In a comment that does not
  // matter; in a value it does, and then a change set has to decide.
  return a === b.replace(/[^\0-\x7f]/gu, '?') && isAscii(JSON.stringify(plainOf(wanted)));
}

function trimmed(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

function plainOf(text: string): Plain {
  return plain(readTemplate('template', text).tree.root);
}

/** Compares parameters and tags. `unknown` are parameters whose wanted value is not known yet. */
export function compareSettings(
  template: Pick<Template, 'parameters'>,
  state: StackState,
  spec: Pick<StackSpec, 'parameters' | 'tags' | 'previous'>,
  unknown: readonly string[] = [],
): Pick<Difference, 'parameters' | 'tags' | 'undecided'> {
  const changed: string[] = [];
  const undecided: string[] = [];
  for (const [name, declared] of template.parameters) {
    const wanted = spec.parameters[name]?.value ?? declared.default;
    const deployed = state.parameters[name];
    if (deployed === undefined) changed.push(name);
    else if (spec.previous?.includes(name)) continue;
    else if (unknown.includes(name) || declared.noEcho || isStoreType(declared.type)) undecided.push(name);
    else if (wanted !== deployed) changed.push(name);
  }
  for (const name of Object.keys(state.parameters)) if (!template.parameters.has(name)) changed.push(name);
  return { parameters: changed, undecided, tags: differingTags(state.tags, spec.tags) };
}

function differingTags(
  deployed: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): string[] {
  const keys = new Set([...Object.keys(deployed), ...Object.keys(wanted)]);
  // AWS's own tags cannot be set.
  return [...keys].filter((key) => !key.startsWith('aws:') && deployed[key] !== wanted[key]).sort();
}
