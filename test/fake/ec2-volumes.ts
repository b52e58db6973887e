import { type FakeVolume, stateOf } from './ebs-state.ts';
import { snapshotNamed, tagsFor, volumeNamed, volumesHere } from './ec2-snapshots.ts';
import { type Ec2Handlers, fitsFilters, listOf, tagFilter, tagSet } from './ec2-wire.ts';
import type { Context } from './server.ts';
import { FakeError, page } from './wire.ts';

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

/** Volumes: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes.html */
export const volumeHandlers: Ec2Handlers = {
  DescribeVolumes(p, context) {
    const ids = listOf(p.VolumeId);
    const among = ids.length > 0 ? ids.map((id) => volumeNamed(id, context)) : volumesHere(context);
    const fitting = among.filter((one) =>
      fitsFilters(p, (name) => tagFilter(one.tags, name) ?? filterValues(one, name)),
    );
    const { items, next } = page(
      fitting,
      p.NextToken,
      Math.min(Number(p.MaxResults ?? Infinity), context.state.ebs.pageSize),
    );
    return { volumeSet: items.map(described), nextToken: next };
  },

  CreateVolume(p, context) {
    const { ebs } = context.state;
    const token = p.ClientToken ? String(p.ClientToken) : undefined;
    const before = [...ebs.volumes.values()].find((one) => token !== undefined && one.token === token);
    if (before) return described(before);
    const snapshot = p.SnapshotId ? snapshotNamed(p.SnapshotId, context) : undefined;
    const now = context.clock.now();
    if (snapshot && stateOf(snapshot, now) !== 'completed')
      throw new FakeError('IncorrectState', `Snapshot '${snapshot.id}' is not 'completed'.`);
    if (snapshot?.tier === 'archive')
      throw new FakeError('IncorrectState', `Snapshot '${snapshot.id}' is archived.`);
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
    volume.state = 'deleted';
    return { return: true };
  },

  RegisterImage(p, context) {
    const { ebs } = context.state;
    const name = String(p.Name);
    if ([...ebs.images.values()].some((one) => one.name === name && one.state === 'available'))
      throw new FakeError('InvalidAMIName.Duplicate', `AMI name ${name} is already in use`);
    const devices = listOf<{ DeviceName: string; Ebs: { SnapshotId: string } }>(p.BlockDeviceMapping).map(
      ({ DeviceName, Ebs }) => ({ device: DeviceName, snapshot: snapshotNamed(Ebs.SnapshotId, context).id }),
    );
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
    const image = context.state.ebs.images.get(String(p.ImageId));
    if (image) image.state = 'deregistered';
    return { return: true };
  },

  RunInstances(p, context) {
    const { ebs, ec2 } = context.state;
    const token = String(p.ClientToken ?? '');
    const before = ebs.runs.get(token);
    if (before && token) return { instancesSet: [{ instanceId: before }] };
    const image = ebs.images.get(String(p.ImageId));
    if (image?.state !== 'available')
      throw new FakeError('InvalidAMIID.NotFound', `The image id '[${p.ImageId}]' does not exist`);
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
    const made = ec2.addInstance({ type, zone, tags, volumes, state: 'running', metadata });
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
    const snapshot = p.SnapshotId ? snapshotNamed(p.SnapshotId, context) : undefined;
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
