/** How a section's maps are overridden by an environment. */
export interface MergeRules {
  /**
   * Paths whose value is replaced as a whole, never merged: a reference with the keys of two would mean
   * nothing. `*` stands for any name: `['*', 'parameters', '*']`.
   */
  readonly wholes: readonly (readonly string[])[];
  /** Keys of one part of which only one can be there: an override with one of them removes the others. */
  readonly exclusive?: readonly string[];
}

type Tree = Readonly<Record<string, unknown>>;

/** Deep merge of an override over a base: maps merge, everything else replaces, null removes. Pure. */
export function merge(base: unknown, override: unknown, rules: MergeRules = { wholes: [] }): unknown {
  return mergeAt(base, override, rules, []);
}

function mergeAt(base: unknown, override: unknown, rules: MergeRules, path: readonly string[]): unknown {
  if (override === undefined) return withoutNulls(base);
  if (!isTree(base) || !isTree(override) || isWhole(path, rules)) return withoutNulls(override);
  const merged = new Map(Object.entries(dropExcluded(base, override, rules, path)));
  for (const [key, value] of Object.entries(override)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergeAt(merged.get(key), value, rules, [...path, key]));
  }
  return withoutNulls(Object.fromEntries(merged));
}

function dropExcluded(base: Tree, override: Tree, rules: MergeRules, path: readonly string[]): Tree {
  const exclusive = rules.exclusive ?? [];
  if (path.length !== 1 || !exclusive.some((key) => (override[key] ?? null) !== null)) return base;
  return Object.fromEntries(Object.entries(base).filter(([key]) => !exclusive.includes(key)));
}

/** An empty key (`stacks:` with nothing after it) is as good as none. Items of lists stay. */
function withoutNulls(tree: unknown): unknown {
  if (!isTree(tree)) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, withoutNulls(value)]),
  );
}

function isWhole(path: readonly string[], rules: MergeRules): boolean {
  return rules.wholes.some(
    (whole) => whole.length === path.length && whole.every((step, i) => step === '*' || step === path[i]),
  );
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
