import { isDeepStrictEqual } from 'node:util';
import { isInfractlError } from '../../base/errors.ts';
import type { Change, StackState, StacksPort } from '../port.ts';
import type { StackSpec } from '../types.ts';

/** What a stack policy keeps an update from doing (user guide, "Prevent updates to stack resources"). */

export type UpdateAction = 'Update:Modify' | 'Update:Replace' | 'Update:Delete';

export interface Denial {
  readonly logicalId: string;
  readonly action: UpdateAction;
}

interface Statement {
  readonly Effect?: unknown;
  readonly Action?: unknown;
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly NotResource?: unknown;
  readonly Condition?: unknown;
}

/**
 * The changes that a policy is sure to deny: once there is one, what no statement allows is denied, and a
 * denial goes before what allows. What cannot be told (a condition that is not known, a replacement that
 * only may be one) is left to AWS. Additions are never denied. Pure.
 */
export function deniedBy(policy: string, changes: readonly Change[]): Denial[] {
  const statements = statementsOf(policy);
  if (!statements) return [];
  return changes.flatMap(({ action, logicalId, type, replacement }): Denial[] => {
    const wanted =
      action === 'remove' ? 'Update:Delete' : action === 'modify' ? modifying(replacement) : undefined;
    if (!wanted) return [];
    return isDenied(statements, wanted, logicalId, type) ? [{ logicalId, action: wanted }] : [];
  });
}

function modifying(replacement: Change['replacement']): UpdateAction {
  return replacement === 'always' ? 'Update:Replace' : 'Update:Modify';
}

function isDenied(
  statements: readonly Statement[],
  action: UpdateAction,
  logicalId: string,
  type: string,
): boolean {
  const hits = (effect: string) =>
    statements
      .filter(({ Effect }) => Effect === effect)
      .map((statement) => applies(statement, action, logicalId, type));
  if (hits('Deny').includes(true)) return true;
  const allowed = hits('Allow');
  return !allowed.includes(true) && !allowed.includes(undefined);
}

/** Undefined: that cannot be told. */
function applies(
  statement: Statement,
  action: UpdateAction,
  logicalId: string,
  type: string,
): boolean | undefined {
  const named = (positive: unknown, negative: unknown, text: string) =>
    positive !== undefined ? anyMatches(positive, text) : !anyMatches(negative, text);
  const resource = `LogicalResourceId/${logicalId}`;
  if (!named(statement.Action, statement.NotAction, action)) return false;
  if (!named(statement.Resource, statement.NotResource, resource)) return false;
  return statement.Condition === undefined ? true : conditionHolds(statement.Condition, type);
}

function conditionHolds(condition: unknown, type: string): boolean | undefined {
  const operators = Object.entries((condition ?? {}) as Record<string, unknown>);
  const results = operators.map(([operator, keys]) => {
    const [name, ...more] = Object.keys((keys ?? {}) as object);
    if (name !== 'ResourceType' || more.length > 0) return undefined;
    const values = (keys as Record<string, unknown>)[name];
    if (operator === 'StringEquals') return list(values).includes(type);
    return operator === 'StringLike' ? anyMatches(values, type) : undefined;
  });
  if (results.includes(false)) return false;
  return results.includes(undefined) ? undefined : true;
}

function list(value: unknown): string[] {
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
}

function anyMatches(patterns: unknown, text: string): boolean {
  return list(patterns).some((pattern) => {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${source}$`).test(text);
  });
}

function statementsOf(policy: string): Statement[] | undefined {
  try {
    const { Statement: found } = JSON.parse(policy) as { Statement?: Statement | Statement[] };
    return found === undefined ? undefined : [found].flat();
  } catch {
    return undefined;
  }
}

/** Whether two policies say the same, however they are written. */
export function samePolicy(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  try {
    return a !== undefined && b !== undefined && isDeepStrictEqual(JSON.parse(a), JSON.parse(b));
  } catch {
    return false;
  }
}

/**
 * The policy that holds for the next update: that of the configuration, which is set before it, else the
 * stack's own. Who may not read it goes without: AWS holds to it anyway.
 */
export async function policyFor(
  port: StacksPort,
  spec: Pick<StackSpec, 'stackPolicy'>,
  state: StackState,
): Promise<string | undefined> {
  if (spec.stackPolicy !== undefined) return spec.stackPolicy;
  try {
    return await port.stackPolicy(state.stackId);
  } catch (error) {
    if (isInfractlError(error) && error.code === 'AccessDenied') return undefined;
    throw error;
  }
}

/** Gives a stack the policy of the configuration, where it has another one. */
export async function setPolicy(
  port: StacksPort,
  spec: Pick<StackSpec, 'stackPolicy'>,
  stackId: string,
): Promise<boolean> {
  if (spec.stackPolicy === undefined) return false;
  if (samePolicy(await port.stackPolicy(stackId), spec.stackPolicy)) return false;
  await port.setStackPolicy(stackId, spec.stackPolicy);
  return true;
}
