import { isMap, isScalar, type YAMLMap } from 'yaml';
import { keyName, type Source } from './source.ts';

/** A key that has got a new name. `*` in the path stands for any name. */
export interface Rename {
  /** The map that holds the key: `['stacks', '*']`. */
  readonly within: readonly string[];
  readonly from: string;
  readonly to: string;
}

/** Keys that have got a new name: the old one works and warns. Overrides of environments are covered too. */
export const RENAMES: readonly Rename[] = [];

/** Gives the old keys their new names in the document, and a warning for each. */
export function applyRenames(source: Source, renames: readonly Rename[] = RENAMES): string[] {
  const warnings: string[] = [];
  for (const rename of renames) {
    for (const within of [rename.within, ['environments', '*', ...rename.within]]) {
      for (const map of mapsAt(source.document.contents, within)) {
        const warning = renameIn(map, rename, source);
        if (warning) warnings.push(warning);
      }
    }
  }
  return warnings;
}

function renameIn(map: YAMLMap, { from, to }: Rename, source: Source): string | undefined {
  const old = map.items.find((pair) => keyName(pair) === from);
  // With both there, the old one stays and is reported as the unknown key that it is.
  if (!old || !isScalar(old.key) || map.items.some((pair) => keyName(pair) === to)) return undefined;
  old.key.value = to;
  const before = source.file.text.slice(0, old.key.range?.[0] ?? 0);
  const line = before.split('\n').length;
  return `${source.file.shown}:${line}: "${from}" is now called "${to}"; the old name still works.`;
}

function mapsAt(node: unknown, path: readonly string[]): YAMLMap[] {
  if (!isMap(node)) return [];
  const [step, ...rest] = path;
  if (step === undefined) return [node];
  return node.items
    .filter((pair) => step === '*' || keyName(pair) === step)
    .flatMap((pair) => mapsAt(pair.value, rest));
}
