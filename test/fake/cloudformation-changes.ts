import type { CloudFormationState, Desired, FakeChange, FakeStack } from './cloudformation-state.ts';
import { holds, needs, resolve, type Scope, type Template } from './cloudformation-template.ts';
import { validationError } from './wire.ts';

/** What a change set says about a stack: pure, from the stack as it is and what it is to become. */

/** Everything a template's values are resolved against. `symbolic` leaves references to resources in place. */
export function scopeOf(
  cf: CloudFormationState,
  stack: FakeStack,
  desired: Desired,
  symbolic = false,
): Scope {
  const [, , , region = '', account = ''] = stack.id.split(':');
  return {
    template: desired.template,
    parameters: desired.parameters,
    pseudo: {
      'AWS::Region': region,
      'AWS::AccountId': account,
      'AWS::StackName': stack.name,
      'AWS::StackId': stack.id,
      'AWS::Partition': 'aws',
      'AWS::URLSuffix': 'amazonaws.com',
    },
    resource(id, attribute) {
      const resource = stack.resources.get(id);
      if (symbolic || !resource) return undefined;
      if (!attribute) return resource.physicalId;
      const known = resource.attributes[attribute];
      if (known !== undefined) return known;
      const service = resource.type.split('::')[1]?.toLowerCase() ?? 'fake';
      return attribute === 'Arn'
        ? `arn:aws:${service}:${region}:${account}:${resource.physicalId}`
        : `${resource.physicalId}.${attribute}`;
    },
    exported(name) {
      const found = cf.exports(region).get(name);
      if (!found) throw validationError(`No export named ${name} found.`);
      return found.value;
    },
  };
}

/** Logical ids of the resources whose condition holds. */
export function present(desired: Desired, scope: Scope): string[] {
  return Object.entries(desired.template.Resources)
    .filter(([, one]) => one.Condition === undefined || holds({ Condition: one.Condition }, scope))
    .map(([id]) => id);
}

/** Properties that cannot be changed in place: the resource's own name, and `Replace` of the fake's own types. */
export function recreates(type: string, property: string): boolean {
  const last = type.split('::').at(-1) ?? '';
  return (
    property === `${last}Name` ||
    property === 'Name' ||
    (type.startsWith('Fake::') && property === 'Replace') ||
    (type === 'AWS::Logs::LogGroup' && property === 'LogGroupName') ||
    (type === 'AWS::Lambda::Function' && property === 'PackageType') ||
    (type === 'AWS::DynamoDB::Table' && property === 'KeySchema')
  );
}

/** The changes from what the stack is to what it is to become, in the template's order, removals last. */
export function changesOf(cf: CloudFormationState, stack: FakeStack, desired: Desired): FakeChange[] {
  const after = scopeOf(cf, stack, desired, true);
  const before = scopeOf(cf, stack, stack.desired, true);
  const wanted = present(desired, after);
  const changes: FakeChange[] = [];
  const replaced = new Set<string>();
  for (const id of inOrder(desired.template, wanted)) {
    const resource = desired.template.Resources[id];
    const existing = stack.resources.get(id);
    if (!resource) continue;
    if (!existing) {
      changes.push(change('Add', id, undefined, resource.Type, resolve(resource.Properties ?? {}, after)));
      continue;
    }
    const old = (resolve(stack.desired.template.Resources[id]?.Properties ?? {}, before) ?? {}) as Record<
      string,
      unknown
    >;
    const fresh = resolve(resource.Properties ?? {}, after) as Record<string, unknown>;
    const direct = changedKeys(old, fresh);
    const indirect = Object.keys(fresh).filter(
      (key) => !direct.includes(key) && [...replaced].some((other) => mentions(fresh[key], other)),
    );
    if (direct.length + indirect.length === 0 && existing.type === resource.Type) continue;
    const replace = existing.type !== resource.Type || direct.some((key) => recreates(resource.Type, key));
    const perhaps = indirect.some((key) => recreates(resource.Type, key));
    if (replace || perhaps) replaced.add(id);
    changes.push({
      ...change('Modify', id, existing.physicalId, resource.Type, fresh, old),
      Replacement: replace ? 'True' : perhaps ? 'Conditional' : 'False',
      PolicyAction: replace || perhaps ? `ReplaceAnd${resource.UpdateReplacePolicy ?? 'Delete'}` : undefined,
      Scope: ['Properties'],
      Details: [
        ...direct.map((key) =>
          detail(key, resource.Type, 'Static', 'DirectModification', old[key], fresh[key]),
        ),
        ...indirect.map((key) =>
          detail(key, resource.Type, 'Dynamic', 'ResourceReference', old[key], fresh[key]),
        ),
      ],
    });
  }
  for (const [id, existing] of stack.resources) {
    if (wanted.includes(id)) continue;
    const policy = stack.desired.template.Resources[id]?.DeletionPolicy ?? 'Delete';
    changes.push({ ...change('Remove', id, existing.physicalId, existing.type), PolicyAction: policy });
  }
  return changes;
}

/** A change as it is told to who does not ask for the values of properties. */
export function withoutValues(change: FakeChange): FakeChange {
  const Details = (change.Details as { Target: object }[]).map((detail) => ({
    ...detail,
    Target: { ...detail.Target, BeforeValue: undefined, AfterValue: undefined },
  }));
  return { ...change, Details, BeforeContext: undefined, AfterContext: undefined };
}

function change(
  action: FakeChange['Action'],
  id: string,
  physicalId: string | undefined,
  type: string,
  after?: unknown,
  before?: unknown,
): FakeChange {
  return {
    Action: action,
    LogicalResourceId: id,
    PhysicalResourceId: physicalId,
    ResourceType: type,
    Replacement: undefined,
    PolicyAction: undefined,
    Scope: [],
    Details: [],
    BeforeContext: before === undefined ? undefined : JSON.stringify({ Properties: before }),
    AfterContext: after === undefined ? undefined : JSON.stringify({ Properties: after }),
  };
}

function detail(
  key: string,
  type: string,
  evaluation: string,
  source: string,
  before: unknown,
  after: unknown,
): object {
  const text = (value: unknown) =>
    value === undefined ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const recreation = recreates(type, key) ? (evaluation === 'Static' ? 'Always' : 'Conditionally') : 'Never';
  return {
    Target: {
      Attribute: 'Properties',
      Name: key,
      Path: `/Properties/${key}`,
      RequiresRecreation: recreation,
      BeforeValue: text(before),
      AfterValue: text(after),
      AttributeChangeType: before === undefined ? 'Add' : after === undefined ? 'Remove' : 'Modify',
    },
    Evaluation: evaluation,
    ChangeSource: source,
  };
}

export function changedKeys(old: Record<string, unknown>, fresh: Record<string, unknown>): string[] {
  return [...new Set([...Object.keys(old), ...Object.keys(fresh)])].filter(
    (key) => stable(old[key]) !== stable(fresh[key]),
  );
}

/** JSON with sorted keys: two values are equal when their texts are. */
export function stable(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, item) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

const mentions = (value: unknown, id: string) => {
  const text = JSON.stringify(value) ?? '';
  return text.includes(`{"Ref":"${id}"}`) || text.includes(`["${id}",`) || text.includes(`\${${id}`);
};

/** Resources after those that they need. */
function inOrder(template: Template, ids: readonly string[]): string[] {
  const done = new Set<string>();
  const visit = (id: string) => {
    if (done.has(id)) return;
    done.add(id);
    for (const needed of needs(template, id)) visit(needed);
    order.push(id);
  };
  const order: string[] = [];
  for (const id of ids) visit(id);
  return order.filter((id) => ids.includes(id));
}
