import { dirname } from 'node:path';
import { buildProject } from './build.ts';
import { buildContext } from './context.ts';
import { readSecretFiles } from './env-file.ts';
import { type ChosenEnvironment, chooseEnvironment, type EnvironmentChoice } from './environment.ts';
import { environmentsOf, mergeSections, settingsOf } from './environments.ts';
import { collectFindings, locator } from './findings.ts';
import { isReference, type Project, type StackImport, type StackPart, type Value } from './model.ts';
import { makeOrigins, type Origin, type Origins } from './origins.ts';
import type { ConfigPath, Problem } from './problems.ts';
import { checkEnvironments, type ProjectFile, readProjectFile } from './project-file.ts';
import { givenRegion, samRegion } from './region.ts';
import type { Rename } from './renames.ts';
import type { EnvironmentSettings } from './sections/header.ts';
import { substitute } from './substitute.ts';
import { checkWiring } from './wiring.ts';

export interface LoadOptions {
  /** Where the search for `infractl.yaml` starts. */
  readonly cwd: string;
  /** The file itself, instead of a search. */
  readonly file?: string | undefined;
  /** The value of --env. */
  readonly environment?: string | undefined;
  /** The values of --region and --profile: for `${region}`, and for the origins. */
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Look for templates, folders and files. Default: true. Off where a missing one does not matter. */
  readonly checkFiles?: boolean | undefined;
  /** Ask git whether it tracks the secret files. Default: true. */
  readonly git?: boolean | undefined;
  /** Reads which stacks import what others export, out of their templates. Without it nobody looks. */
  readonly imports?: ReadImports | undefined;
  /** Keys that have got a new name. Default: those that have, in this version. */
  readonly renames?: readonly Rename[] | undefined;
}

export type ReadImports = (
  stacks: readonly (Pick<StackPart, 'name' | 'stackName' | 'template'> & {
    readonly parameters: Readonly<Record<string, string | undefined>>;
  })[],
  region: string | undefined,
) => Promise<readonly StackImport[]>;

export interface LoadedProject {
  readonly project: Project;
  readonly environmentChosenBy: EnvironmentChoice;
  /** Sentences for the user: old names of keys, secret files that others can read. */
  readonly warnings: readonly string[];
  readonly origins: Origins;
  /** The configuration file as messages show it: relative to the working folder. */
  readonly shownFile: string;
  /** A problem at a place of the configuration, with its line quoted. */
  problemAt(path: ConfigPath, facts: Pick<Problem, 'message' | 'expected'>, at?: 'key' | 'value'): Problem;
  /**
   * The value of an environment variable or of a line of `.env.secrets`: always a secret. A function,
   * so that nothing that is printed or made JSON can hold one.
   */
  variable(name: string): string | undefined;
}

/**
 * Finds, reads and checks the configuration, and gives the project as one environment has it. Nothing is
 * asked of AWS.
 *
 * @throws ConfigurationError (exit 2) with everything that is wrong; UsageError `NoConfiguration`,
 *   `UnknownEnvironment`, `EnvironmentNeeded`, `UnreadableSecrets`.
 */
export async function loadProject(options: LoadOptions): Promise<LoadedProject> {
  const env = options.env ?? process.env;
  const file = readProjectFile(options);
  const { source } = file;
  const chosen = choose(file, options.environment, env.INFRACTL_ENV || undefined);
  const { project, origins } = await checkedProject(file, chosen.name, options, env);
  const secrets = await readSecretFiles(project.root, chosen.name, { env, git: options.git });
  const locate = locator(source, chosen.name);
  return {
    project,
    shownFile: source.file.shown,
    problemAt: (path, facts, at) => source.problem(locate(path, at), facts),
    environmentChosenBy: chosen.by,
    warnings: [...source.file.warnings, ...file.renamed, ...secrets.warnings],
    origins: makeOrigins(source, chosen, origins, { ...options, env }),
    variable: secrets.variable,
  };
}

function choose(
  { tree, header }: ProjectFile,
  flag: string | undefined,
  variable: string | undefined,
): ChosenEnvironment {
  const facts = environmentsOf(tree).map((name) => ({
    name,
    protected: header.environments[name]?.protected ?? false,
  }));
  return chooseEnvironment(facts, flag, variable);
}

/** Checks every environment and builds the one that was chosen. Throws all that is wrong at once. */
async function checkedProject(
  { source, data, tree, header }: ProjectFile,
  environment: string,
  options: LoadOptions,
  env: NodeJS.ProcessEnv,
): Promise<{ project: Project; origins: ReadonlyMap<string, Origin> }> {
  const findings = collectFindings(source);
  const names = { project: header.project, environment };
  const root = dirname(source.file.path);
  const context = buildContext({ ...names, root, checkFiles: options.checkFiles ?? true });
  const settings = substitute(settingsOf(header, environment, data), names, (each) =>
    findings.add([{ at: 'value', ...each }], environment),
  ) as EnvironmentSettings;
  const sam = settings.region ? undefined : await samRegion(mergeSections(tree, environment), names, root);
  if (sam) context.origin(['region'], { kind: 'samconfig', file: sam.file });
  const region = settings.region ?? sam?.region;
  const shownRegion = givenRegion(options.region, env) ?? region;
  const { sections, invalid } = checkEnvironments(tree, header, environment, shownRegion, findings);
  const facts = { ...settings, region, file: source.file.path, environments: environmentsOf(tree) };
  const built = await buildProject(facts, sections, context);
  const project = options.imports ? await withImports(built, shownRegion, options.imports) : built;
  findings.add(context.findings, environment);
  findings.add(checkWiring(project, invalid, locator(source, environment)), environment);
  findings.throwIfAny();
  return { project, origins: context.origins };
}

async function withImports(
  project: Project,
  region: string | undefined,
  read: ReadImports,
): Promise<Project> {
  const stacks = [...project.stacks.values()];
  const found = await read(
    stacks.map((stack) => ({ ...stack, parameters: knownTexts(stack.parameters) })),
    region,
  );
  if (found.length === 0) return project;
  const of = (name: string) => found.filter(({ importer }) => importer === name);
  return {
    ...project,
    stacks: new Map(stacks.map((stack) => [stack.name, { ...stack, imports: of(stack.name) }])),
  };
}

/** Parameters as far as the configuration itself gives them: a reference is known only later. */
function knownTexts(parameters: StackPart['parameters']): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const items = [value].flat() as Value[];
      return [name, items.some(isReference) ? undefined : items.join(',')];
    }),
  );
}

/** The names of the environments, in the file's order. The same errors as `loadProject`. */
export function environmentNames(options: LoadOptions): string[] {
  return environmentsOf(readProjectFile(options).tree);
}
