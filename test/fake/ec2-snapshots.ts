import { type FakeSnapshot, type FakeVolume, stateOf } from './ebs-state.ts';
import {
  checkTags,
  type Ec2Handlers,
  fitsFilters,
  listOf,
  pageSizeOf,
  tagFilter,
  tagSet,
} from './ec2-wire.ts';
import type { Context } from './server.ts';
import { FakeError, type Parameters, page } from './wire.ts';

/** An instance's volume exists as soon as somebody asks for it. */
export function volumesHere(context: Context): FakeVolume[] {
  const { ebs, ec2 } = context.state;
  for (const instance of ec2.instances.values()) {
    if (instance.state === 'terminated') continue;
    for (const { id, device, deleteOnTermination } of instance.volumes) {
      if (ebs.volumes.has(id)) continue;
      const attached = { instance: instance.id, device, state: 'attached', deleteOnTermination };
      ebs.addVolume({ id, zone: instance.zone, state: 'in-use', attached, region: context.region });
    }
  }
  return [...ebs.volumes.values()].filter(
    ({ state, region }) => state !== 'deleted' && region === context.region,
  );
}

export function volumeNamed(id: unknown, context: Context): FakeVolume {
  const found = volumesHere(context).find((one) => one.id === id);
  if (!found) throw new FakeError('InvalidVolume.NotFound', `The volume '${id}' does not exist.`);
  return found;
}

export function snapshotNamed(id: unknown, context: Context, region = context.region): FakeSnapshot {
  const found = context.state.ebs.snapshots.get(String(id));
  if (!found || found.region !== region)
    throw new FakeError('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`);
  return found;
}

/** `TagSpecification.1.Tag.1.Key`, of one resource type. */
export function tagsFor(p: Parameters, type: string): Map<string, string> {
  const given = listOf<{ ResourceType: string; Tag: { Key: string; Value: string }[] }>(p.TagSpecification);
  const tags = given
    .filter(({ ResourceType }) => ResourceType === type)
    .flatMap(({ Tag }) => listOf<{ Key: string; Value: string }>(Tag));
  checkTags(tags);
  return new Map(tags.map(({ Key, Value }) => [Key, Value]));
}

function takeOf(volume: FakeVolume, p: Parameters, context: Context): FakeSnapshot {
  const { ebs } = context.state;
  const now = context.clock.now();
  const pending = [...ebs.snapshots.values()].filter(
    (one) => one.volume === volume.id && stateOf(one, now) === 'pending',
  );
  if (pending.length >= ebs.pendingLimit) {
    throw new FakeError(
      'PendingSnapshotLimitExceeded',
      `Maximum number of pending snapshots for volume ${volume.id} exceeded`,
    );
  }
  return ebs.take(volume, now, tagsFor(p, 'snapshot'), String(p.Description ?? ''));
}

function described(one: FakeSnapshot, now: number): object {
  const state = stateOf(one, now);
  const whole = one.readyAt - one.startedAt;
  const percent =
    state === 'completed' ? 100 : Math.floor((100 * (now - one.startedAt)) / Math.max(1, whole));
  return {
    snapshotId: one.id,
    volumeId: one.volume,
    status: state,
    statusMessage: state === 'error' ? one.reason : undefined,
    startTime: new Date(one.startedAt),
    progress: `${Math.max(0, Math.min(percent, 100))}%`,
    ownerId: one.owner,
    volumeSize: one.sizeGiB,
    description: one.description,
    encrypted: one.encrypted,
    kmsKeyId: one.kmsKeyId,
    storageTier: one.tier,
    tagSet: tagSet(one.tags),
  };
}

const filterValues = (one: FakeSnapshot, name: string, now: number): string[] | undefined =>
  ({
    'snapshot-id': [one.id],
    'volume-id': [one.volume],
    status: [stateOf(one, now)],
    'owner-id': [one.owner],
  })[name];

/** Snapshots of EBS: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-snapshots.html */
export const snapshotHandlers: Ec2Handlers = {
  CreateSnapshot(p, context) {
    const made = takeOf(volumeNamed(p.VolumeId, context), p, context);
    return described(made, context.clock.now());
  },

  CreateSnapshots(p, context) {
    const { InstanceId, ExcludeBootVolume } = p.InstanceSpecification as Record<string, string>;
    const instance = context.state.ec2.instances.get(InstanceId ?? '');
    if (!instance || instance.state === 'terminated')
      throw new FakeError('InvalidInstanceID.NotFound', `The instance ID '${InstanceId}' does not exist`);
    const wanted = instance.volumes.filter(
      ({ device }) => !(ExcludeBootVolume === 'true' && device === '/dev/sda1'),
    );
    if (wanted.length === 0)
      throw new FakeError('InvalidParameterValue', 'No volumes to create snapshots from.');
    const volumes = wanted.map(({ id }) => volumeNamed(id, context));
    // All or none: the limit of one volume refuses the set.
    const made = volumes.map((volume) => takeOf(volume, p, context));
    // A set names the state where a single snapshot has a status.
    return {
      snapshotSet: made.map((one) => {
        const { status: state, ...rest } = described(one, context.clock.now()) as { status: string };
        return { ...rest, state };
      }),
    };
  },

  DescribeSnapshots(p, context) {
    const now = context.clock.now();
    const ids = listOf(p.SnapshotId);
    const named = ids.map((id) => snapshotNamed(id, context));
    const filtered = listOf<{ Name: string; Value: unknown }>(p.Filter).find(
      ({ Name }) => Name === 'snapshot-id',
    );
    const { snapshots } = context.state.ebs;
    const candidates = filtered
      ? listOf(filtered.Value).flatMap((id) => snapshots.get(String(id)) ?? [])
      : [...snapshots.values()];
    const among = ids.length > 0 ? named : candidates.filter(({ region }) => region === context.region);
    const own = listOf(p.Owner).length === 0 ? undefined : context.state.account;
    // A page is so many that were looked at: of those that fit it may hold few, or none, and still have a next one.
    const size = pageSizeOf(p, ids, context.state.ebs.pageSize);
    const { items: looked, next } = page(among, p.NextToken, size);
    const items = looked.filter(
      (one) =>
        (own === undefined || one.owner === own) &&
        fitsFilters(p, (name) => tagFilter(one.tags, name) ?? filterValues(one, name, now)),
    );
    return { snapshotSet: items.map((one) => described(one, now)), nextToken: next };
  },

  CopySnapshot(p, context) {
    const { ebs } = context.state;
    const source = snapshotNamed(p.SourceSnapshotId, context, String(p.SourceRegion));
    const now = context.clock.now();
    if (stateOf(source, now) !== 'completed')
      throw new FakeError('InvalidState', `Snapshot ${source.id} is not in the completed state.`);
    if (source.tier === 'archive')
      throw new FakeError('IncorrectState', `Snapshot '${source.id}' is archived.`);
    const encrypted = source.encrypted || p.Encrypted === 'true';
    if (p.KmsKeyId && !encrypted)
      throw new FakeError(
        'InvalidParameterDependency',
        'The parameter KmsKeyId requires the parameter Encrypted to be set.',
      );
    // A key is of one region: elsewhere that one's own key takes its place.
    const kept = source.region === context.region ? source.kmsKeyId : undefined;
    const made = ebs.addSnapshot({
      region: context.region,
      volume: 'vol-ffffffff',
      sizeGiB: source.sizeGiB,
      startedAt: now,
      readyAt: now + ebs.snapshotMs,
      failed: ebs.failing > 0,
      reason: 'Given key ID is not accessible',
      encrypted,
      kmsKeyId: p.KmsKeyId ? String(p.KmsKeyId) : kept,
      description: String(p.Description ?? ''),
      blocks: source.blocks,
      tags: Object.fromEntries(tagsFor(p, 'snapshot')),
    });
    if (ebs.failing > 0) ebs.failing--;
    return { snapshotId: made.id, tagSet: tagSet(made.tags) };
  },

  DeleteSnapshot(p, context) {
    const one = snapshotNamed(p.SnapshotId, context);
    const image = [...context.state.ebs.images.values()].find(
      ({ state, devices }) => state === 'available' && devices.some(({ snapshot }) => snapshot === one.id),
    );
    if (image) {
      throw new FakeError(
        'InvalidSnapshot.InUse',
        `The snapshot ${one.id} is currently in use by ${image.id}`,
      );
    }
    if (one.locked) throw new FakeError('SnapshotLocked', `The snapshot ${one.id} is locked.`);
    context.state.ebs.snapshots.delete(one.id);
    return { return: true };
  },

  DescribeSnapshotAttribute(p, context) {
    const one = snapshotNamed(p.SnapshotId, context);
    return {
      snapshotId: one.id,
      createVolumePermission: [...one.sharedWith].map((who) =>
        who === 'all' ? { group: 'all' } : { userId: who },
      ),
    };
  },

  ModifySnapshotAttribute(p, context) {
    const one = snapshotNamed(p.SnapshotId, context);
    if (one.encrypted && !one.kmsKeyId)
      throw new FakeError(
        'InvalidParameter',
        'Snapshots encrypted with the AWS Managed CMK can’t be shared. Specify another snapshot.',
      );
    for (const account of listOf(p.UserId)) {
      if (p.OperationType === 'remove') one.sharedWith.delete(account);
      else one.sharedWith.add(account);
    }
    return { return: true };
  },

  DescribeLockedSnapshots(p, context) {
    const locked = listOf(p.SnapshotId)
      .map((id) => snapshotNamed(id, context))
      .filter((one) => one.locked);
    return {
      snapshotSet: locked.map((one) => ({ snapshotId: one.id, ownerId: one.owner, lockState: one.locked })),
    };
  },

  CreateTags(p, context) {
    const { ebs, ec2 } = context.state;
    for (const id of listOf(p.ResourceId)) {
      const thing =
        ebs.snapshots.get(id) ?? ebs.volumes.get(id) ?? ec2.instances.get(id) ?? ebs.images.get(id);
      if (!thing) throw new FakeError('InvalidID', `The ID '${id}' is not valid`);
      const given = listOf<{ Key: string; Value: string }>(p.Tag);
      checkTags(given, thing.tags);
      for (const { Key, Value } of given) thing.tags.set(Key, Value);
    }
    return { return: true };
  },

  DescribeImages(p, context) {
    const fitting = [...context.state.ebs.images.values()].filter(
      (one) =>
        one.region === context.region &&
        one.state === 'available' &&
        fitsFilters(
          p,
          (name) =>
            tagFilter(one.tags, name) ??
            {
              'block-device-mapping.snapshot-id': one.devices.map(({ snapshot }) => snapshot),
              name: [one.name],
            }[name],
        ),
    );
    return {
      imagesSet: fitting.map((one) => ({
        imageId: one.id,
        name: one.name,
        imageState: one.state,
        rootDeviceName: one.rootDevice,
        blockDeviceMapping: one.devices.map(({ device, snapshot }) => ({
          deviceName: device,
          ebs: { snapshotId: snapshot },
        })),
        tagSet: tagSet(one.tags),
      })),
    };
  },
};
