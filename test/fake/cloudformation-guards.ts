import { changesOf, scopeOf } from './cloudformation-changes.ts';
import type { FakeChange, FakeChangeSet, FakeStack } from './cloudformation-state.ts';
import type { Engine } from './cloudformation-steps.ts';
import { parameterValues, parseTemplate, resolve } from './cloudformation-template.ts';
import { validationError } from './wire.ts';

/** What stands around a change set: nested ones, early validation, stack policies. */

const NESTED = 'AWS::CloudFormation::Stack';

/**
 * Gives the changed nested stacks of a change set change sets of their own. An added one has none here: its
 * stack is made when the outer one is executed.
 */
export function withNestedSets(
  engine: Engine,
  stack: FakeStack,
  set: FakeChangeSet,
  templateAt: (url: string) => string,
): FakeChange[] {
  return set.changes.map((change) => {
    const child = change.PhysicalResourceId && engine.cf.find(change.PhysicalResourceId);
    if (change.ResourceType !== NESTED || change.Action !== 'Modify' || !child) return change;
    const declared = set.desired.template.Resources[change.LogicalResourceId]?.Properties ?? {};
    const properties = resolve(declared, scopeOf(engine.cf, stack, set.desired)) as Record<string, unknown>;
    const body = templateAt(String(properties.TemplateURL));
    const template = parseTemplate(body);
    const given = Object.entries((properties.Parameters ?? {}) as Record<string, unknown>).map(
      ([ParameterKey, value]) => ({ ParameterKey, ParameterValue: String(value) }),
    );
    const parameters = parameterValues(template, given, new Map());
    const desired = { ...set.desired, body, template, parameters };
    const nested: FakeChangeSet = {
      ...set,
      name: `${set.name}-${change.LogicalResourceId}`,
      id: `${set.id}-${engine.cf.serial()}`,
      desired,
      status: 'CREATE_COMPLETE',
      execution: 'AVAILABLE',
      changes: changesOf(engine.cf, child, desired),
      nested: [],
    };
    child.changeSets.set(nested.name, nested);
    nested.changes = withNestedSets(engine, child, nested, templateAt);
    set.nested = [...(set.nested ?? []), [child, nested.name]];
    return { ...change, ChangeSetId: nested.id };
  });
}

/** A change set goes with those of its nested stacks. */
export function removeSet(stack: FakeStack, set: FakeChangeSet): void {
  stack.changeSets.delete(set.name);
  for (const [child, name] of set.nested ?? []) {
    const nested = child.changeSets.get(name);
    if (nested) removeSet(child, nested);
  }
}

/** Early validation as a test scripted it: a finding that is no warning fails the change set. */
export function failsValidation(engine: Engine, stack: FakeStack, set: FakeChangeSet): boolean {
  set.findings = engine.cf.findings.get(stack.name) ?? [];
  return set.findings.some(({ ValidationFailureMode }) => ValidationFailureMode !== 'WARN');
}

export function validationEvents(stack: FakeStack, set: FakeChangeSet): object[] {
  return (set.findings ?? []).map((finding, at) => ({
    EventId: `validation-${at}`,
    StackId: stack.id,
    EventType: 'VALIDATION_ERROR',
    ValidationStatus: 'FAILED',
    ...finding,
  }));
}

/** Resources that a request names must be there, in the one state for which it is meant. */
export function checkNamed(stack: FakeStack, ids: readonly string[], status: string, words: string): void {
  if (ids.some((id) => stack.resources.get(id)?.status !== status)) throw validationError(words);
}

/** A stack that failed and was not taken back goes on without rollback alone, and replaces nothing then. */
export function checkFailedStack(stack: FakeStack, set: FakeChangeSet, disableRollback: boolean): void {
  if (!/^(CREATE|UPDATE)_FAILED$/.test(stack.status)) return;
  if (!disableRollback)
    throw validationError(
      `This stack is currently in a non-terminal [${stack.status}] state. To update the stack from this state, please use the disable-rollback parameter with update-stack API. To rollback to the last known good state, use the rollback-stack API`,
    );
  if (set.changes.some(({ Replacement }) => Replacement === 'True'))
    throw validationError('Replacement type updates not supported on stack with disable-rollback.');
}

export function setStackPolicy(stack: FakeStack, body: unknown): object {
  try {
    JSON.parse(String(body));
  } catch {
    throw validationError('Error validating stack policy: Unable to parse policy as JSON');
  }
  stack.policy = String(body);
  return {};
}
