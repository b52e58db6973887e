import { dirname, resolve } from 'node:path';
import { buildProject } from './build.ts';
import { buildContext } from './context.ts';
import { readSecretFiles } from './env-file.ts';
import { chooseEnvironment, type EnvironmentChoice } from './environment.ts';
import {
  type CheckedParts,
  checkHeader,
  checkSections,
  environmentsOf,
  type Header,
  mergeSections,
  settingsOf,
  shapeProblem,
  type Tree,
  tidyTree,
} from './environments.ts';
import { readConfigurationFile } from './find.ts';
import { collectFindings, type Findings, locator } from './findings.ts';
import { isTree } from './merge.ts';
import type { Project } from './model.ts';
import { makeOrigins, type Origins } from './origins.ts';
import { readSamconfig } from './parameters/samconfig.ts';
import { type ConfigPath, ConfigurationError, type Problem } from './problems.ts';
import { applyRenames } from './renames.ts';
import type { EnvironmentSettings } from './sections/header.ts';
import { parseSource, type Source } from './source.ts';
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
}

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
  const { source, data, tree, header, renamed } = readProjectFile(options);
  const environments = environmentsOf(tree);
  const chosen = chooseEnvironment(
    environments.map((name) => ({ name, protected: header.environments[name]?.protected ?? false })),
    options.environment,
    env.INFRACTL_ENV || undefined,
  );
  const root = dirname(source.file.path);
  const findings = collectFindings(source);
  const names = { project: header.project, environment: chosen.name };
  const settings = substitute(settingsOf(header, chosen.name, data), names, (each) =>
    findings.add([{ at: 'value', ...each }], chosen.name),
  ) as EnvironmentSettings;
  const merged = mergeSections(tree, chosen.name);
  const context = buildContext({
    project: header.project,
    environment: chosen.name,
    root,
    checkFiles: options.checkFiles ?? true,
  });
  const sam = settings.region ? undefined : await samRegion(merged, header.project, chosen.name, root);
  if (sam) context.origin(['region'], { kind: 'samconfig', file: sam.file });
  const region = settings.region ?? sam?.region;
  const variableRegion = givenRegion(options, env) ?? region;
  const { sections, invalid } = checkEnvironments(tree, header, chosen.name, variableRegion, findings);

  const facts = { ...settings, region, file: source.file.path, environments };
  const project = await buildProject(facts, sections, context);
  findings.add(context.findings, chosen.name);
  findings.add(checkWiring(project, invalid, locator(source, chosen.name)), chosen.name);
  findings.throwIfAny();

  const secrets = await readSecretFiles(root, chosen.name, { env, git: options.git });
  const locate = locator(source, chosen.name);
  return {
    project,
    shownFile: source.file.shown,
    problemAt: (path, facts, at) => source.problem(locate(path, at), facts),
    environmentChosenBy: chosen.by,
    warnings: [...source.file.warnings, ...renamed, ...secrets.warnings],
    origins: makeOrigins(source, chosen, context.origins, { ...options, env }),
    variable: secrets.variable,
  };
}

/** The names of the environments, in the file's order. The same errors as `loadProject`. */
export function environmentNames(options: LoadOptions): string[] {
  return environmentsOf(readProjectFile(options).tree);
}

interface ProjectFile {
  readonly source: Source;
  readonly data: Tree;
  readonly tree: Tree;
  readonly header: Header;
  /** A warning for each key with an old name. */
  readonly renamed: readonly string[];
}

function readProjectFile(options: LoadOptions): ProjectFile {
  const source = parseSource(readConfigurationFile(options));
  const renamed = applyRenames(source);
  const data = source.data();
  const shape = shapeProblem(data);
  if (shape || !isTree(data)) {
    const problem = source.problem(source.locate([]), {
      message: shape ?? 'it must be a map.',
      expected: 'The least that works is "project: my-name".',
    });
    throw new ConfigurationError(source.file.shown, [problem], ['Start a project: infractl init']);
  }
  const tree = tidyTree(data);
  const { header, findings } = checkHeader(tree);
  if (header) return { source, data, tree, header, renamed };
  const all = collectFindings(source);
  all.add(findings);
  // What is wrong inside the sections is worth telling in the same breath.
  checkEnvironments(tree, { project: 'p', settings: {}, environments: {} }, undefined, undefined, all);
  all.throwIfAny();
  throw new ConfigurationError(source.file.shown, []);
}

/** Any region does to see whether a text has the right shape. */
const ANY_REGION = 'eu-west-1';

/** Checks every environment, so that a mistake in one is found before the day that it is used. */
function checkEnvironments(
  tree: Tree,
  header: Header,
  chosen: string | undefined,
  region: string | undefined,
  findings: Findings,
): Pick<CheckedParts, 'sections' | 'invalid'> {
  let result: Pick<CheckedParts, 'sections' | 'invalid'> = { sections: {}, invalid: [] };
  for (const environment of environmentsOf(tree)) {
    const variables = {
      project: header.project,
      environment,
      region: environment === chosen ? region : ANY_REGION,
    };
    const checked = checkSections(mergeSections(tree, environment), variables);
    findings.add(checked.findings, environment);
    if (environment === chosen) result = checked;
  }
  return result;
}

function givenRegion(options: LoadOptions, env: NodeJS.ProcessEnv): string | undefined {
  return options.region ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined);
}

/** The region of the first samconfig.toml that has one. */
async function samRegion(
  merged: Tree,
  project: string,
  environment: string,
  root: string,
): Promise<{ region: string; file: string } | undefined> {
  for (const stack of Object.values(isTree(merged.stacks) ? merged.stacks : {})) {
    const written = isTree(stack) ? stack.samconfig : undefined;
    if (typeof written !== 'string') continue;
    const file = String(substitute(written, { project, environment }, () => {}));
    const read = await readSamconfig(resolve(root, file), environment);
    // What is wrong with the file is reported where the stack is built.
    if ('settings' in read && read.settings.region) return { region: read.settings.region, file };
  }
  return undefined;
}
