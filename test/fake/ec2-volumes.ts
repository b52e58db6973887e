import { type FakeImage, type FakeSnapshot, type FakeVolume, stateOf } from './ebs-state.ts';
import { start } from './ec2-instances.ts';
import { snapshotNamed, tagsFor, volumeNamed, volumesHere } from './ec2-snapshots.ts';
import { type Ec2Handlers, fitsFilters, listOf, pageSizeOf, tagFilter, tagSet } from './ec2-wire.ts';
import type { Context } from './server.ts';
import { FakeError, type Parameters, page } from './wire.ts';

function described(one: FakeVolume): object {
  return {
    volumeId: one.id,
    size: one.sizeGiB,
    snapshotId: one.snapshotId,
    availabilityZone: one.zone,
    status: one.state,
    createTime: new Date(one.createdAt),
    volumeType: one.type,
    iops: one.iops,
    throughput: one.throughput,
    encrypted: one.encrypted,
    kmsKeyId: one.kmsKeyId,
    attachmentSet: one.attached
      ? [
          {
            volumeId: one.id,
            instanceId: one.attached.instance,
            device: one.attached.device,
            status: one.attached.state,
            deleteOnTermination: one.attached.deleteOnTermination,
          },
        ]
      : [],
    tagSet: tagSet(one.tags),
  };
}

const filterValues = (one: FakeVolume, name: string): string[] | undefined =>
  ({
    'volume-id': [one.id],
    status: [one.state],
    'snapshot-id': [one.snapshotId ?? ''],
    'attachment.instance-id': one.attached ? [one.attached.instance] : [],
  })[name];

/** Attached after a moment; the instance's own list follows. */
function attach(volume: FakeVolume, instanceId: string, device: string, context: Context): void {
  const { ec2, ebs } = context.state;
  const instance = ec2.instances.get(instanceId);
  if (!instance || instance.state === 'terminated')
    throw new FakeError('InvalidInstanceID.NotFound', `The instance ID '${instanceId}' does not exist`);
  if (instance.state !== 'running' && instance.state !== 'stopped')
    throw new FakeError('IncorrectState', `Instance '${instanceId}' is not 'running'.`);
  if (volume.state !== 'available') throw new FakeError('IncorrectState', `${volume.id} is not 'available'.`);
  if (instance.zone !== volume.zone)
    throw new FakeError(
      'InvalidVolume.ZoneMismatch',
      `The volume '${volume.id}' is not in the same availability zone as instance '${instanceId}'`,
    );
  if (instance.volumes.some((one) => one.device === device))
    throw new FakeError(
      'InvalidParameterValue',
      `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`,
    );
  volume.state = 'in-use';
  volume.attached = { instance: instanceId, device, state: 'attaching', deleteOnTermination: false };
  instance.volumes = [...instance.volumes, { id: volume.id, device, deleteOnTermination: false }];
  context.clock.after(ebs.attachMs, () => {
    if (volume.attached) volume.attached.state = 'attached';
  });
}

export function detach(volume: FakeVolume, context: Context): void {
  const instance = context.state.ec2.instances.get(volume.attached?.instance ?? '');
  if (instance) instance.volumes = instance.volumes.filter(({ id }) => id !== volume.id);
  volume.attached = undefined;
  volume.state = 'available';
}

/** A snapshot of which something can be made. */
function usable(id: unknown, context: Context): FakeSnapshot {
  const found = snapshotNamed(id, context);
  if (stateOf(found, context.clock.now()) !== 'completed')
    throw new FakeError('IncorrectState', `Snapshot '${found.id}' is not 'completed'.`);
  if (found.tier === 'archive') throw new FakeError('IncorrectState', `Snapshot '${found.id}' is archived.`);
  return found;
}

function imageNamed(id: unknown, context: Context): FakeImage {
  const found = context.state.ebs.images.get(String(id));
  if (found?.state === 'available' && found.region === context.region) return found;
  throw new FakeError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
}

/** A token is for one order: with another one it is refused. */
function checkSame(before: Parameters | undefined, p: Parameters, action: string): void {
  if (before === undefined || JSON.stringify(before) === JSON.stringify(p)) return;
  throw new FakeError(
    'IdempotentParameterMismatch',
    `Arguments on this idempotent request are inconsistent with arguments used in previous request(s): ${action}`,
  );
}

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html */
function checkShape(p: Parameters, least = 0): void {
  const type = String(p.VolumeType ?? 'gp2');
  if (!p.AvailabilityZone && !p.AvailabilityZoneId)
    throw new FakeError('MissingParameter', 'The request must contain the parameter availabilityZone');
  if (p.Size !== undefined && Number(p.Size) < least)
    throw new FakeError(
      'InvalidParameterValue',
      `The size of the volume must be at least that of the snapshot: ${least} GiB.`,
    );
  if (p.Iops !== undefined && !['gp3', 'io1', 'io2'].includes(type))
    throw new FakeError(
      'InvalidParameterCombination',
      `The parameter iops is not supported for ${type} volumes.`,
    );
  if (p.Iops === undefined && /^io/.test(type))
    throw new FakeError('MissingParameter', `The parameter iops must be specified for ${type} volumes.`);
  if (p.Throughput !== undefined && type !== 'gp3')
    throw new FakeError(
      'InvalidParameterCombination',
      `The parameter throughput is not supported for ${type} volumes.`,
    );
}

/** Volumes: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes.html */
export const volumeHandlers: Ec2Handlers = {
  DescribeVolumes(p, context) {
    const ids = listOf(p.VolumeId);
    const among = ids.length > 0 ? ids.map((id) => volumeNamed(id, context)) : volumesHere(context);
    const fitting = among.filter((one) =>
      fitsFilters(p, (name) => tagFilter(one.tags, name) ?? filterValues(one, name)),
    );
    const { items, next } = page(fitting, p.NextToken, pageSizeOf(p, ids, context.state.ebs.pageSize));
    return { volumeSet: items.map(described), nextToken: next };
  },

  CreateVolume(p, context) {
    const { ebs } = context.state;
    const token = p.ClientToken ? String(p.ClientToken) : undefined;
    const before = [...ebs.volumes.values()].find((one) => token !== undefined && one.token === token);
    if (before) {
      checkSame(ebs.orders.get(before.id), p, 'CreateVolume');
      return described(before);
    }
    const snapshot = p.SnapshotId ? usable(p.SnapshotId, context) : undefined;
    const now = context.clock.now();
    checkShape(p, snapshot?.sizeGiB);
    const volume = ebs.addVolume({
      region: context.region,
      sizeGiB: Number(p.Size ?? snapshot?.sizeGiB ?? 8),
      type: String(p.VolumeType ?? 'gp2'),
      iops: p.Iops ? Number(p.Iops) : undefined,
      throughput: p.Throughput ? Number(p.Throughput) : undefined,
      encrypted: snapshot?.encrypted || p.Encrypted === 'true',
      zone: String(p.AvailabilityZone),
      state: 'creating',
      blocks: new Map(snapshot?.blocks ?? []),
      snapshotId: snapshot?.id,
      createdAt: now,
      token,
      tags: Object.fromEntries(tagsFor(p, 'volume')),
    });
    ebs.orders.set(volume.id, p);
    context.clock.after(ebs.volumeMs, () => {
      if (volume.state === 'creating') volume.state = 'available';
    });
    return described(volume);
  },

  AttachVolume(p, context) {
    const volume = volumeNamed(p.VolumeId, context);
    attach(volume, String(p.InstanceId), String(p.Device), context);
    return { volumeId: volume.id, instanceId: p.InstanceId, device: p.Device, status: 'attaching' };
  },

  DetachVolume(p, context) {
    const volume = volumeNamed(p.VolumeId, context);
    if (!volume.attached)
      throw new FakeError('IncorrectState', `Volume '${volume.id}' is in the 'available' state.`);
    if (volume.attached.state === 'detaching')
      throw new FakeError('IncorrectState', `Volume '${volume.id}' is being detached already.`);
    const instance = context.state.ec2.instances.get(volume.attached.instance);
    if (instance?.state === 'running' && volume.attached.device === '/dev/sda1')
      throw new FakeError(
        'OperationNotPermitted',
        `Unable to detach root volume '${volume.id}' from instance '${instance.id}'`,
      );
    volume.attached.state = 'detaching';
    context.clock.after(context.state.ebs.attachMs, () => detach(volume, context));
    return { volumeId: volume.id, status: 'detaching' };
  },

  DeleteVolume(p, context) {
    const volume = volumeNamed(p.VolumeId, context);
    if (volume.attached)
      throw new FakeError(
        'VolumeInUse',
        `Volume ${volume.id} is currently attached to ${volume.attached.instance}`,
      );
    if (volume.state === 'creating')
      throw new FakeError('IncorrectState', `Volume '${volume.id}' is in the 'creating' state.`);
    volume.state = 'deleted';
    return { return: true };
  },

  RegisterImage(p, context) {
    const { ebs } = context.state;
    const name = String(p.Name);
    if (!/^[a-zA-Z0-9()[\] ./'@_-]{3,128}$/.test(name))
      throw new FakeError('InvalidAMIName.Malformed', 'AMI names must be between 3 and 128 characters long');
    if ([...ebs.images.values()].some((one) => one.name === name && one.state === 'available'))
      throw new FakeError('InvalidAMIName.Duplicate', `AMI name ${name} is already in use`);
    const devices = listOf<{ DeviceName: string; Ebs: { SnapshotId: string } }>(p.BlockDeviceMapping).map(
      ({ DeviceName, Ebs }) => ({ device: DeviceName, snapshot: usable(Ebs.SnapshotId, context).id }),
    );
    if (!devices.some(({ device }) => device === p.RootDeviceName))
      throw new FakeError('InvalidBlockDeviceMapping', 'The root device is not in the block device map.');
    const id = ebs.id('ami');
    const tags = tagsFor(p, 'image');
    const { region } = context;
    ebs.images.set(id, {
      id,
      region,
      name,
      rootDevice: String(p.RootDeviceName),
      devices,
      tags,
      state: 'available',
    });
    return { imageId: id };
  },

  DeregisterImage(p, context) {
    imageNamed(p.ImageId, context).state = 'deregistered';
    return { return: true };
  },

  RunInstances(p, context) {
    const { ebs, ec2 } = context.state;
    const token = String(p.ClientToken ?? '');
    const before = ebs.runs.get(token);
    if (before && token) {
      checkSame(ebs.orders.get(before), p, 'RunInstances');
      return { instancesSet: [{ instanceId: before }] };
    }
    if (p.MinCount !== '1' || p.MaxCount !== '1') throw new Error('the fake runs one instance at a time');
    if (token.length > 64)
      throw new FakeError('InvalidParameterValue', 'Client token must be no longer than 64 ASCII characters');
    const image = imageNamed(p.ImageId, context);
    const zone = String(
      (p.Placement as { AvailabilityZone?: string } | undefined)?.AvailabilityZone ?? 'eu-west-3a',
    );
    const volumes = image.devices.map(({ device, snapshot }) => {
      const from = snapshotNamed(snapshot, context);
      const made = ebs.addVolume({
        region: context.region,
        zone,
        sizeGiB: from.sizeGiB,
        blocks: new Map(from.blocks),
        snapshotId: from.id,
      });
      return { id: made.id, device, deleteOnTermination: true };
    });
    const tags = Object.fromEntries(tagsFor(p, 'instance'));
    const options = Object.entries(p.MetadataOptions ?? {});
    const metadata =
      options.length === 0
        ? undefined
        : Object.fromEntries(
            options.map(([key, value]) => [`${key[0]?.toLowerCase()}${key.slice(1)}`, String(value)]),
          );
    const type = String(p.InstanceType);
    const made = ec2.addInstance({ type, zone, tags, volumes, script: ec2.launched, metadata });
    start(made, context);
    ebs.orders.set(made.id, p);
    for (const { id, device } of volumes) {
      const volume = volumeNamed(id, context);
      volume.state = 'in-use';
      volume.attached = { instance: made.id, device, state: 'attached', deleteOnTermination: true };
    }
    ebs.runs.set(token, made.id);
    return { instancesSet: [{ instanceId: made.id }] };
  },

  CreateReplaceRootVolumeTask(p, context) {
    const { ebs, ec2 } = context.state;
    const token = p.ClientToken ? String(p.ClientToken) : undefined;
    const before = [...ebs.tasks.values()].find((one) => token !== undefined && one.token === token);
    if (before) return { replaceRootVolumeTask: taskOf(before.id, context) };
    const instance = ec2.instances.get(String(p.InstanceId));
    if (!instance)
      throw new FakeError('InvalidInstanceID.NotFound', `The instance ID '${p.InstanceId}' does not exist`);
    if (instance.state !== 'running')
      throw new FakeError(
        'IncorrectInstanceState',
        `The instance '${instance.id}' is not in the 'running' state.`,
      );
    const root = instance.volumes.find(({ device }) => device === '/dev/sda1');
    const snapshot = p.SnapshotId ? usable(p.SnapshotId, context) : undefined;
    if (
      [...ebs.tasks.values()].some((one) => one.instance === instance.id && context.clock.now() < one.doneAt)
    )
      throw new FakeError(
        'IncorrectInstanceState',
        `A root volume replacement task is in progress for the instance '${instance.id}'.`,
      );
    if (
      snapshot &&
      snapshot.lineage !== root?.id &&
      ebs.volumes.get(root?.id ?? '')?.snapshotId === undefined
    )
      throw new FakeError(
        'InvalidParameterValue',
        `The snapshot ${snapshot.id} is not of the same lineage as the root volume of ${instance.id}.`,
      );
    const id = ebs.id('replacevol');
    const fails = ebs.failingTasks > 0;
    if (fails) ebs.failingTasks--;
    const doneAt = context.clock.now() + ebs.rootTaskMs;
    ebs.tasks.set(id, {
      id,
      instance: instance.id,
      snapshot: snapshot?.id,
      token,
      doneAt,
      fails,
      carriedOut: false,
    });
    context.clock.after(ebs.rootTaskMs, () => replaceRoot(id, context));
    return { replaceRootVolumeTask: taskOf(id, context) };
  },

  DescribeReplaceRootVolumeTasks(p, context) {
    const ids = listOf(p.ReplaceRootVolumeTaskId);
    const all = [...context.state.ebs.tasks.keys()].filter((id) => ids.length === 0 || ids.includes(id));
    return { replaceRootVolumeTaskSet: all.map((id) => taskOf(id, context)) };
  },
};

function replaceRoot(id: string, context: Context): void {
  const { ebs, ec2 } = context.state;
  const task = ebs.tasks.get(id);
  if (!task || task.fails || task.carriedOut) return;
  task.carriedOut = true;
  const instance = ec2.instances.get(task.instance);
  const old = instance?.volumes.find(({ device }) => device === '/dev/sda1');
  if (!instance || !old) return;
  const before = volumeNamed(old.id, context);
  detach(before, context);
  const snapshot = task.snapshot ? ebs.snapshots.get(task.snapshot) : undefined;
  const made = ebs.addVolume({
    region: context.region,
    zone: instance.zone,
    sizeGiB: before.sizeGiB,
    state: 'in-use',
    attached: { instance: instance.id, device: '/dev/sda1', state: 'attached', deleteOnTermination: true },
    blocks: new Map(snapshot?.blocks ?? []),
    snapshotId: snapshot?.id,
    createdAt: context.clock.now(),
  });
  instance.volumes = [{ id: made.id, device: '/dev/sda1', deleteOnTermination: true }, ...instance.volumes];
}

function taskOf(id: string, context: Context): object {
  const task = context.state.ebs.tasks.get(id);
  const over = task !== undefined && context.clock.now() >= task.doneAt;
  return {
    replaceRootVolumeTaskId: id,
    instanceId: task?.instance,
    snapshotId: task?.snapshot,
    taskState: over ? (task.fails ? 'failed-detached' : 'succeeded') : 'in-progress',
    deleteReplacedRootVolume: false,
  };
}
