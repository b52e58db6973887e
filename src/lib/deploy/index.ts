/** Deploying and destroying a whole project: the one place where the capabilities are joined. */
import type { Project } from '../project/model.ts';
import type { Destroy, DestroyResult, Inventory } from './destroy.ts';
import type { DeployDeps, DeployOptions, DeployResult, MissingParameter, PartOutcome } from './types.ts';

export { chooseParts } from './choose.ts';
export { type Outputs, oneOutput, readOutputs } from './outputs.ts';
export type {
  DeployDeps,
  DeployOptions,
  DeployResult,
  DestroyResult,
  Inventory,
  MissingParameter,
  PartOutcome,
};

// What only reads outputs starts without what deploys.

/** See `deployProject` in deploy.ts. */
export async function deployProject(
  deps: DeployDeps,
  project: Project,
  options: DeployOptions,
): Promise<DeployResult> {
  return (await import('./deploy.ts')).deployProject(deps, project, options);
}

/** One destroy: see destroy.ts. Nothing is asked of AWS yet. */
export async function openDestroy(deps: DeployDeps, project: Project): Promise<Destroy> {
  return new (await import('./destroy.ts')).Destroy(deps, project);
}
