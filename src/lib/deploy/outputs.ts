import type { AwsSession } from '../aws/session.ts';
import { InfractlError, UsageError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { nothingNamed, stackNamed } from '../project/index.ts';
import type { Project } from '../project/model.ts';
import { readStack } from '../stacks/index.ts';

/** Stack → output → value, for the stacks that are deployed. */
export type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * The outputs of a project's stacks, read side by side (DescribeStacks).
 *
 * @param only one stack, by its part's name or by its name in AWS; all when undefined
 * @param where the flags that lead a further command to the same place, each after a space
 * @throws UsageError `NoSuchPart`, `NothingNamed`; InfractlError `StackNotFound` when the one asked for is not deployed
 */
export async function readOutputs(
  session: AwsSession,
  project: Project,
  only?: string,
  where = '',
): Promise<Outputs> {
  const wanted = only === undefined ? undefined : stackNamed(project, only);
  if (only !== undefined && !wanted) throw noStack(project, only);
  if (project.bare && !wanted) throw nothingNamed('which stack', 'See which there are: infractl list');
  const stacks = wanted ? [wanted] : [...project.stacks.values()];
  const { cloudFormation } = await import('../aws/cloudformation.ts');
  const port = cloudFormation(session);
  const states = await Promise.all(
    stacks.map(async ({ name, stackName }) => [name, await readStack(port, stackName)] as const),
  );
  const outputs = Object.fromEntries(
    states.flatMap(([name, state]) => (state ? [[name, state.outputs]] : [])),
  );
  if (wanted && !(wanted.name in outputs)) {
    throw new InfractlError({
      code: 'StackNotFound',
      message: `The stack ${wanted.stackName} does not exist in ${session.region}.`,
      suggestions: [
        project.bare
          ? `See which there are: infractl list${where}`
          : `Create it: infractl deploy --create-stack${where}`,
      ],
    });
  }
  return outputs;
}

/** @throws InfractlError `NoSuchOutput` */
export function oneOutput(outputs: Outputs, stack: string, key: string): string {
  const values = outputs[stack] ?? {};
  const value = values[key];
  if (value !== undefined) return value;
  const near = nearest(key, Object.keys(values));
  throw new InfractlError({
    code: 'NoSuchOutput',
    message: `The stack ${stack} has no output ${key}.`,
    suggestions: [
      ...(near ? [`Did you mean: ${stack}.${near}`] : []),
      `Its outputs: ${Object.keys(values).join(', ') || 'none'}`,
    ],
  });
}

/** A name that is no stack of the project, with the nearest one that is. */
export function noStack(project: Project, name: string): UsageError {
  const near = nearest(name, project.stacks.keys());
  return new UsageError({
    code: 'NoSuchPart',
    message: `The project ${project.name} has no stack "${name}".`,
    suggestions: [
      ...(near ? [`Did you mean: ${near}`] : []),
      `Its stacks: ${[...project.stacks.keys()].join(', ') || 'none'}`,
    ],
  });
}
