import type { FakeClock } from './clock.ts';
import { present, scopeOf, stable } from './cloudformation-changes.ts';
import { exportTrouble } from './cloudformation-exports.ts';
import {
  type CloudFormationState,
  type Desired,
  type FakeResource,
  type FakeStack,
  newUndo,
} from './cloudformation-state.ts';
import {
  applyStep,
  deleteStep,
  type Engine,
  emit,
  type Step,
  sweepStep,
  walk,
} from './cloudformation-steps.ts';
import { holds, needs, parameterValues, parseTemplate, resolve } from './cloudformation-template.ts';
import { FakeError } from './wire.ts';

/** A stack's life: what each operation does over time, in the statuses and events that AWS gives it. */

const EMPTY: Desired = {
  body: '',
  template: { Resources: {} },
  parameters: new Map(),
  tags: [],
  capabilities: [],
  role: undefined,
};

export function engineOf(
  cf: CloudFormationState,
  clock: FakeClock,
  readTemplate: (url: string) => string,
): Engine {
  const engine: Engine = {
    cf,
    clock,
    nested(action, parent, resource, ended) {
      nestedStack(engine, readTemplate, action, parent, resource, ended);
    },
  };
  return engine;
}

export function newStack(engine: Engine, name: string, region: string, account: string): FakeStack {
  const stack: FakeStack = {
    name,
    id: `arn:aws:cloudformation:${region}:${account}:stack/${name}/${engine.cf.serial()}`,
    created: engine.clock.now(),
    region,
    status: '',
    reason: undefined,
    updated: undefined,
    deleted: undefined,
    desired: EMPTY,
    previous: undefined,
    resources: new Map(),
    events: [],
    changeSets: new Map(),
    outputs: [],
    protection: false,
    disableRollback: false,
    parent: undefined,
    operation: undefined,
    undo: newUndo(),
    cancel: undefined,
    ended: undefined,
  };
  engine.cf.stacks.push(stack);
  return stack;
}

export function setStatus(engine: Engine, stack: FakeStack, status: string, reason?: string): void {
  stack.status = status;
  stack.reason = reason;
  emit(engine, stack, {
    logicalId: stack.name,
    physicalId: stack.id,
    type: 'AWS::CloudFormation::Stack',
    status,
    reason,
  });
}

function begin(engine: Engine, stack: FakeStack, type: string, token: string | undefined): void {
  stack.operation = { id: engine.cf.serial(), type, token };
  stack.undo = newUndo();
}

function finish(engine: Engine, stack: FakeStack, status: string, reason?: string): void {
  stack.cancel = undefined;
  if (status === 'DELETE_COMPLETE') {
    stack.deleted = engine.clock.now();
    // They go with it: AWS answers ChangeSetNotFound.
    stack.changeSets.clear();
  }
  setStatus(engine, stack, status, reason);
  const ended = stack.ended;
  stack.ended = undefined;
  ended?.(status);
}

const later = (engine: Engine, work: () => void) => engine.clock.after(engine.cf.stepMs, work);

export type OnFailure = 'ROLLBACK' | 'DELETE' | 'DO_NOTHING';

export function createStack(
  engine: Engine,
  stack: FakeStack,
  desired: Desired,
  onFailure: OnFailure,
  token?: string,
): void {
  begin(engine, stack, 'CREATE_STACK', token);
  stack.desired = desired;
  setStatus(engine, stack, 'CREATE_IN_PROGRESS', 'User Initiated');
  const stop = apply(engine, stack, desired, 'forward', (failed) => {
    const trouble = failed.length === 0 ? exportTrouble(engine, stack, outputsOf(engine, stack)) : undefined;
    if (failed.length === 0 && !trouble) return completed(engine, stack, 'CREATE_COMPLETE');
    const words = trouble ?? failedWords(stack);
    if (onFailure === 'DO_NOTHING') return finish(engine, stack, 'CREATE_FAILED', words);
    if (onFailure === 'DELETE') {
      setStatus(engine, stack, 'DELETE_IN_PROGRESS', `${words} Delete requested by user.`);
      return removeAll(engine, stack, 'DELETE_COMPLETE', 'DELETE_FAILED');
    }
    setStatus(engine, stack, 'ROLLBACK_IN_PROGRESS', `${words} Rollback requested by user.`);
    later(engine, () => removeAll(engine, stack, 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'));
  });
  stack.cancel = stop;
}

export function updateStack(
  engine: Engine,
  stack: FakeStack,
  desired: Desired,
  disableRollback: boolean,
  token?: string,
): void {
  begin(engine, stack, 'UPDATE_STACK', token);
  stack.previous = stack.desired;
  stack.desired = desired;
  stack.updated = engine.clock.now();
  setStatus(engine, stack, 'UPDATE_IN_PROGRESS', 'User Initiated');
  const stop = apply(engine, stack, desired, 'forward', (failed) => {
    stack.cancel = undefined;
    const trouble = failed.length === 0 ? exportTrouble(engine, stack, outputsOf(engine, stack)) : undefined;
    if (failed.length > 0 || trouble) {
      const words = trouble ?? failedWords(stack);
      if (disableRollback) return finish(engine, stack, 'UPDATE_FAILED', words);
      return rollBack(engine, stack, words);
    }
    setStatus(engine, stack, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
    cleanup(engine, stack, (left) =>
      completed(
        engine,
        stack,
        'UPDATE_COMPLETE',
        left ? 'One or more resources could not be deleted.' : undefined,
      ),
    );
  });
  if (stack.status === 'UPDATE_IN_PROGRESS') {
    stack.cancel = () => {
      stop();
      rollBack(engine, stack, 'User Initiated');
    };
  }
}

function rollBack(engine: Engine, stack: FakeStack, reason: string, skip: readonly string[] = []): void {
  const back = stack.previous ?? EMPTY;
  stack.cancel = undefined;
  setStatus(engine, stack, 'UPDATE_ROLLBACK_IN_PROGRESS', reason);
  for (const id of skip) {
    const resource = stack.resources.get(id);
    const before = stack.undo.before.get(id);
    if (resource && before) Object.assign(resource, before, { status: 'UPDATE_COMPLETE' });
  }
  later(engine, () =>
    apply(engine, stack, back, 'rollback', (failed) => {
      if (failed.length > 0) return finish(engine, stack, 'UPDATE_ROLLBACK_FAILED', failedWords(stack));
      stack.desired = back;
      setStatus(engine, stack, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
      cleanup(engine, stack, () => completed(engine, stack, 'UPDATE_ROLLBACK_COMPLETE'));
    }),
  );
}

export function continueRollback(
  engine: Engine,
  stack: FakeStack,
  skip: readonly string[],
  token?: string,
): void {
  stack.operation = { id: engine.cf.serial(), type: 'CONTINUE_ROLLBACK', token };
  rollBack(engine, stack, 'User Initiated', skip);
}

export function deleteStack(
  engine: Engine,
  stack: FakeStack,
  retain: readonly string[],
  force: boolean,
  token?: string,
): void {
  stack.cancel?.();
  stack.cancel = undefined;
  begin(engine, stack, 'DELETE_STACK', token);
  setStatus(engine, stack, 'DELETE_IN_PROGRESS', 'User Initiated');
  later(engine, () => removeAll(engine, stack, 'DELETE_COMPLETE', 'DELETE_FAILED', retain, force));
}

/** Creates or updates every resource of `desired`, in the order of their needs. */
function apply(
  engine: Engine,
  stack: FakeStack,
  desired: Desired,
  phase: 'forward' | 'rollback',
  finished: (failed: string[]) => void,
): () => void {
  const ids = present(desired, scopeOf(engine.cf, stack, desired));
  const steps: Step[] = ids
    .filter((id) => phase === 'forward' || stack.resources.has(id))
    .map((id) => applyStep(engine, stack, id, desired, needs(desired.template, id), phase));
  return walk(steps, true, finished);
}

/** Deletes what the stack no longer has, and what replacements left behind. */
function cleanup(engine: Engine, stack: FakeStack, finished: (left: boolean) => void): void {
  const wanted = new Set(present(stack.desired, scopeOf(engine.cf, stack, stack.desired)));
  const gone = [...stack.resources.values()].filter((resource) => !wanted.has(resource.logicalId));
  const policies = stack.previous?.template.Resources ?? {};
  const steps = [
    ...stack.undo.replaced.map((left) => sweepStep(engine, stack, left)),
    ...gone.map((resource) =>
      deleteStep(engine, stack, resource, new Set(), policies[resource.logicalId]?.DeletionPolicy),
    ),
  ];
  later(engine, () =>
    walk(steps, false, (failed) => {
      for (const resource of gone) stack.resources.delete(resource.logicalId);
      finished(failed.length > 0);
    }),
  );
}

function removeAll(
  engine: Engine,
  stack: FakeStack,
  done: string,
  failedStatus: string,
  retain: readonly string[] = [],
  force = false,
): void {
  const template = stack.desired.template;
  const resources = [...stack.resources.values()].reverse();
  const neededBy = (id: string) =>
    new Set(resources.map((one) => one.logicalId).filter((other) => needs(template, other).has(id)));
  const steps = resources.map((resource) => {
    const policy = template.Resources[resource.logicalId]?.DeletionPolicy;
    const kept = retain.includes(resource.logicalId) || (force && resource.status === 'DELETE_FAILED');
    return deleteStep(engine, stack, resource, neededBy(resource.logicalId), kept ? 'Retain' : policy);
  });
  walk(steps, false, (failed) => {
    if (failed.length === 0) return finish(engine, stack, done);
    finish(
      engine,
      stack,
      failedStatus,
      `The following resource(s) failed to delete: [${failed.join(', ')}]. `,
    );
  });
}

function completed(engine: Engine, stack: FakeStack, status: string, reason?: string): void {
  stack.outputs = outputsOf(engine, stack);
  stack.previous = undefined;
  finish(engine, stack, status, reason);
}

function outputsOf(engine: Engine, stack: FakeStack): FakeStack['outputs'] {
  const scope = scopeOf(engine.cf, stack, stack.desired);
  return Object.entries(stack.desired.template.Outputs ?? {})
    .filter(([, one]) => one.Condition === undefined || holds({ Condition: one.Condition }, scope))
    .map(([key, one]) => ({
      OutputKey: key,
      OutputValue: text(resolve(one.Value, scope)),
      ...(one.Description ? { Description: one.Description } : {}),
      ...(one.Export ? { ExportName: text(resolve(one.Export.Name, scope)) } : {}),
    }));
}

const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** "The following resource(s) failed to create: [A, B]. The following resource(s) failed to update: [C]." */
function failedWords(stack: FakeStack): string {
  const words: string[] = [];
  for (const verb of ['create', 'update'] as const) {
    const ids = [...stack.resources.values()]
      .filter((one) => one.status === `${verb.toUpperCase()}_FAILED`)
      .map((one) => one.logicalId);
    if (ids.length > 0) words.push(`The following resource(s) failed to ${verb}: [${ids.join(', ')}].`);
  }
  return words.join(' ');
}

function nestedStack(
  engine: Engine,
  readTemplate: (url: string) => string,
  action: 'create' | 'update' | 'delete',
  parent: FakeStack,
  resource: FakeResource,
  ended: (failure?: string) => void,
): void {
  const [, , , region = '', account = ''] = parent.id.split(':');
  const existing = engine.cf.find(resource.physicalId);
  if (action === 'delete') {
    if (existing) {
      existing.ended = (status) =>
        ended(status === 'DELETE_COMPLETE' ? undefined : 'Embedded stack could not be deleted');
      deleteStack(engine, existing, [], false);
    } else ended();
    return;
  }
  let desired: Desired;
  try {
    const body = readTemplate(String(resource.properties.TemplateURL ?? ''));
    const template = parseTemplate(body);
    const given = Object.entries((resource.properties.Parameters ?? {}) as Record<string, unknown>).map(
      ([key, value]) => ({ ParameterKey: key, ParameterValue: text(value) }),
    );
    const parameters = parameterValues(template, given, new Map());
    desired = { ...parent.desired, body, template, parameters };
  } catch (error) {
    if (!(error instanceof FakeError)) throw error;
    ended(error.message);
    return;
  }
  if (
    existing?.desired.body === desired.body &&
    stable([...existing.desired.parameters]) === stable([...desired.parameters])
  ) {
    ended();
    return;
  }
  const child =
    existing ??
    newStack(
      engine,
      `${parent.name}-${resource.logicalId}-${engine.cf.serial().slice(0, 8)}`,
      region,
      account,
    );
  child.parent = parent;
  resource.physicalId = child.id;
  if (!existing)
    emit(engine, parent, {
      logicalId: resource.logicalId,
      physicalId: child.id,
      type: 'AWS::CloudFormation::Stack',
      status: `${action.toUpperCase()}_IN_PROGRESS`,
      reason: 'Resource creation Initiated',
    });
  child.ended = (status) => {
    resource.attributes = Object.fromEntries(
      child.outputs.map((one) => [`Outputs.${one.OutputKey}`, one.OutputValue]),
    );
    if (status === 'CREATE_COMPLETE' || status === 'UPDATE_COMPLETE') return ended();
    const why = child.events.find((event) => event.ResourceStatus.endsWith('ROLLBACK_IN_PROGRESS'));
    const cause = (why?.ResourceStatusReason ?? '').replace(' Rollback requested by user.', ' ');
    ended(`Embedded stack ${child.id} was not successfully ${action}d: ${cause}`);
  };
  if (existing) updateStack(engine, child, desired, false);
  else createStack(engine, child, desired, 'ROLLBACK');
}
