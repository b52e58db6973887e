import type { Project, Value } from '../project/model.ts';

/**
 * The part whose log tells what happened behind a URL: the function of the stack that gives the URL, where there is
 * just one, or the stack with all that it writes; undefined when the URL comes from elsewhere.
 */
export function partBehind(project: Pick<Project, 'functions'>, url: Value): string | undefined {
  const stack = stackOf(url);
  if (stack === undefined) return undefined;
  const [only, ...others] = [...project.functions.values()].filter(
    ({ functionName }) => stackOf(functionName) === stack,
  );
  return only && others.length === 0 ? only.name : stack;
}

function stackOf(value: Value): string | undefined {
  return typeof value === 'object' && 'output' in value ? value.output.split('.')[0] : undefined;
}
