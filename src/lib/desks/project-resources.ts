import { type InfractlError, isInfractlError } from '../base/errors.ts';
import type { Project } from '../project/model.ts';
import type { StacksPort } from '../stacks/index.ts';

/** A resource of a stack of the project, as it is deployed now. */
export interface ProjectResource {
  /** The stack's name in infractl.yaml; a nested stack's resources are its. */
  readonly stack: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
}

/** A stack whose resources could not be read, while others' could. */
export interface LostStack {
  readonly stack: string;
  readonly error: InfractlError;
}

export interface ProjectResources {
  readonly resources: readonly ProjectResource[];
  readonly lost: readonly LostStack[];
}

/**
 * What the stacks of a project are made of, nested ones included. A stack that is not deployed has nothing.
 * Rests on ListStackResources.
 *
 * @throws InfractlError when no stack could be read
 */
export async function projectResources(
  port: Pick<StacksPort, 'resources'>,
  project: Project,
): Promise<ProjectResources> {
  const lost: LostStack[] = [];
  const stacks = [...project.stacks.values()];
  const all = await Promise.all(
    stacks.map(async ({ name, stackName }) => {
      try {
        const found = await stackResources(port, stackName);
        return found.map((one) => ({ stack: name, ...one }));
      } catch (error) {
        if (!isInfractlError(error) || error.code !== 'AccessDenied') throw error;
        lost.push({ stack: name, error });
        return [];
      }
    }),
  );
  if (lost.length > 0 && lost.length === stacks.length) throw (lost[0] as LostStack).error;
  return { resources: all.flat(), lost };
}

/**
 * What one stack is made of, nested stacks included. One that is not deployed has nothing. Rests on
 * ListStackResources.
 *
 * @param stack its name or ID
 */
export async function stackResources(
  port: Pick<StacksPort, 'resources'>,
  stack: string,
): Promise<Omit<ProjectResource, 'stack'>[]> {
  let found: Awaited<ReturnType<StacksPort['resources']>>;
  try {
    found = await port.resources(stack);
  } catch (error) {
    if (isInfractlError(error) && /does not exist/.test(error.why ?? '')) return [];
    throw error;
  }
  const own = found
    .filter(({ physicalId }) => physicalId !== '')
    .map(({ logicalId, physicalId, type }) => ({ logicalId, physicalId, type }));
  const nested = own.filter(({ type }) => type === 'AWS::CloudFormation::Stack');
  const below = await Promise.all(nested.map(({ physicalId }) => stackResources(port, physicalId)));
  return [...own, ...below.flat()];
}
