/** Deploying and destroying a whole project: the one place where the capabilities are joined. */
export { chooseParts } from './choose.ts';
export { deployProject } from './deploy.ts';
export { Destroy, type DestroyResult, type Inventory } from './destroy.ts';
export { type Outputs, oneOutput, readOutputs } from './outputs.ts';
export type { DeployDeps, DeployOptions, DeployResult, MissingParameter, PartOutcome } from './types.ts';
