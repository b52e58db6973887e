import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { Exit, InfractlError, UsageError } from '../base/errors.ts';
import { listed, plural } from '../base/text.ts';
import { findVariant } from './catalogue.ts';
import type { Blueprint, PlannedFile, ProjectPlan, ProjectRequest, Variant } from './types.ts';

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const MAX_NAME = 32;
const REGION = /^[a-z]{2,3}(?:-[a-z]+)+-\d+$/;

/** Of the blueprint's folder, but not of a project: what describes it, and what work in it leaves behind. */
const NOT_COPIED = new Set([
  'blueprint.yaml',
  'variants',
  '.env.secrets',
  '.infractl',
  'node_modules',
  '.DS_Store',
]);

/** What is nobody's work: a folder with only these is as good as empty. None of them is in a blueprint. */
const NOTHING = new Set(['.git', '.DS_Store', '.idea', '.vscode', '.editorconfig', 'LICENSE']);

/**
 * Whether AWS takes it at the beginning of every name the blueprints make: function, repository, alarm.
 * (A repository's name has no two hyphens in a row, and none at the end.)
 */
export function isProjectName(name: string): boolean {
  return name.length <= MAX_NAME && NAME.test(name);
}

/**
 * Says which files a new project will have. Reads, and changes nothing.
 *
 * @throws UsageError `UnknownVariant`, `InvalidName`, `InvalidRegion`, `NotAFolder`
 * @throws InfractlError `FolderNotEmpty` (exit 5): nothing is ever overwritten.
 */
export async function planProject(request: ProjectRequest): Promise<ProjectPlan> {
  const { blueprint, target, region } = request;
  const variant = request.variant === undefined ? undefined : findVariant(blueprint, request.variant);
  const name = chooseName(request);
  if (region !== undefined && !REGION.test(region)) {
    throw new UsageError({
      code: 'InvalidRegion',
      message: `"${region}" is not an AWS region.`,
      suggestions: ['Give --region as AWS writes it, such as eu-west-3.'],
    });
  }
  const targetExists = await isEmptyFolder(target);
  const files = await plannedFiles(blueprint, variant);
  return { blueprint, variant, target, targetExists, name, region, files };
}

function chooseName({ name, target, blueprint }: ProjectRequest): string {
  if (name === undefined) {
    const folder = basename(target);
    return isProjectName(folder) ? folder : blueprint.name;
  }
  if (isProjectName(name)) return name;
  throw new UsageError({
    code: 'InvalidName',
    message: `"${name}" cannot be the name of a project.`,
    why: `Names in AWS begin with it: at most ${MAX_NAME} lower-case letters, digits and single hyphens, a letter first.`,
    suggestions: [`Give another one: --name ${blueprint.name}`],
  });
}

/** False when it is not there. */
async function isEmptyFolder(target: string): Promise<boolean> {
  const there = await stat(target).catch(() => undefined);
  if (!there) return false;
  if (!there.isDirectory()) {
    throw new UsageError({
      code: 'NotAFolder',
      message: `${target} is a file.`,
      suggestions: ['Name another folder.'],
    });
  }
  const inside = (await readdir(target)).filter((entry) => !NOTHING.has(entry)).sort();
  if (inside.length === 0) return true;
  const more = inside.length > 5 ? [`${plural(inside.length - 5, 'more entry', 'more entries')}`] : [];
  throw new InfractlError({
    code: 'FolderNotEmpty',
    message: `The folder ${target} is not empty: nothing was written.`,
    why: `In it: ${listed([...inside.slice(0, 5), ...more])}.`,
    suggestions: [
      'Name a folder that does not exist yet, or an empty one.',
      `There may be in it: ${listed([...NOTHING])}.`,
    ],
    exit: Exit.declined,
  });
}

async function plannedFiles(
  { folder, sshKey }: Blueprint,
  variant: Variant | undefined,
): Promise<readonly PlannedFile[]> {
  const without = new Set(variant?.without);
  const files = (await filesOf(folder)).filter((path) => !without.has(path));
  const sources = new Map(files.map((path) => [path, join(folder, path)]));
  if (variant) {
    const overlay = join(folder, 'variants', variant.name);
    for (const path of await filesOf(overlay)) sources.set(path, join(overlay, path));
  }
  const planned = [...sources].map(([path, source]) => plannedFile(path, source));
  const example = sources.get('.env.secrets.example');
  if (example) planned.push({ path: '.env.secrets', source: example, kind: 'secrets' });
  if (sshKey) {
    planned.push({ path: sshKey.file, kind: 'private-key' });
    planned.push({ path: `${sshKey.file}.pub`, kind: 'public-key' });
  }
  return planned.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function plannedFile(path: string, source: string): PlannedFile {
  // A package of npm never carries a file named .gitignore.
  const shown = path.replace(/(^|\/)gitignore$/, '$1.gitignore');
  return { path: shown, source, kind: path === 'infractl.yaml' ? 'configuration' : 'copy' };
}

/** Paths relative to the folder, with `/`. */
async function filesOf(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = entries
    .filter((entry) => !NOT_COPIED.has(entry.name))
    .map(async (entry) => {
      if (!entry.isDirectory()) return [entry.name];
      const inside = await filesOf(join(folder, entry.name));
      return inside.map((path) => `${entry.name}/${path}`);
    });
  return (await Promise.all(nested)).flat();
}

/** The path of a plan as the user would write it from `cwd`. */
export function shownFolder(target: string, cwd: string): string {
  const path = relative(cwd, target);
  if (path === '') return '.';
  return path.startsWith(`..${sep}..`) ? target : path;
}
