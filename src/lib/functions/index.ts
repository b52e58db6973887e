export type {
  Code,
  FunctionDeps,
  FunctionPlan,
  FunctionResult,
  FunctionSpec,
  FunctionsPort,
} from './types.ts';
export { planFunction, revertAlias, updateFunction } from './update.ts';
