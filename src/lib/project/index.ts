export { readSecretFiles, type SecretFiles } from './env-file.ts';
export type { EnvironmentChoice } from './environment.ts';
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
export { configurationYaml, effectiveConfiguration, type ValueOrigin, valueOrigins } from './show.ts';
export {
  type ConfigFinding,
  type GivenParameter,
  type TemplateChecks,
  type TemplateWords,
  type Validation,
  validateProject,
} from './validate.ts';
export { type Skipped, type WalkOptions, type WalkResult, walkGraph } from './walk.ts';

import type { LoadedProject, LoadOptions } from './load.ts';

export type { LoadedProject, LoadOptions };

/** See `loadProject` in load.ts. What reads and checks the file is loaded on use. */
export async function loadProject(options: LoadOptions): Promise<LoadedProject> {
  return (await import('./load.ts')).loadProject(options);
}
