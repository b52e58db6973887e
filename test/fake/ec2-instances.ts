import type { FakeInstance, InstanceStateName } from './ec2-state.ts';
import { type Ec2Handlers, fitsFilters, listOf, pageSizeOf, tagFilter, tagSet, tooMany } from './ec2-wire.ts';
import type { Context } from './server.ts';
import { FakeError, type Parameters, page } from './wire.ts';

const CODES: Record<InstanceStateName, number> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};
const START_MS = 15_000;
const CHECKS_MS = 60_000;
const STOP_MS = 20_000;

const stateOf = (name: InstanceStateName) => ({ code: CODES[name], name });

/** The instances that a request names, in AWS's words when one is malformed or not there. */
export function named(ids: readonly string[], { state }: Context): FakeInstance[] {
  for (const id of ids) {
    if (!/^i-[0-9a-f]{8}([0-9a-f]{9})?$/.test(id))
      throw new FakeError('InvalidInstanceID.Malformed', `Invalid id: "${id}"`);
  }
  const missing = ids.filter((id) => !state.ec2.instances.has(id));
  if (missing.length === 1) {
    throw new FakeError('InvalidInstanceID.NotFound', `The instance ID '${missing[0]}' does not exist`);
  }
  if (missing.length > 1) {
    throw new FakeError(
      'InvalidInstanceID.NotFound',
      `The instance IDs '${missing.join(', ')}' do not exist`,
    );
  }
  return ids.map((id) => state.ec2.instances.get(id) as FakeInstance);
}

function chosen(
  p: Parameters,
  context: Context,
): { items: readonly FakeInstance[]; next: string | undefined } {
  const ids = listOf(p.InstanceId);
  const among = ids.length > 0 ? named(ids, context) : [...context.state.ec2.instances.values()];
  const fitting = among.filter((one) =>
    fitsFilters(p, (name) => tagFilter(one.tags, name) ?? filterValues(one, name)),
  );
  // Those that are named come all at once.
  const own = ids.length > 0 ? Infinity : context.state.ec2.pageSize;
  return page(fitting, p.NextToken, pageSizeOf(p, ids, own));
}

function filterValues(one: FakeInstance, name: string): string[] | undefined {
  const known: Record<string, string> = {
    'instance-id': one.id,
    'instance-state-name': one.state,
    'instance-type': one.type,
    'availability-zone': one.zone,
  };
  return name in known ? [known[name] as string] : undefined;
}

type Here = Pick<Context, 'state' | 'clock'>;

function change(
  one: FakeInstance,
  state: InstanceStateName,
  context: Here,
  reason?: FakeInstance['stateReason'],
) {
  one.state = state;
  one.since = context.clock.now();
  one.stateReason = reason;
}

export function start(one: FakeInstance, context: Here): void {
  change(one, 'pending', context);
  one.launchedAt = context.clock.now();
  one.hibernated = false;
  context.clock.after(one.script.startMs ?? START_MS, () => {
    if (one.state !== 'pending') return;
    if (one.script.fallBack) return change(one, 'stopped', context, one.script.fallBack);
    if (!one.elasticIp && one.autoPublicIp) {
      context.state.ec2.addresses++;
      one.publicIp = `13.36.${context.state.ec2.addresses >> 8}.${context.state.ec2.addresses & 255}`;
    }
    change(one, 'running', context);
  });
}

function stop(one: FakeInstance, context: Context): void {
  const by = {
    code: 'Client.UserInitiatedShutdown',
    message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  };
  change(one, 'stopping', context, by);
  context.clock.after(one.script.stopMs ?? STOP_MS, () => {
    if (one.state !== 'stopping') return;
    if (!one.elasticIp) one.publicIp = undefined;
    change(one, 'stopped', context, by);
  });
}

/** `passed` and so on: initializing until the checks' time is over. */
function checksOf(one: FakeInstance, now: number): { system: string; instance: string } {
  if (one.state !== 'running') return { system: 'not-applicable', instance: 'not-applicable' };
  if (now - one.since < (one.script.checksMs ?? CHECKS_MS))
    return { system: 'initializing', instance: 'initializing' };
  return one.script.checks ?? { system: 'ok', instance: 'ok' };
}

function describe(one: FakeInstance, { state }: Context): object {
  const association = one.publicIp
    ? { publicIp: one.publicIp, ipOwnerId: one.elasticIp ? state.account : 'amazon' }
    : undefined;
  return {
    instanceId: one.id,
    imageId: 'ami-0123456789abcdef0',
    instanceState: stateOf(one.state),
    privateIpAddress: one.privateIp,
    ipAddress: one.publicIp,
    instanceType: one.type,
    launchTime: new Date(one.launchedAt),
    placement: { availabilityZone: one.zone, tenancy: 'default' },
    platform: one.platform === 'Windows' ? 'windows' : undefined,
    platformDetails: one.platform,
    stateReason: one.stateReason,
    rootDeviceType: one.rootDeviceType,
    rootDeviceName: '/dev/sda1',
    blockDeviceMapping: one.volumes.map(({ id, device, deleteOnTermination }) => ({
      deviceName: device,
      ebs: { volumeId: id, status: 'attached', attachTime: new Date(one.launchedAt), deleteOnTermination },
    })),
    instanceLifecycle: one.lifecycle,
    tagSet: tagSet(one.tags),
    networkInterfaceSet: [{ privateIpAddress: one.privateIp, association }],
    hibernationOptions: { configured: one.hibernation },
    metadataOptions: one.metadata,
  };
}

/** The life of instances: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html */
export const instanceHandlers: Ec2Handlers = {
  DescribeInstances(p, context) {
    const { items, next } = chosen(p, context);
    return {
      reservationSet: items.map((one) => ({
        reservationId: one.id.replace('i-', 'r-'),
        ownerId: context.state.account,
        instancesSet: [describe(one, context)],
      })),
      nextToken: next,
    };
  },

  GetConsoleOutput(p, context) {
    const [one] = named([String(p.InstanceId)], context) as [FakeInstance];
    if (p.Latest === 'true' && one.type.startsWith('t2.'))
      throw new FakeError(
        'UnsupportedOperation',
        'This instance type does not support retrieving the latest console logs.',
      );
    const timestamp = new Date(context.clock.now());
    return { instanceId: one.id, timestamp, output: Buffer.from(one.console).toString('base64') };
  },

  DescribeInstanceStatus(p, context) {
    if (listOf(p.InstanceId).length > 100)
      throw new FakeError('InvalidParameterValue', 'The maximum number of instance IDs is 100.');
    const { items, next } = chosen(p, context);
    const all = p.IncludeAllInstances === 'true';
    return {
      instanceStatusSet: items
        .filter(({ state }) => all || state === 'running')
        .map((one) => {
          const { system, instance } = checksOf(one, context.clock.now());
          return {
            instanceId: one.id,
            availabilityZone: one.zone,
            instanceState: stateOf(one.state),
            systemStatus: { status: system },
            instanceStatus: { status: instance },
          };
        }),
      nextToken: next,
    };
  },

  DescribeInstanceAttribute(p, context) {
    const [one] = named([String(p.InstanceId)], context);
    const attribute = String(p.Attribute);
    const values: Record<string, boolean | undefined> = {
      disableApiStop: one?.stopProtection,
      disableApiTermination: one?.terminationProtection,
    };
    if (!(attribute in values)) throw new Error(`the fake's EC2 does not know the attribute ${attribute}`);
    return { instanceId: one?.id, [attribute]: { value: values[attribute] } };
  },

  StartInstances(p, context) {
    const all = named(listOf(p.InstanceId), context);
    for (const one of all) {
      if (!['stopped', 'running', 'pending'].includes(one.state)) {
        throw new FakeError(
          'IncorrectInstanceState',
          `The instance '${one.id}' is not in a state from which it can be started.`,
        );
      }
    }
    const refused = all.find((one) => one.state === 'stopped' && one.script.refuseStart)?.script.refuseStart;
    if (refused) throw new FakeError(refused.code, refused.message, refused.status ?? 400);
    if (!context.buckets.take('ec2:StartInstances#instances', context.clock.now(), all.length))
      throw tooMany();
    return {
      instancesSet: all.map((one) => {
        const previousState = stateOf(one.state);
        if (one.state === 'stopped') start(one, context);
        return { instanceId: one.id, currentState: stateOf(one.state), previousState };
      }),
    };
  },

  StopInstances(p, context) {
    const all = named(listOf(p.InstanceId), context);
    const hibernate = p.Hibernate === 'true';
    for (const one of all) {
      if (!['running', 'pending', 'stopping', 'stopped'].includes(one.state)) {
        throw new FakeError(
          'IncorrectInstanceState',
          `This instance '${one.id}' is not in a state from which it can be stopped.`,
        );
      }
      if (one.rootDeviceType === 'instance-store') {
        throw new FakeError(
          'UnsupportedOperation',
          `The instance '${one.id}' does not have an 'ebs' root device type and cannot be stopped.`,
        );
      }
      if (one.lifecycle === 'spot') {
        throw new FakeError(
          'UnsupportedOperation',
          `You can't stop the Spot Instance '${one.id}' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.`,
        );
      }
      if (one.stopProtection) {
        throw new FakeError(
          'OperationNotPermitted',
          `The instance '${one.id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
        );
      }
      if (hibernate && !one.hibernation) {
        throw new FakeError(
          'UnsupportedHibernationConfiguration',
          `The instance '${one.id}' is not enabled for hibernation.`,
        );
      }
    }
    if (!context.buckets.take('ec2:StopInstances#instances', context.clock.now(), all.length))
      throw tooMany();
    return {
      instancesSet: all.map((one) => {
        const previousState = stateOf(one.state);
        if (one.state === 'running' || one.state === 'pending') {
          one.hibernated = hibernate;
          stop(one, context);
        }
        return { instanceId: one.id, currentState: stateOf(one.state), previousState };
      }),
    };
  },

  RebootInstances(p, context) {
    for (const one of named(listOf(p.InstanceId), context)) {
      if (one.state !== 'running') {
        throw new FakeError(
          'IncorrectInstanceState',
          `The instance '${one.id}' is not in the 'running' state.`,
        );
      }
      one.reboots++;
      // The status checks of AWS only notice a reboot that goes wrong: the state stays running.
    }
    return { return: true };
  },

  DescribeInstanceTypes(p, context) {
    const types = listOf(p.InstanceType);
    if (types.length > 100)
      throw new FakeError('InvalidParameterValue', 'The maximum number of instance types is 100.');
    return {
      instanceTypeSet: types.map((instanceType) => ({
        instanceType,
        instanceStorageSupported: context.state.ec2.withInstanceStore.has(instanceType),
        vCpuInfo: { defaultVCpus: 2 },
      })),
    };
  },

  DescribeInstanceTypeOfferings(p, { state, region }) {
    const wanted = listOf<{ Name: string; Value: string[] }>(p.Filter).find(
      ({ Name }) => Name === 'instance-type',
    );
    const everywhere = ['a', 'b', 'c'].map((letter) => `${region}${letter}`);
    return {
      instanceTypeOfferingSet: listOf(wanted?.Value).flatMap((instanceType) =>
        (state.ec2.offerings.get(instanceType) ?? everywhere).map((location) => ({
          instanceType,
          locationType: 'availability-zone',
          location,
        })),
      ),
    };
  },
};
