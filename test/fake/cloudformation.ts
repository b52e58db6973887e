import { changesOf, scopeOf, stable, withoutValues } from './cloudformation-changes.ts';
import { DRIFT_HANDLERS, seeTruth, withReverts } from './cloudformation-drift.ts';
import {
  continueRollback,
  createStack,
  deleteStack,
  engineOf,
  newStack,
  type OnFailure,
  setStatus,
  updateStack,
} from './cloudformation-engine.ts';
import { EXPORT_HANDLERS, importers } from './cloudformation-exports.ts';
import {
  checkFailedStack,
  checkNamed,
  failsValidation,
  removeSet,
  setStackPolicy,
  validationEvents,
  withNestedSets,
} from './cloudformation-guards.ts';
import { checkForm } from './cloudformation-names.ts';
import type { Desired, FakeChangeSet, FakeEvent, FakeStack } from './cloudformation-state.ts';
import type { Engine } from './cloudformation-steps.ts';
import { templateSummary, templateValidation } from './cloudformation-summary.ts';
import {
  capabilities,
  isNoEcho,
  parameterValues,
  parseTemplate,
  resolve,
  type Template,
} from './cloudformation-template.ts';
import { share } from './hold.ts';
import { readObject } from './s3.ts';
import type { Context, Service } from './server.ts';
import {
  FakeError,
  type Parameters,
  page,
  parseQuery,
  queryAnswer,
  queryError,
  validationError,
} from './wire.ts';

/** CloudFormation's API, version 2010-05-15: the Query protocol. */
export const cloudFormation: Service = {
  name: 'cloudformation',
  read(request) {
    const parameters = parseQuery(request.body.toString());
    return { action: String(parameters.Action), parameters };
  },
  handle(action, parameters, context) {
    const handler = HANDLERS[action];
    if (!handler) throw new Error(`the fake's CloudFormation does not know ${action}`);
    if (!context.buckets.take(`cloudformation:${action}`, context.clock.now()))
      throw new FakeError('Throttling', 'Rate exceeded');
    checkForm(parameters);
    const engine = engineOf(context.state.cloudFormation, context.clock, (url) => templateAt(url, context));
    const result = handler(parameters, { ...context, engine });
    return {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: queryAnswer(action, result, context.requestId),
    };
  },
  fail: (error, requestId) => ({
    status: error.status,
    headers: { 'content-type': 'text/xml' },
    body: queryError(error, requestId),
  }),
};

interface Here extends Context {
  readonly engine: Engine;
}

const text = (value: unknown) => (value === undefined ? undefined : String(value));
const list = <T>(value: unknown) => (Array.isArray(value) ? value : []) as T[];

function stackOf(p: Parameters, here: Here): FakeStack {
  const name = String(p.StackName ?? '');
  const stack = here.engine.cf.find(name);
  if (!stack) throw validationError(`Stack with id ${name} does not exist`);
  return stack;
}

function changeSetOf(p: Parameters, here: Here): [FakeStack, FakeChangeSet] {
  const name = String(p.ChangeSetName ?? '');
  for (const stack of p.StackName ? [stackOf(p, here)] : here.engine.cf.stacks) {
    for (const set of stack.changeSets.values())
      if (set.name === name || set.id === name) return [stack, set];
  }
  throw new FakeError('ChangeSetNotFound', `ChangeSet [${name}] does not exist`, 404);
}

/** A template's text behind a URL of the fake's own S3, in any of the forms that S3 URLs have. */
function templateAt(url: string, context: Context): string {
  const { hostname, pathname } = new URL(url);
  const path = decodeURIComponent(pathname).slice(1);
  const virtual = /^(.+)\.s3[.-]/.exec(hostname)?.[1];
  const bucket = virtual ?? path.split('/')[0] ?? '';
  const key = virtual ? path : path.slice(bucket.length + 1);
  const body = readObject(context.state.s3, bucket, key);
  if (!body) throw validationError(`S3 error: The specified key does not exist.`);
  if (body.byteLength > 1_000_000) throw validationError('Template may not exceed 1000000 bytes in size.');
  return Buffer.from(body).toString();
}

function bodyOf(p: Parameters, here: Here, stack?: FakeStack): string {
  if (p.UsePreviousTemplate === 'true' && stack) return stack.desired.body;
  if (p.TemplateURL) return templateAt(String(p.TemplateURL), here);
  const body = text(p.TemplateBody);
  if (!body) throw validationError('Either Template URL or Template Body must be specified.');
  if (Buffer.byteLength(body) > 51_200) {
    throw validationError(
      `1 validation error detected: Value '${body.slice(0, 60)}…' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200`,
    );
  }
  return body;
}

const UPDATABLE =
  /^(CREATE_COMPLETE|UPDATE_COMPLETE|UPDATE_ROLLBACK_COMPLETE|UPDATE_FAILED|CREATE_FAILED|IMPORT_COMPLETE|IMPORT_ROLLBACK_COMPLETE)$/;

/** Express mode switches rollback off unless the request says otherwise. */
function deploymentOf(p: Parameters): FakeStack['deployment'] {
  const given = p.DeploymentConfig as { Mode?: string; DisableRollback?: string } | undefined;
  if (!given?.Mode) return undefined;
  const standard = given.Mode === 'STANDARD';
  return { Mode: given.Mode, DisableRollback: (given.DisableRollback ?? String(!standard)) === 'true' };
}

function createChangeSet(p: Parameters, here: Here): object {
  const { engine } = here;
  const name = String(p.StackName);
  const setName = String(p.ChangeSetName);
  const type = text(p.ChangeSetType) ?? 'UPDATE';
  let stack = engine.cf.find(name);
  const same = stack?.changeSets.get(setName);
  if (same?.token !== undefined && same.token === p.ClientToken) return { Id: same.id, StackId: stack?.id };
  if (type === 'CREATE' && stack && stack.status !== 'REVIEW_IN_PROGRESS') {
    throw validationError(
      `Stack [${name}] already exists and cannot be created again with the changeSet [${setName}].`,
    );
  }
  if (p.DeploymentMode === 'REVERT_DRIFT' && type !== 'UPDATE')
    throw validationError('DeploymentMode REVERT_DRIFT is only supported for ChangeSetType UPDATE.');
  if (p.DeploymentMode === 'REVERT_DRIFT' && p.IncludeNestedStacks === 'true')
    throw validationError('IncludeNestedStacks is not supported with DeploymentMode REVERT_DRIFT.');
  if (type === 'UPDATE' && !stack) throw validationError(`Stack [${name}] does not exist`);
  if (type === 'UPDATE' && stack && !UPDATABLE.test(stack.status)) {
    throw validationError(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
  }
  if (stack?.changeSets.has(setName)) {
    throw new FakeError(
      'AlreadyExistsException',
      `ChangeSet ${setName} cannot be created due to a mismatch with existing attribute Template`,
    );
  }
  const body = bodyOf(p, here, stack);
  const template = parseTemplate(body);
  const parameters = parameterValues(template, list(p.Parameters), stack?.desired.parameters ?? new Map());
  const given = list<string>(p.Capabilities);
  const lacking = capabilities(template).filter(
    (one) => !given.includes(one) && !(one === 'CAPABILITY_IAM' && given.includes('CAPABILITY_NAMED_IAM')),
  );
  if (lacking.length > 0) {
    throw new FakeError(
      'InsufficientCapabilitiesException',
      `Requires capabilities : [${lacking.join(', ')}]`,
    );
  }
  if (!stack) {
    stack = newStack(engine, name, here.region, here.state.account);
    setStatus(engine, stack, 'REVIEW_IN_PROGRESS', 'User Initiated');
  }
  const desired: Desired = {
    body,
    template,
    parameters,
    tags: p.Tags === undefined ? stack.desired.tags : list(p.Tags),
    capabilities: given,
    role: text(p.RoleARN) ?? stack.desired.role,
  };
  const set: FakeChangeSet = {
    name: setName,
    id: `arn:aws:cloudformation:${here.region}:${here.state.account}:changeSet/${setName}/${engine.cf.serial()}`,
    type,
    created: here.clock.now(),
    token: text(p.ClientToken),
    description: text(p.Description),
    desired,
    onFailure: text(p.OnStackFailure) ?? 'ROLLBACK',
    failureSaid: p.OnStackFailure !== undefined,
    deployment: deploymentOf(p),
    mode: text(p.DeploymentMode),
    status: 'CREATE_PENDING',
    execution: 'UNAVAILABLE',
    reason: undefined,
    changes: [],
  };
  stack.changeSets.set(setName, set);
  const { changeSetMs } = engine.cf;
  const owner = stack;
  here.clock.after(share(changeSetMs, 1 / 5), () => {
    set.status = 'CREATE_IN_PROGRESS';
  });
  const at = (url: string) => templateAt(url, here);
  here.clock.after(changeSetMs, () => ready(engine, owner, set, p.IncludeNestedStacks ? at : undefined));
  return { Id: set.id, StackId: stack.id };
}

/** Computes the changes; a set without any has failed, in words that depend on a transform. */
function ready(engine: Engine, stack: FakeStack, set: FakeChangeSet, at?: (url: string) => string): void {
  if (failsValidation(engine, stack, set)) {
    const reason = 'The following validation(s) failed: [AWS::EarlyValidation::PropertyValidation].';
    Object.assign(set, { status: 'FAILED', reason });
    return;
  }
  try {
    set.changes = changesOf(engine.cf, stack, set.desired);
    if (at) set.changes = withNestedSets(engine, stack, set, at);
    if (set.mode === 'REVERT_DRIFT')
      set.changes = withReverts(engine.cf, stack, set.changes, (id) => {
        const declared = set.desired.template.Resources[id];
        const scope = scopeOf(engine.cf, stack, set.desired);
        return declared && (resolve(declared.Properties ?? {}, scope) as Record<string, unknown>);
      });
  } catch (error) {
    if (!(error instanceof FakeError)) throw error;
    Object.assign(set, { status: 'FAILED', reason: error.message });
    return;
  }
  const rest = (desired: Desired) =>
    stable([
      desired.tags,
      desired.role,
      resolve(desired.template.Outputs ?? {}, scopeOf(engine.cf, stack, desired, true)),
    ]);
  if (set.changes.length === 0 && rest(set.desired) === rest(stack.desired) && set.type !== 'CREATE') {
    set.status = 'FAILED';
    set.reason = set.desired.template.Transform
      ? 'No updates are to be performed.'
      : "The submitted information didn't contain changes. Submit different information to create a change set.";
    return;
  }
  set.status = 'CREATE_COMPLETE';
  set.execution = 'AVAILABLE';
}

function describeChangeSet(p: Parameters, here: Here): object {
  const [stack, set] = changeSetOf(p, here);
  const { items, next } = page(set.changes, p.NextToken, here.engine.cf.pageSize);
  const values = p.IncludePropertyValues === 'true';
  return {
    ChangeSetName: set.name,
    ChangeSetId: set.id,
    StackId: stack.id,
    StackName: stack.name,
    Description: set.description,
    Parameters: shownParameters(set.desired),
    CreationTime: new Date(set.created),
    ExecutionStatus: set.execution,
    Status: set.status,
    StatusReason: set.reason,
    Capabilities: set.desired.capabilities,
    Tags: set.desired.tags,
    OnStackFailure: set.onFailure,
    DeploymentMode: set.mode,
    Changes: items.map((change) => ({
      Type: 'Resource',
      ResourceChange: values ? change : withoutValues(change),
    })),
    NextToken: next,
    IncludeNestedStacks: false,
  };
}

function executeChangeSet(p: Parameters, here: Here): object {
  const [stack, set] = changeSetOf(p, here);
  const token = text(p.ClientRequestToken);
  if (token && stack.operation?.token === token) return {};
  if (set.execution !== 'AVAILABLE') {
    throw new FakeError(
      'InvalidChangeSetStatus',
      set.status === 'CREATE_COMPLETE'
        ? `ChangeSet [${set.id}] cannot be executed in its current execution status of [${set.execution}]`
        : `ChangeSet [${set.id}] cannot be executed in its current status of [${set.status}]`,
    );
  }
  if (/_IN_PROGRESS$/.test(stack.status) && stack.status !== 'REVIEW_IN_PROGRESS') {
    throw validationError(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
  }
  const disable = p.DisableRollback === 'true' || set.deployment?.DisableRollback === true;
  checkFailedStack(stack, set, disable);
  if (set.failureSaid && p.DisableRollback !== undefined)
    throw validationError('DisableRollback cannot be specified with OnStackFailure of the change set.');
  set.execution = 'EXECUTE_IN_PROGRESS';
  for (const other of [...stack.changeSets.values()]) if (other !== set) removeSet(stack, other);
  if (set.mode === 'REVERT_DRIFT') seeTruth(here.engine.cf, stack);
  stack.deployment = set.deployment;
  stack.disableRollback = disable;
  stack.ended = (status) => {
    set.execution = /^(CREATE|UPDATE)_COMPLETE$/.test(status) ? 'EXECUTE_COMPLETE' : 'EXECUTE_FAILED';
  };
  if (stack.status === 'REVIEW_IN_PROGRESS') {
    createStack(
      here.engine,
      stack,
      set.desired,
      disable ? 'DO_NOTHING' : (set.onFailure as OnFailure),
      token,
    );
  } else updateStack(here.engine, stack, set.desired, disable || set.onFailure === 'DO_NOTHING', token);
  return {};
}

function deleteChangeSet(p: Parameters, here: Here): object {
  let found: [FakeStack, FakeChangeSet];
  try {
    found = changeSetOf(p, here);
  } catch (error) {
    // AWS answers success for a change set that does not exist on a stack that does.
    if (error instanceof FakeError && error.code === 'ChangeSetNotFound') return {};
    throw error;
  }
  const [stack, set] = found;
  if (set.status === 'CREATE_IN_PROGRESS' || set.execution === 'EXECUTE_IN_PROGRESS') {
    throw new FakeError(
      'InvalidChangeSetStatus',
      `ChangeSet [${set.id}] cannot be deleted in status [${set.status}]`,
    );
  }
  removeSet(stack, set);
  return {};
}

function shownParameters(desired: Desired): object[] {
  return [...desired.parameters].map(([key, value]) => ({
    ParameterKey: key,
    ParameterValue: isNoEcho(desired.template.Parameters?.[key]) ? '****' : value,
  }));
}

function shownStack(stack: FakeStack): object {
  return {
    StackId: stack.id,
    StackName: stack.name,
    Parameters: shownParameters(stack.desired),
    CreationTime: new Date(stack.created),
    LastUpdatedTime: stack.updated ? new Date(stack.updated) : undefined,
    DeletionTime: stack.deleted ? new Date(stack.deleted) : undefined,
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
    Description: stack.desired.template.Description,
    DisableRollback: stack.disableRollback,
    Capabilities: stack.desired.capabilities,
    RoleARN: stack.desired.role,
    Outputs: stack.outputs,
    Tags: stack.desired.tags,
    EnableTerminationProtection: stack.protection,
    DeploymentConfig: stack.deployment,
    ParentId: stack.parent?.id,
    RootId: stack.parent ? rootOf(stack).id : undefined,
    DriftInformation: {
      StackDriftStatus: stack.drift?.status ?? 'NOT_CHECKED',
      LastCheckTimestamp: stack.drift ? new Date(stack.drift.at) : undefined,
    },
    LastOperations: stack.operation
      ? [{ OperationType: stack.operation.type, OperationId: stack.operation.id }]
      : undefined,
  };
}

const rootOf = (stack: FakeStack): FakeStack => (stack.parent ? rootOf(stack.parent) : stack);

function shownResource(stack: FakeStack, id: string): object {
  const resource = stack.resources.get(id);
  return {
    StackName: stack.name,
    StackId: stack.id,
    LogicalResourceId: id,
    PhysicalResourceId: resource?.physicalId || undefined,
    ResourceType: resource?.type,
    ResourceStatus: resource?.status,
    ResourceStatusReason: resource?.reason,
  };
}

function operationEvent(stack: FakeStack, event: FakeEvent): object {
  return {
    ...event,
    StackName: undefined,
    EventType:
      event.PhysicalResourceId === stack.id
        ? 'STACK_EVENT'
        : event.ResourceStatus.endsWith('_FAILED')
          ? 'PROVISIONING_ERROR'
          : 'PROGRESS_EVENT',
    StartTime: event.Timestamp,
  };
}

function describeEvents(p: Parameters, here: Here): object {
  const [stack, set] = p.ChangeSetName ? changeSetOf(p, here) : [stackOf(p, here), undefined];
  const found = set ? validationEvents(stack, set) : [];
  const failedOnly = (p.Filters as { FailedEvents?: string } | undefined)?.FailedEvents === 'true';
  const events = stack.events
    .toReversed()
    .filter((event) => !p.OperationId || event.OperationId === p.OperationId)
    .filter((event) => !failedOnly || event.ResourceStatus.endsWith('_FAILED'))
    .map((event) => operationEvent(stack, event));
  const { items, next } = page([...found, ...events], p.NextToken, here.engine.cf.pageSize);
  return { OperationEvents: items, NextToken: next };
}

function templateOf(p: Parameters, here: Here): Template {
  return parseTemplate(p.StackName ? stackOf(p, here).desired.body : bodyOf(p, here));
}

function requestDeletion(p: Parameters, here: Here): object {
  const stack = here.engine.cf.find(String(p.StackName));
  if (!stack || /^DELETE_(COMPLETE|IN_PROGRESS)$/.test(stack.status)) return {};
  if (stack.protection) {
    throw validationError(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
  }
  if (/_IN_PROGRESS$/.test(stack.status) && !/^(CREATE|REVIEW)_IN_PROGRESS$/.test(stack.status)) {
    throw validationError(`Stack [${stack.id}] cannot be deleted while in status ${stack.status}`);
  }
  const retain = list<string>(p.RetainResources);
  if (retain.length > 0 && stack.status !== 'DELETE_FAILED') {
    throw validationError(
      `Invalid operation on stack [${stack.name}]. RetainResources is only valid for stacks in the DELETE_FAILED state.`,
    );
  }
  checkNamed(
    stack,
    retain,
    'DELETE_FAILED',
    'The specified resources to retain must be in a valid state. Do not specify resources that are in the DELETE_COMPLETE state.',
  );
  for (const { ExportName: name } of stack.outputs) {
    const user = name ? importers(here.engine, name).find((other) => other !== stack) : undefined;
    if (user) throw validationError(`Export ${name} cannot be deleted as it is in use by ${user.name}`);
  }
  deleteStack(
    here.engine,
    stack,
    retain,
    p.DeletionMode === 'FORCE_DELETE_STACK',
    text(p.ClientRequestToken),
  );
  return {};
}

type Handler = (p: Parameters, here: Here) => object;

const HANDLERS: Readonly<Record<string, Handler>> = {
  ...DRIFT_HANDLERS,
  ...EXPORT_HANDLERS,
  CreateChangeSet: createChangeSet,
  DescribeChangeSet: describeChangeSet,
  ExecuteChangeSet: executeChangeSet,
  DeleteChangeSet: deleteChangeSet,
  DescribeEvents: describeEvents,
  GetTemplateSummary: (p, here) => templateSummary(templateOf(p, here)),
  ValidateTemplate: (p, here) => templateValidation(templateOf(p, here)),
  DeleteStack: requestDeletion,
  ListChangeSets(p, here) {
    const stack = stackOf(p, here);
    const { items, next } = page([...stack.changeSets.values()], p.NextToken, here.engine.cf.pageSize);
    return {
      Summaries: items.map((set) => ({
        StackId: stack.id,
        StackName: stack.name,
        ChangeSetId: set.id,
        ChangeSetName: set.name,
        ExecutionStatus: set.execution,
        Status: set.status,
        StatusReason: set.reason,
        CreationTime: new Date(set.created),
        Description: set.description,
      })),
      NextToken: next,
    };
  },
  DescribeStacks(p, here) {
    if (p.StackName) return { Stacks: [shownStack(stackOf(p, here))] };
    const alive = here.engine.cf.stacks.filter(
      (one) => one.region === here.region && one.status !== 'DELETE_COMPLETE',
    );
    const { items, next } = page(alive.toReversed(), p.NextToken, here.engine.cf.pageSize);
    return { Stacks: items.map(shownStack), NextToken: next };
  },
  ListStacks(p, here) {
    const wanted = list<string>(p.StackStatusFilter);
    const some = here.engine.cf.stacks.filter(
      (one) => one.region === here.region && (wanted.length === 0 || wanted.includes(one.status)),
    );
    const { items, next } = page(some.toReversed(), p.NextToken, here.engine.cf.pageSize);
    return {
      StackSummaries: items.map((one) => ({
        ...shownStack(one),
        TemplateDescription: one.desired.template.Description,
      })),
      NextToken: next,
    };
  },
  DescribeStackEvents(p, here) {
    const { items, next } = page(stackOf(p, here).events.toReversed(), p.NextToken, here.engine.cf.pageSize);
    return { StackEvents: items, NextToken: next };
  },
  DescribeStackResources(p, here) {
    const stack = p.PhysicalResourceId
      ? here.engine.cf.stacks.find((one) =>
          [...one.resources.values()].some((r) => r.physicalId === p.PhysicalResourceId),
        )
      : stackOf(p, here);
    if (!stack) throw validationError(`Stack for ${p.PhysicalResourceId} does not exist`);
    const ids = [...stack.resources.keys()].filter(
      (id) => !p.LogicalResourceId || id === p.LogicalResourceId,
    );
    return {
      StackResources: ids.map((id) => ({
        ...shownResource(stack, id),
        Timestamp: new Date(stack.resources.get(id)?.at ?? 0),
      })),
    };
  },
  ListStackResources(p, here) {
    const stack = stackOf(p, here);
    const { items, next } = page([...stack.resources.keys()], p.NextToken, here.engine.cf.pageSize);
    return {
      StackResourceSummaries: items.map((id) => ({
        ...shownResource(stack, id),
        LastUpdatedTimestamp: new Date(stack.resources.get(id)?.at ?? 0),
      })),
      NextToken: next,
    };
  },
  GetTemplate(p, here) {
    const [stack, set] = p.ChangeSetName ? changeSetOf(p, here) : [stackOf(p, here), undefined];
    const desired = set?.desired ?? stack.desired;
    return { TemplateBody: desired.body, StagesAvailable: ['Original', 'Processed'] };
  },
  GetStackPolicy: (p, here) => ({ StackPolicyBody: stackOf(p, here).policy }),
  SetStackPolicy: (p, here) => setStackPolicy(stackOf(p, here), p.StackPolicyBody),
  UpdateTerminationProtection(p, here) {
    const stack = stackOf(p, here);
    if (stack.parent)
      throw validationError(
        `Termination protection cannot be directly updated on a nested stack ${stack.name}: update that of its root.`,
      );
    stack.protection = p.EnableTerminationProtection === 'true';
    return { StackId: stack.id };
  },
  CancelUpdateStack(p, here) {
    const stack = stackOf(p, here);
    if (stack.status !== 'UPDATE_IN_PROGRESS' || !stack.cancel) {
      throw validationError('CancelUpdateStack cannot be called from current stack status');
    }
    stack.cancel();
    return {};
  },
  ContinueUpdateRollback(p, here) {
    const stack = stackOf(p, here);
    if (stack.status !== 'UPDATE_ROLLBACK_FAILED') {
      throw validationError(
        `Stack:${stack.id} is in ${stack.status} state and can not be continued with update rollback.`,
      );
    }
    const skip = list<string>(p.ResourcesToSkip);
    const own = skip.filter((id) => !id.includes('.'));
    checkNamed(
      stack,
      own,
      'UPDATE_FAILED',
      `The following resources cannot be skipped: [${own.join(', ')}]. Only resources in the UPDATE_FAILED state can be.`,
    );
    continueRollback(here.engine, stack, skip, text(p.ClientRequestToken));
    return {};
  },
};
