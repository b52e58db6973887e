import type { Change } from '../port.ts';
import { isStateful, type Replacement } from './facts.ts';
import type { DataLoss } from './types.ts';

/** `DeletionPolicy` and `UpdateReplacePolicy` of a resource, as its template has them. */
export interface Policies {
  readonly deletion?: string | undefined;
  readonly replacement?: string | undefined;
}

/**
 * What becomes of the data of a resource, undefined where none is at stake. AWS's own word, from a change
 * set, goes before what the template's policies say (user guide, "DeletionPolicy", "UpdateReplacePolicy").
 *
 * @param ownInstance a DBInstance that is in no cluster: AWS makes a snapshot of it unless told otherwise
 */
export function dataLoss(
  { action, type, replacement = 'never' }: Pick<Change, 'action' | 'type'> & { replacement?: Replacement },
  policies: Policies,
  { policyAction, ownInstance = true }: { policyAction?: string | undefined; ownInstance?: boolean } = {},
): DataLoss | undefined {
  if (!isStateful(type)) return undefined;
  const goes = action === 'remove' || (action === 'modify' && replacement !== 'never');
  if (!goes) return undefined;
  const policy =
    policyAction?.replace('ReplaceAnd', '') ?? writtenPolicy(action, type, policies, ownInstance);
  if (policy === 'Snapshot') return 'snapshot';
  if (policy.startsWith('Retain')) return 'retained';
  return action === 'modify' && replacement === 'conditional' ? 'may be lost' : 'lost';
}

function writtenPolicy(action: string, type: string, policies: Policies, ownInstance: boolean): string {
  if (action !== 'remove') return policies.replacement ?? 'Delete';
  const snapshot = type === 'AWS::RDS::DBCluster' || (type === 'AWS::RDS::DBInstance' && ownInstance);
  return policies.deletion ?? (snapshot ? 'Snapshot' : 'Delete');
}
