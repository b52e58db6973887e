export { blueprintsFolder, findBlueprint, findVariant, listBlueprints } from './catalogue.ts';
export { createProject } from './create.ts';
export { isProjectName, planProject, shownFolder } from './plan.ts';
export type { Blueprint, PlannedFile, ProjectPlan, ProjectRequest, Variant } from './types.ts';
