export { bareProject, type NamedStack, nothingNamed, stackNamed } from './bare.ts';
export { readSecretFiles, type SecretFiles, secretsInFiles } from './env-file.ts';
export { type EnvironmentChoice, otherEnvironments } from './environment.ts';
export { type Glance, glanceAtProject } from './glance.ts';
export {
  buildGraph,
  type Edge,
  type Graph,
  parsePart,
  partIds,
  partsNamed,
  reverseGraph,
  selectGraph,
} from './graph.ts';
export * from './model.ts';
export { describeOrigin, type Origin, type Origins } from './origins.ts';
export {
  type ConfigPath,
  ConfigurationError,
  formatProblem,
  type Position,
  type Problem,
  problemLine,
} from './problems.ts';
export { collectReferences, type Resolved, resolveValue, type Sources, splitOutput } from './references.ts';
export type { ValueOrigin } from './show.ts';
export { parseSpan } from './span.ts';
export type {
  ConfigFinding,
  GivenParameter,
  TemplateChecks,
  TemplateWords,
  Validation,
} from './validate.ts';
export { type Skipped, type WalkOptions, type WalkResult, walkGraph } from './walk.ts';

import type { LoadedProject, LoadOptions } from './load.ts';
import type { Salvaged } from './salvage.ts';
import type { TemplateChecks, TemplateWords, Validation } from './validate.ts';

export type { LoadedProject, LoadOptions, Salvaged };

// What reads and checks the file brings a YAML parser and a schema with it, so it is loaded on use: a command
// that takes a glance starts without them.

/** See `loadProject` in load.ts. */
export async function loadProject(options: LoadOptions): Promise<LoadedProject> {
  return (await import('./load.ts')).loadProject(options);
}

/** The names of the environments, in the file's order. @throws as `loadProject` */
export async function environmentNames(options: LoadOptions): Promise<string[]> {
  return (await import('./load.ts')).environmentNames(options);
}

/** See `salvageProject` in salvage.ts. */
export async function salvageProject(options: LoadOptions, name?: string): Promise<Salvaged> {
  return (await import('./salvage.ts')).salvageProject(options, name);
}

/** See `validateProject` in validate.ts. */
export async function validateProject<T extends TemplateWords>(
  options: LoadOptions,
  checks: TemplateChecks<T>,
): Promise<Validation> {
  return (await import('./validate.ts')).validateProject(options, checks);
}

/** What `config show` needs: see show.ts. */
export function showing(): Promise<typeof import('./show.ts')> {
  return import('./show.ts');
}
export { USAGE } from './usage.ts';
