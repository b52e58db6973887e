import {
  type CheckedParts,
  checkHeader,
  checkSections,
  environmentsOf,
  type Header,
  mergeSections,
  shapeProblem,
  type Tree,
  tidyTree,
} from './environments.ts';
import { type FindOptions, readConfigurationFile } from './find.ts';
import { collectFindings, type Findings } from './findings.ts';
import { isTree } from './merge.ts';
import { ConfigurationError } from './problems.ts';
import { applyRenames, type Rename } from './renames.ts';
import { parseSource, type Source } from './source.ts';

/** The file, parsed and checked but for the insides of its sections. */
export interface ProjectFile {
  readonly source: Source;
  /** As written. */
  readonly data: Tree;
  /** Without what is empty; see `tidyTree`. */
  readonly tree: Tree;
  readonly header: Header;
  /** A warning for each key with an old name. */
  readonly renamed: readonly string[];
}

/** @throws ConfigurationError, or UsageError `NoConfiguration` */
export function readProjectFile(
  options: FindOptions & { readonly renames?: readonly Rename[] | undefined },
): ProjectFile {
  const source = parseSource(readConfigurationFile(options));
  const renamed = applyRenames(source, options.renames);
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
  return all.fail();
}

/** Any region does to see whether a text has the right shape. */
const ANY_REGION = 'eu-west-1';

/** Checks every environment, so that a mistake in one is found before the day that it is used. */
export function checkEnvironments(
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
