import { dataLoss } from '../diff/loss.ts';
import type { StackState, StacksPort } from '../port.ts';
import { readTemplate, resourcesOf } from '../template/template.ts';

/** What becomes of a resource when its stack is deleted. */
export interface EndingResource {
  /** Logical ids from the stack that is deleted down to it, nested stacks first. */
  readonly path: readonly string[];
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  /** `DELETE_FAILED` where an earlier deletion could not take it. */
  readonly status: string;
  /** By its `DeletionPolicy`, or AWS's default for its type. */
  readonly fate: 'deleted' | 'retained' | 'snapshot';
  /** It holds data, which goes with it (or stays in a snapshot). */
  readonly holdsData: boolean;
}

/** Nested stacks hold nested stacks: AWS's own limit is below that. */
const DEEPEST = 10;

/**
 * What deleting a stack would do with each of its resources, those of nested stacks included:
 * ListStackResources and GetTemplate. A resource whose policy cannot be read counts as retained: it is
 * better not emptied than lost.
 */
export async function stackEnding(
  port: Pick<StacksPort, 'resources' | 'template'>,
  { stackId }: Pick<StackState, 'stackId'>,
  around: readonly string[] = [],
): Promise<EndingResource[]> {
  const [resources, text] = await Promise.all([port.resources(stackId), port.template(stackId)]);
  const policies = text === undefined ? undefined : policiesIn(text);
  const endings = await Promise.all(
    resources.map(async ({ logicalId, physicalId, type, status }): Promise<EndingResource[]> => {
      const known = policies?.get(logicalId);
      // What SAM makes has no definition of its own in the template that was sent.
      const policy = policies === undefined ? 'Retain' : known?.deletion;
      const loss = dataLoss(
        { action: 'remove', type },
        { deletion: policy },
        { ownInstance: known?.own ?? true },
      );
      const retained = policy !== undefined && policy !== 'Delete' && policy !== 'Snapshot';
      const fate = retained
        ? 'retained'
        : loss === 'snapshot' || policy === 'Snapshot'
          ? 'snapshot'
          : 'deleted';
      const path = [...around, logicalId];
      const own = { path, logicalId, physicalId, type, status, fate, holdsData: loss !== undefined } as const;
      const nested =
        type === 'AWS::CloudFormation::Stack' && fate === 'deleted' && physicalId && path.length <= DEEPEST;
      return nested ? [own, ...(await stackEnding(port, { stackId: physicalId }, path))] : [own];
    }),
  );
  return endings.flat();
}

function policiesIn(
  text: string,
): Map<string, { readonly deletion?: string; readonly own: boolean }> | undefined {
  try {
    return new Map(
      [...resourcesOf(readTemplate('template', text))].map(([logicalId, definition]) => {
        const { DeletionPolicy, Properties } = definition as {
          DeletionPolicy?: unknown;
          Properties?: Record<string, unknown>;
        };
        const own = Properties?.DBClusterIdentifier === undefined;
        // A policy may hang on a parameter, with AWS::LanguageExtensions: then nobody knows without AWS.
        const deletion =
          DeletionPolicy === undefined
            ? undefined
            : typeof DeletionPolicy === 'string'
              ? DeletionPolicy
              : 'Retain';
        return [logicalId, { ...(deletion === undefined ? {} : { deletion }), own }];
      }),
    );
  } catch {
    return undefined;
  }
}
