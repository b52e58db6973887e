import { createHash } from 'node:crypto';
import type { FakeClock } from './clock.ts';
import { changedKeys, recreates, scopeOf } from './cloudformation-changes.ts';
import type {
  Behaviour,
  CloudFormationState,
  Desired,
  FakeResource,
  FakeStack,
  Phase,
} from './cloudformation-state.ts';
import { resolve } from './cloudformation-template.ts';
import { type Duration, rest, share } from './hold.ts';
import { FakeError, validationError } from './wire.ts';

/** The work on single resources, and the order in which it is done. */

export interface Engine {
  readonly cf: CloudFormationState;
  readonly clock: FakeClock;
  /** Starts, updates or deletes a nested stack; `ended` gets a failure reason or nothing. */
  nested(
    action: 'create' | 'update' | 'delete',
    parent: FakeStack,
    resource: FakeResource,
    ended: (failure?: string) => void,
  ): void;
}

export interface Step {
  readonly id: string;
  readonly needs: ReadonlySet<string>;
  /** Starts the work; calls `done` once, with a reason when it failed. `alive` turns false when it is cancelled. */
  begin(done: (failure?: string) => void, alive: () => boolean): void;
  cancelled(): void;
}

/**
 * Runs steps side by side, each after those that it needs. With `stopAtFailure` the first failure cancels
 * what is running (creations and updates); without it the rest goes on (deletions).
 *
 * @returns a function that cancels everything without calling `finished`
 */
export function walk(
  steps: readonly Step[],
  stopAtFailure: boolean,
  finished: (failed: string[]) => void,
): () => void {
  const waiting = new Map(steps.map((step) => [step.id, step]));
  const running = new Map<string, Step>();
  const failed: string[] = [];
  const blocked = new Set<string>();
  let over = false;
  const stop = () => {
    over = true;
    for (const step of running.values()) step.cancelled();
  };
  const next = () => {
    if (over) return;
    for (const step of [...waiting.values()]) {
      // A step that is done at once has begun others already, in a round of its own.
      if (!waiting.has(step.id)) continue;
      if ([...step.needs].some((id) => blocked.has(id))) {
        waiting.delete(step.id);
        blocked.add(step.id);
        continue;
      }
      if ([...step.needs].some((id) => waiting.has(id) || running.has(id))) continue;
      waiting.delete(step.id);
      running.set(step.id, step);
      step.begin(
        (failure) => {
          if (over || !running.delete(step.id)) return;
          if (failure !== undefined) {
            failed.push(step.id);
            blocked.add(step.id);
            if (stopAtFailure) {
              stop();
              finished(failed);
              return;
            }
          }
          next();
        },
        () => !over,
      );
      if (over) return;
    }
    if (!over && waiting.size === 0 && running.size === 0) {
      over = true;
      finished(failed);
    }
  };
  next();
  return stop;
}

export function emit(
  engine: Engine,
  stack: FakeStack,
  event: {
    logicalId: string;
    physicalId: string;
    type: string;
    status: string;
    reason?: string | undefined;
    properties?: unknown;
  },
): void {
  stack.events.push({
    EventId:
      event.type === 'AWS::CloudFormation::Stack' && event.physicalId === stack.id
        ? engine.cf.serial()
        : `${event.logicalId}-${event.status}-${engine.cf.serial()}`,
    StackId: stack.id,
    StackName: stack.name,
    OperationId: stack.operation?.id,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: new Date(engine.clock.now()),
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
    ResourceProperties: event.properties === undefined ? undefined : JSON.stringify(event.properties),
    ClientRequestToken: stack.operation?.token,
  });
}

function mark(
  engine: Engine,
  stack: FakeStack,
  resource: FakeResource,
  status: string,
  reason?: string,
): void {
  resource.status = status;
  resource.reason = reason;
  resource.at = engine.clock.now();
  emit(engine, stack, { ...resource, properties: resource.properties });
}

function behaviour(cf: CloudFormationState, stack: FakeStack, id: string, desired: Desired): Behaviour {
  const resource = desired.template.Resources[id];
  const own = resource?.Type.startsWith('Fake::') ? (resource.Properties ?? {}) : {};
  return {
    ...(own.Milliseconds === undefined ? {} : { ms: Number(own.Milliseconds) }),
    ...(own.Fail === undefined ? {} : { fail: String(own.Fail) }),
    ...(own.FailOn === undefined ? {} : { on: [own.FailOn].flat() as Phase[] }),
    ...(resource?.Metadata?.Fake as Behaviour | undefined),
    ...(cf.script.get(`${stack.name}/${id}`) ?? cf.script.get(id)),
  };
}

/** The scripted failure of this try, counted. */
function failure(
  engine: Engine,
  stack: FakeStack,
  id: string,
  one: Behaviour,
  phase: Phase,
): string | undefined {
  if (!one.fail || !(one.on ?? ['create', 'update']).includes(phase)) return undefined;
  const key = `${stack.name}/${id}`;
  const before = engine.cf.failures.get(key) ?? 0;
  if (before >= (one.times ?? Number.POSITIVE_INFINITY)) return undefined;
  engine.cf.failures.set(key, before + 1);
  return one.fail;
}

const guarded = (work: () => void): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof FakeError || error instanceof Error) return error.message;
    throw error;
  }
};

/** A resource's name as CloudFormation makes it: given, or `<stack>-<logical id>-<12 characters>`. */
function physicalIdOf(
  engine: Engine,
  stack: FakeStack,
  id: string,
  type: string,
  properties: Record<string, unknown>,
): string {
  const last = type.split('::').at(-1) ?? '';
  const named = properties[`${last}Name`] ?? properties.AlarmName ?? properties.Name;
  if (type === 'AWS::ECS::Service') {
    const [, , , region, account] = stack.id.split(':');
    return `arn:aws:ecs:${region}:${account}:service/${properties.Cluster ?? 'default'}/${named ?? id}`;
  }
  if (typeof named === 'string') return named;
  if (type === 'AWS::EC2::Instance') return `i-${engine.cf.serial().replaceAll('-', '').slice(0, 17)}`;
  const tail = createHash('sha256').update(engine.cf.serial()).digest('hex').slice(0, 12).toUpperCase();
  const made = `${stack.name}-${id}-${tail}`;
  return /^AWS::(S3::Bucket|ECR::Repository)$/.test(type) ? made.toLowerCase() : made;
}

/** Runs `work` after the resource's time, as a nested stack, or at once where it is scripted so. */
function afterIts(engine: Engine, ms: Duration | undefined, alive: () => boolean, work: () => void): void {
  engine.clock.after(ms ?? engine.cf.resourceMs, () => alive() && work());
}

function provision(
  engine: Engine,
  resource: FakeResource,
  how: 'create' | 'update',
  scripted: Behaviour,
): void {
  const made = engine.cf.provisioners.get(resource.type)?.[how]?.(resource.physicalId, resource.properties);
  resource.attributes = { ...resource.attributes, ...made, ...scripted.attributes };
}

/** Creates a resource, or brings it to what `desired` says; nothing happens when it is that already. */
export function applyStep(
  engine: Engine,
  stack: FakeStack,
  id: string,
  desired: Desired,
  needed: ReadonlySet<string>,
  phase: 'forward' | 'rollback',
): Step {
  const declared = desired.template.Resources[id];
  if (!declared) throw validationError(`no resource ${id}`);
  let resource: FakeResource | undefined;
  return {
    id,
    needs: needed,
    begin(done, alive) {
      const existing = stack.resources.get(id);
      const properties = resolve(declared.Properties ?? {}, scopeOf(engine.cf, stack, desired)) as Record<
        string,
        unknown
      >;
      const scripted = behaviour(engine.cf, stack, id, desired);
      if (!existing) {
        resource = {
          logicalId: id,
          type: declared.Type,
          physicalId: '',
          status: '',
          reason: undefined,
          at: 0,
          properties,
          attributes: {},
        };
        stack.resources.set(id, resource);
        stack.undo.created.add(id);
        create(engine, stack, resource, scripted, done, alive);
        return;
      }
      const keys = changedKeys(existing.properties, properties);
      const failedBefore = phase === 'rollback' && existing.status === 'UPDATE_FAILED';
      if (keys.length === 0 && !failedBefore) return done();
      resource = existing;
      if (phase === 'forward') {
        const { physicalId, attributes } = existing;
        stack.undo.before.set(id, { physicalId, properties: existing.properties, attributes });
      }
      resource.properties = properties;
      const replace = phase === 'forward' && keys.some((key) => recreates(declared.Type, key));
      update(engine, stack, resource, scripted, replace, phase, done, alive);
    },
    cancelled() {
      if (!resource?.status.endsWith('_IN_PROGRESS')) return;
      const creating = resource.status.startsWith('CREATE');
      mark(
        engine,
        stack,
        resource,
        creating ? 'CREATE_FAILED' : 'UPDATE_FAILED',
        creating ? 'Resource creation cancelled' : 'Resource update cancelled',
      );
    },
  };
}

function create(
  engine: Engine,
  stack: FakeStack,
  resource: FakeResource,
  scripted: Behaviour,
  done: (failure?: string) => void,
  alive: () => boolean,
): void {
  const end = (reason?: string) => {
    if (!alive()) return;
    mark(engine, stack, resource, reason ? 'CREATE_FAILED' : 'CREATE_COMPLETE', reason);
    done(reason);
  };
  mark(engine, stack, resource, 'CREATE_IN_PROGRESS');
  if (resource.type === 'AWS::CloudFormation::Stack') {
    engine.nested('create', stack, resource, end);
    return;
  }
  const ms = scripted.ms ?? engine.cf.resourceMs;
  afterIts(engine, share(ms, 1 / 2), alive, () => {
    resource.physicalId = physicalIdOf(engine, stack, resource.logicalId, resource.type, resource.properties);
    mark(engine, stack, resource, 'CREATE_IN_PROGRESS', 'Resource creation Initiated');
    afterIts(engine, rest(ms, 1 / 2), alive, () =>
      end(
        failure(engine, stack, resource.logicalId, scripted, 'create') ??
          guarded(() => provision(engine, resource, 'create', scripted)),
      ),
    );
  });
}

const REPLACING = 'Requested update requires the creation of a new physical resource; hence creating one.';

function update(
  engine: Engine,
  stack: FakeStack,
  resource: FakeResource,
  scripted: Behaviour,
  replace: boolean,
  phase: 'forward' | 'rollback',
  done: (failure?: string) => void,
  alive: () => boolean,
): void {
  const { logicalId, type } = resource;
  const end = (reason?: string) => {
    if (!alive()) return;
    mark(engine, stack, resource, reason ? 'UPDATE_FAILED' : 'UPDATE_COMPLETE', reason);
    done(reason);
  };
  mark(engine, stack, resource, 'UPDATE_IN_PROGRESS', replace ? REPLACING : undefined);
  if (type === 'AWS::CloudFormation::Stack') {
    engine.nested('update', stack, resource, end);
    return;
  }
  afterIts(engine, scripted.ms, alive, () => {
    const reason = failure(engine, stack, logicalId, scripted, phase === 'rollback' ? 'rollback' : 'update');
    if (reason) return end(reason);
    const before = stack.undo.before.get(logicalId);
    if (replace) {
      stack.undo.replaced.push({ logicalId, physicalId: resource.physicalId, type });
      resource.physicalId = physicalIdOf(engine, stack, logicalId, type, resource.properties);
      resource.attributes = {};
      mark(engine, stack, resource, 'UPDATE_IN_PROGRESS', 'Resource creation Initiated');
    } else if (phase === 'rollback' && before && before.physicalId !== resource.physicalId) {
      stack.undo.replaced.push({ logicalId, physicalId: resource.physicalId, type });
      resource.physicalId = before.physicalId;
      resource.attributes = before.attributes;
      return end();
    }
    end(guarded(() => provision(engine, resource, replace ? 'create' : 'update', scripted)));
  });
}

/** Deletes a resource, or skips it where its policy says so. */
export function deleteStep(
  engine: Engine,
  stack: FakeStack,
  resource: FakeResource,
  needed: ReadonlySet<string>,
  policy: string | undefined,
): Step {
  return {
    id: resource.logicalId,
    needs: needed,
    begin(done, alive) {
      if (policy === 'Retain') {
        mark(engine, stack, resource, 'DELETE_SKIPPED');
        stack.resources.delete(resource.logicalId);
        return done();
      }
      const scripted = behaviour(engine.cf, stack, resource.logicalId, stack.desired);
      const end = (reason?: string) => {
        if (!alive()) return;
        mark(engine, stack, resource, reason ? 'DELETE_FAILED' : 'DELETE_COMPLETE', reason);
        if (!reason) stack.resources.delete(resource.logicalId);
        done(reason);
      };
      mark(engine, stack, resource, 'DELETE_IN_PROGRESS');
      if (resource.type === 'AWS::CloudFormation::Stack')
        return engine.nested('delete', stack, resource, end);
      afterIts(engine, scripted.ms, alive, () =>
        end(
          failure(engine, stack, resource.logicalId, scripted, 'delete') ??
            guarded(() =>
              engine.cf.provisioners.get(resource.type)?.delete?.(resource.physicalId, resource.properties),
            ),
        ),
      );
    },
    cancelled() {},
  };
}

/** Deletes a physical resource that a replacement left behind. */
export function sweepStep(
  engine: Engine,
  stack: FakeStack,
  left: { logicalId: string; physicalId: string; type: string },
): Step {
  return {
    id: `${left.logicalId} ${left.physicalId}`,
    needs: new Set(),
    begin(done, alive) {
      emit(engine, stack, { ...left, status: 'DELETE_IN_PROGRESS' });
      afterIts(engine, undefined, alive, () => {
        engine.cf.provisioners.get(left.type)?.delete?.(left.physicalId, {});
        emit(engine, stack, { ...left, status: 'DELETE_COMPLETE' });
        done();
      });
    },
    cancelled() {},
  };
}
