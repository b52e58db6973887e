import { dirname } from 'node:path';
import { messageOf, UsageError } from '../base/errors.ts';
import { noParts } from './bare.ts';
import { readSecretFiles } from './env-file.ts';
import { chooseEnvironment } from './environment.ts';
import { readConfigurationFile } from './find.ts';
import { type LoadedProject, type LoadOptions, loadProject } from './load.ts';
import { isTree } from './merge.ts';
import type { Project } from './model.ts';

export type Salvaged = Pick<LoadedProject, 'project' | 'variable' | 'warnings'>;

/**
 * The project for a command that must work when the configuration does not, because it mends what a wrong
 * one broke. Loaded as ever where that goes; else its name, and of its environment the region, profile,
 * account and protection, from whatever can be read. It has no parts then. What cannot be read counts as
 * protected.
 *
 * @param name the project's name, where no file can be found
 * @throws UsageError `NoConfiguration`, `NoProjectName`; of `chooseEnvironment`
 */
export async function salvageProject(options: LoadOptions, name?: string): Promise<Salvaged> {
  let failure: unknown;
  try {
    const loaded = await loadProject({ ...options, checkFiles: false });
    if (name === undefined || name === loaded.project.name) return loaded;
  } catch (error) {
    if (!(error instanceof UsageError) || /^(UnknownEnvironment|EnvironmentNeeded)$/.test(error.code))
      throw error;
    if (error.code === 'NoConfiguration' && name === undefined) throw error;
    failure = error;
  }
  const { file, text } = textOf(options);
  const tree = name === undefined ? await treeOf(text) : undefined;
  const found = name ?? scalar(tree?.project) ?? lineOf(text, 'project');
  if (found === undefined)
    throw new UsageError({
      code: 'NoProjectName',
      message: 'infractl.yaml cannot be read, not even the name of the project.',
      why: messageOf(failure),
      suggestions: ['Give it: --project NAME, with --env and --region.'],
    });
  const project = partlessProject(found, tree, text, file, options);
  const env = options.env ?? process.env;
  const secrets = await readSecretFiles(project.root, project.environment, { env, git: false }).catch(
    () => undefined,
  );
  return {
    project,
    variable: secrets?.variable ?? ((variable) => env[variable]),
    warnings:
      failure === undefined
        ? []
        : [
            `${messageOf(failure)} Only the project's name and its place in AWS are taken from it: ${found}, ${project.environment}.`,
          ],
  };
}

function textOf(options: LoadOptions): { readonly file: string; readonly text: string } {
  try {
    const { path, text } = readConfigurationFile(options);
    return { file: path, text };
  } catch {
    return { file: `${options.cwd}/infractl.yaml`, text: '' };
  }
}

/** What a lenient reader makes of the text; undefined where it is no map. */
async function treeOf(text: string): Promise<Record<string, unknown> | undefined> {
  const { parseDocument } = await import('yaml');
  try {
    const data: unknown = parseDocument(text, { strict: false, uniqueKeys: false }).toJS();
    return isTree(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

function scalar(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' && !value.includes('${') ? value : undefined;
}

/** A key at the start of a line: what is left to read in a file whose YAML is broken. */
function lineOf(text: string, key: string): string | undefined {
  return new RegExp(`^${key}:\\s*["']?([\\w.-]+)`, 'm').exec(text)?.[1];
}

function partlessProject(
  name: string,
  tree: Record<string, unknown> | undefined,
  text: string,
  file: string,
  options: LoadOptions,
): Project {
  const environments = isTree(tree?.environments) ? tree.environments : {};
  const names = Object.keys(environments);
  const settings = (environment: string) => {
    const own = environments[environment];
    return isTree(own) ? own : {};
  };
  const facts = names.map((each) => ({ name: each, protected: settings(each).protected === true }));
  const given = options.environment ?? ((options.env ?? process.env).INFRACTL_ENV || undefined);
  // Without any that can be read, the one that was named is taken at its word.
  const environment =
    names.length > 0 ? chooseEnvironment(facts, options.environment, given).name : (given ?? 'dev');
  const own = settings(environment);
  const from = (key: string) => scalar(own[key]) ?? scalar(tree?.[key]) ?? lineOf(text, key);
  // YAML reads the digits of an account as a number, and leaves zeros at its beginning out.
  const [region, profile, account] = [from('region'), from('profile'), from('account')?.padStart(12, '0')];
  return {
    file,
    root: dirname(file),
    name,
    environment,
    protected: tree === undefined ? true : own.protected === true,
    environments: names.length > 0 ? names : [environment],
    ...(region ? { region } : {}),
    ...(profile ? { profile } : {}),
    ...(account ? { account } : {}),
    ...noParts(),
  };
}
