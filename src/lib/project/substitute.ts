import { listed, nearest } from '../base/text.ts';
import type { ConfigPath } from './problems.ts';

/** What `${…}` may name, in the order that messages list them. */
export type Variables = Readonly<Record<string, string | undefined>>;

export interface SubstitutionProblem {
  readonly path: ConfigPath;
  readonly message: string;
  readonly expected?: string;
}

const VARIABLE = /\$(\$?)\{([^}]*)\}/g;

/**
 * Puts the variables in place of `${name}` in every string of the tree; `$${name}` gives `${name}`.
 * A name that is unknown or has no value is reported and left as it is.
 */
export function substitute(
  tree: unknown,
  variables: Variables,
  report: (problem: SubstitutionProblem) => void,
  path: ConfigPath = [],
): unknown {
  if (typeof tree === 'string') return substituteText(tree, variables, (p) => report({ path, ...p }));
  if (Array.isArray(tree)) return tree.map((item, i) => substitute(item, variables, report, [...path, i]));
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => [key, substitute(value, variables, report, [...path, key])]),
  );
}

function substituteText(
  text: string,
  variables: Variables,
  report: (problem: Omit<SubstitutionProblem, 'path'>) => void,
): string {
  if (!text.includes('${')) return text;
  return text.replace(VARIABLE, (all, escaped: string, name: string) => {
    if (escaped) return all.slice(1);
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value !== undefined) return value;
    report(unknownVariable(name, variables));
    return all;
  });
}

function unknownVariable(name: string, variables: Variables): Omit<SubstitutionProblem, 'path'> {
  const names = Object.keys(variables);
  if (names.includes(name)) {
    return {
      message: `\${${name}} is used here, but no ${name} is set.`,
      expected: `Add "${name}:" to the file, or give --${name}.`,
    };
  }
  const near = nearest(name, names);
  return {
    message: `\${${name}} is unknown${near ? `; did you mean \${${near}}?` : '.'}`,
    expected: `Known are ${listed(names.map((n) => `\${${n}}`))}. To keep it as it is, write $\${${name}}.`,
  };
}
