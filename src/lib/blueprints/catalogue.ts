import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { InfractlError, UsageError } from '../base/errors.ts';
import { listed, nearest } from '../base/text.ts';
import type { Blueprint, Variant } from './types.ts';

const DESCRIPTION = 'blueprint.yaml';

/**
 * The folder `templates` of the package that this file belongs to: it is at the package's root, wherever
 * below it the code runs from (the sources, or the bundle).
 *
 * @throws InfractlError `BlueprintsMissing` when the installation lacks it.
 */
export function blueprintsFolder(from = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const templates = join(folder, 'templates');
    if (isPackageRoot(folder) && existsSync(templates)) return templates;
    if (folder === dirname(folder)) break;
  }
  throw new InfractlError({
    code: 'BlueprintsMissing',
    message: 'This installation of infractl has no blueprints.',
    why: `There is no folder "templates" above ${from}.`,
    suggestions: ['Install infractl again.'],
  });
}

function isPackageRoot(folder: string): boolean {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name === 'infractl';
  } catch {
    return false;
  }
}

/** Every blueprint, in the order of the names. */
export async function listBlueprints(folder = blueprintsFolder()): Promise<readonly Blueprint[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, DESCRIPTION)))
    .map((entry) => entry.name)
    .sort();
  return Promise.all(names.map((name) => readBlueprint(join(folder, name), name)));
}

/** @throws UsageError `UnknownBlueprint`, naming the nearest one. */
export async function findBlueprint(name: string, folder?: string): Promise<Blueprint> {
  const blueprints = await listBlueprints(folder);
  const found = blueprints.find((blueprint) => blueprint.name === name);
  if (found) return found;
  throw unknown('blueprint', name, blueprints);
}

/** @throws UsageError `UnknownVariant`, naming the nearest one. */
export function findVariant(blueprint: Blueprint, name: string): Variant {
  const found = blueprint.variants.find((variant) => variant.name === name);
  if (found) return found;
  throw unknown('variant', name, blueprint.variants, ` of ${blueprint.name}`);
}

function unknown(
  kind: 'blueprint' | 'variant',
  name: string,
  all: readonly { readonly name: string }[],
  of = '',
): UsageError {
  const names = all.map((one) => one.name);
  const near = nearest(name, names);
  const known = names.length === 0 ? `There is no ${kind}${of}.` : `The ${kind}s${of}: ${listed(names)}.`;
  return new UsageError({
    code: kind === 'blueprint' ? 'UnknownBlueprint' : 'UnknownVariant',
    message: `There is no ${kind} named "${name}"${of}.`,
    suggestions: near ? [`Did you mean ${near}?`, known] : [known],
  });
}

async function readBlueprint(folder: string, name: string): Promise<Blueprint> {
  const raw = parse(await readFile(join(folder, DESCRIPTION), 'utf8')) as {
    title: string;
    description: string;
    generate?: string[];
    next?: string[];
    sshKey?: { file: string; parameter: string };
    variants?: Record<string, { title: string; without?: string[] }>;
  };
  const variants = Object.entries(raw.variants ?? {}).map(([variant, { title, without = [] }]) => ({
    name: variant,
    title,
    without,
  }));
  const { title, description, generate = [], next = [], sshKey } = raw;
  return { name, title, description, folder, variants, generate, next, ...(sshKey ? { sshKey } : {}) };
}
