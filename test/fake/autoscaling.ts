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

/** An auto scaling group: its members come and go after it was told to. */
export interface FakeGroup {
  readonly name: string;
  min: number;
  max: number;
  desired: number;
  members: { id: string; lifecycle: string; healthy: boolean; version?: number }[];
  readonly tags: Map<string, string>;
  refreshes: {
    id: string;
    status: string;
    percent: number;
    reason?: string;
    version?: string;
    autoRollback?: boolean;
    /** The versions of the members before. */
    before?: (number | undefined)[];
  }[];
  /** The launch template, and the version that the group is configured for. */
  template: { readonly id: string; readonly name: string; version: string } | undefined;
  /** Milliseconds until a member is in service, or gone. */
  memberMs: number;
  /** The type of the instances that it starts. */
  type: string;
  /** The next refresh fails with this reason. */
  failRefresh: string | undefined;
  /** ARNs of target groups that members are registered with while they are in service. */
  targetGroups: string[];
}

export class AutoScalingState {
  readonly groups = new Map<string, FakeGroup>();

  addGroup(
    facts: Partial<Omit<FakeGroup, 'tags'>> & { name: string; tags?: Record<string, string> },
  ): FakeGroup {
    const { tags, ...rest } = facts;
    const group: FakeGroup = {
      min: 1,
      max: 4,
      desired: 0,
      members: [],
      refreshes: [],
      memberMs: 40_000,
      type: 't3.small',
      failRefresh: undefined,
      template: undefined,
      targetGroups: [],
      tags: new Map(Object.entries(tags ?? {})),
      ...rest,
    };
    this.groups.set(group.name, group);
    return group;
  }
}

/** Puts the members there that a group wants, as real instances of the fake's EC2. */
export function settle(group: FakeGroup, context: Context): void {
  const { state, clock } = context;
  const standby = ({ lifecycle }: FakeGroup['members'][number]) => /Standby$/.test(lifecycle);
  while (group.members.filter((one) => !standby(one)).length < group.desired) {
    const instance = state.ec2.addInstance({
      state: 'pending',
      type: group.type,
      launchedAt: clock.now(),
      tags: { 'aws:autoscaling:groupName': group.name, ...Object.fromEntries(group.tags) },
    });
    const member = { id: instance.id, lifecycle: 'Pending', healthy: true };
    group.members.push(member);
    clock.after(group.memberMs, () => {
      instance.state = 'running';
      instance.since = clock.now();
      serve(group, member, context);
    });
  }
  for (const member of group.members.filter((one) => !standby(one)).slice(group.desired)) {
    member.lifecycle = 'Terminating';
    clock.after(group.memberMs, () => {
      group.members = group.members.filter((one) => one !== member);
      const instance = state.ec2.instances.get(member.id);
      if (instance) instance.state = 'terminated';
    });
  }
}

/** In service, and registered with the target groups. */
function serve(group: FakeGroup, member: FakeGroup['members'][number], { state, clock }: Context): void {
  member.lifecycle = 'InService';
  for (const arn of group.targetGroups) state.targets.register(arn, member.id, clock);
}

const STANDBY_MS = 2_000;

type Handler = (p: Parameters, context: Context) => object;

function named(p: Parameters, { state }: Context): FakeGroup {
  const group = state.autoScaling.groups.get(String(p.AutoScalingGroupName));
  if (group) return group;
  throw validationError(
    `AutoScalingGroup name not found - AutoScalingGroup '${p.AutoScalingGroupName}' not found`,
  );
}

interface Tag {
  readonly ResourceId: string;
  readonly ResourceType?: string;
  readonly Key: string;
  readonly Value?: string;
}

const list = <T>(value: unknown) => (Array.isArray(value) ? value : []) as T[];

const UNDER_WAY = /^(Pending|InProgress|Baking|Cancelling|RollbackInProgress)$/;

function underWay(group: FakeGroup): FakeGroup['refreshes'][number] {
  const found = group.refreshes.find(({ status }) => UNDER_WAY.test(status));
  if (found) return found;
  throw new FakeError('ActiveInstanceRefreshNotFound', 'No in progress or pending Instance Refresh found.');
}

/** One member after the other is replaced; the last one, or the one that fails, ends it. */
function replaceNext(
  group: FakeGroup,
  refresh: FakeGroup['refreshes'][number],
  at: number,
  context: Context,
): void {
  context.clock.after(group.memberMs, () => {
    if (refresh.status !== 'InProgress') return;
    if (group.failRefresh) {
      refresh.reason = group.failRefresh;
      if (refresh.autoRollback) goBack(group, refresh, context);
      else refresh.status = 'Failed';
      return;
    }
    const member = group.members[at];
    if (member && refresh.version) member.version = Number(refresh.version);
    refresh.percent = Math.floor((100 * (at + 1)) / Math.max(1, group.members.length));
    if (at + 1 < Math.max(group.members.length, group.desired))
      return replaceNext(group, refresh, at + 1, context);
    Object.assign(refresh, { status: 'Successful', percent: 100 });
    if (group.template && refresh.version) group.template.version = refresh.version;
  });
}

function goBack(group: FakeGroup, refresh: FakeGroup['refreshes'][number], { clock }: Context): void {
  refresh.status = 'RollbackInProgress';
  clock.after(group.memberMs, () => {
    for (const [at, member] of group.members.entries()) {
      const version = refresh.before?.[at];
      if (version !== undefined) member.version = version;
    }
    refresh.status = 'RollbackSuccessful';
  });
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  DescribeAutoScalingGroups(p, { state }) {
    const names = list<string>(p.AutoScalingGroupNames);
    const filters = list<{ Name: string; Values: string[] }>(p.Filters);
    const all = [...state.autoScaling.groups.values()]
      .filter(({ name }) => names.length === 0 || names.includes(name))
      .filter(({ tags }) =>
        filters.every(({ Name, Values }) => {
          const value = tags.get(Name.replace(/^tag:/, ''));
          return value !== undefined && Values.includes(value);
        }),
      );
    const { items, next } = page(all, p.NextToken, Number(p.MaxRecords ?? 50));
    return {
      AutoScalingGroups: items.map((group) => ({
        AutoScalingGroupName: group.name,
        TargetGroupARNs: group.targetGroups,
        MinSize: group.min,
        MaxSize: group.max,
        DesiredCapacity: group.desired,
        ...(group.template
          ? {
              LaunchTemplate: {
                LaunchTemplateId: group.template.id,
                LaunchTemplateName: group.template.name,
                Version: group.template.version,
              },
            }
          : {}),
        Instances: group.members.map(({ id, lifecycle, healthy, version }) => ({
          ...(version === undefined ? {} : { LaunchTemplate: { Version: String(version) } }),
          InstanceId: id,
          LifecycleState: lifecycle,
          HealthStatus: healthy ? 'Healthy' : 'Unhealthy',
        })),
        Tags: [...group.tags].map(([Key, Value]) => ({ ResourceId: group.name, Key, Value })),
      })),
      NextToken: next,
    };
  },

  UpdateAutoScalingGroup(p, context) {
    const group = named(p, context);
    const min = Number(p.MinSize ?? group.min);
    const max = Number(p.MaxSize ?? group.max);
    if (min > max) throw validationError('Max bound must be greater than or equal to min bound');
    // What is not said follows the bounds.
    const desired = Number(p.DesiredCapacity ?? Math.min(max, Math.max(min, group.desired)));
    if (desired < min || desired > max)
      throw validationError(
        `Desired capacity:${desired} must be between the specified min size:${min} and max size:${max}`,
      );
    Object.assign(group, { min, max, desired });
    settle(group, context);
    return {};
  },

  EnterStandby(p, context) {
    const group = named(p, context);
    const ids = list<string>(p.InstanceIds);
    const members = ids.map((id) => {
      const member = group.members.find((one) => one.id === id);
      if (member?.lifecycle === 'InService') return member;
      throw validationError(`The instance ${id} is not in InService.`);
    });
    if (String(p.ShouldDecrementDesiredCapacity) === 'true') {
      if (group.desired - ids.length < group.min)
        throw validationError(
          `AutoScalingGroup ${group.name} has min-size=${group.min}, max-size=${group.max}, and desired-size=${group.desired}. To place into standby ${ids.length} instance, please update the AutoScalingGroup sizes appropriately.`,
        );
      group.desired -= ids.length;
    }
    for (const member of members) {
      member.lifecycle = 'EnteringStandby';
      const drained = group.targetGroups.map((arn) =>
        context.state.targets.deregister(arn, member.id, context.clock),
      );
      context.clock.after(Math.max(STANDBY_MS, ...drained), () => {
        if (member.lifecycle === 'EnteringStandby') member.lifecycle = 'Standby';
      });
    }
    return {};
  },

  ExitStandby(p, context) {
    const group = named(p, context);
    const more = list<string>(p.InstanceIds).length;
    if (group.desired + more > group.max)
      throw validationError(
        `AutoScalingGroup ${group.name} has max-size=${group.max}, and desired-size=${group.desired}: ${more} more cannot be in service.`,
      );
    for (const id of list<string>(p.InstanceIds)) {
      const member = group.members.find((one) => one.id === id);
      if (!member || !/Standby$/.test(member.lifecycle))
        throw validationError(`The instance ${id} is not in Standby.`);
      member.lifecycle = 'Pending';
      group.desired += 1;
      context.clock.after(STANDBY_MS, () => serve(group, member, context));
    }
    return {};
  },

  CreateOrUpdateTags(p, context) {
    for (const { ResourceId, ResourceType, Key, Value } of list<Tag>(p.Tags)) {
      if (ResourceType !== 'auto-scaling-group')
        throw validationError(`Invalid resource type: ${ResourceType}`);
      if (Key.startsWith('aws:') || Key.length > 128 || (Value ?? '').length > 256)
        throw validationError(`Invalid tag: ${Key}`);
      named({ AutoScalingGroupName: ResourceId }, context).tags.set(Key, Value ?? '');
    }
    return {};
  },

  DeleteTags(p, context) {
    for (const { ResourceId, Key } of list<Tag>(p.Tags))
      named({ AutoScalingGroupName: ResourceId }, context).tags.delete(Key);
    return {};
  },

  StartInstanceRefresh(p, context) {
    const group = named(p, context);
    if (group.refreshes.some(({ status }) => UNDER_WAY.test(status)))
      throw new FakeError(
        'InstanceRefreshInProgress',
        'An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.',
      );
    const wanted = p.DesiredConfiguration as { LaunchTemplate?: { Version?: string } } | undefined;
    const preferences = p.Preferences as { AutoRollback?: string } | undefined;
    const autoRollback = preferences?.AutoRollback === 'true';
    if (autoRollback && !wanted)
      throw validationError('The AutoRollback parameter cannot be used without DesiredConfiguration.');
    if (autoRollback && !/^\d+$/.test(group.template?.version ?? ''))
      throw validationError(
        'The AutoRollback parameter needs a launch template version that is not $Latest or $Default.',
      );
    const id = `refresh-${group.refreshes.length + 1}`;
    const refresh: FakeGroup['refreshes'][number] = {
      id,
      status: 'InProgress',
      percent: 0,
      autoRollback,
      before: group.members.map(({ version }) => version),
      ...(wanted?.LaunchTemplate?.Version ? { version: wanted.LaunchTemplate.Version } : {}),
    };
    group.refreshes.unshift(refresh);
    replaceNext(group, refresh, 0, context);
    return { InstanceRefreshId: id };
  },

  CancelInstanceRefresh(p, context) {
    const refresh = underWay(named(p, context));
    refresh.status = 'Cancelling';
    context.clock.after(5_000, () => {
      refresh.status = 'Cancelled';
    });
    return { InstanceRefreshId: refresh.id };
  },

  RollbackInstanceRefresh(p, context) {
    const group = named(p, context);
    const refresh = underWay(group);
    if (!/^\d+$/.test(group.template?.version ?? ''))
      throw new FakeError('IrreversibleInstanceRefresh', 'The instance refresh cannot be rolled back.');
    goBack(group, refresh, context);
    return { InstanceRefreshId: refresh.id };
  },

  DescribeInstanceRefreshes(p, context) {
    const ids = list<string>(p.InstanceRefreshIds);
    const found = named(p, context).refreshes.filter(({ id }) => ids.length === 0 || ids.includes(id));
    return {
      InstanceRefreshes: found
        .slice(0, Number(p.MaxRecords ?? 50))
        .map(({ id, status, percent, reason, version }) => ({
          InstanceRefreshId: id,
          Status: status,
          PercentageComplete: percent,
          StatusReason: reason,
          ...(version ? { DesiredConfiguration: { LaunchTemplate: { Version: version } } } : {}),
        })),
    };
  },
};

/** Auto Scaling, version 2011-01-01: groups, their tags, instance refreshes. */
export const autoScaling: Service = {
  name: 'autoscaling',
  read(request) {
    const parameters = parseQuery(request.body.toString());
    return { action: String(parameters.Action), parameters };
  },
  handle(action, parameters, context) {
    const handler = HANDLERS[action];
    if (!handler) throw new Error(`the fake's Auto Scaling does not know ${action}`);
    const body = queryAnswer(action, handler(parameters, context), context.requestId);
    return { status: 200, headers: { 'content-type': 'text/xml' }, body };
  },
  fail: (error, requestId) => ({
    status: error.status,
    headers: { 'content-type': 'text/xml' },
    body: queryError(error, requestId),
  }),
};
