import {
  type _InstanceType,
  type ArchitectureValues,
  AttachVolumeCommand,
  type BootModeValues,
  CreateReplaceRootVolumeTaskCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeReplaceRootVolumeTasksCommand,
  DetachVolumeCommand,
  type HttpTokensState,
  type InstanceMetadataEndpointState,
  type InstanceMetadataOptionsRequest,
  type InstanceMetadataTagsState,
  RegisterImageCommand,
  type ResourceType,
  RunInstancesCommand,
  type VolumeType,
} from '@aws-sdk/client-ec2';
import type { MetadataFacts, RestorePort, Tags } from '../backups/port.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { call } from './call.ts';
import { ec2Client } from './ec2-client.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';

const specification = (type: ResourceType, tags: Tags) => ({
  ResourceType: type,
  Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
});

/** EC2 for bringing things back, for `lib/backups`. */
export function restorePort(
  session: AwsSession,
  clock: Clock = systemClock,
  signal?: AbortSignal,
): RestorePort {
  const client = ec2Client(session, clock);
  const options = signal ? { abortSignal: signal } : {};
  const ask = <T>(action: string, send: () => Promise<T>) => call(session, action, send, signal);
  const namedImage = async (name: string) => {
    const Filters = [{ Name: 'name', Values: [name] }];
    const answer = await ask('ec2:DescribeImages', () =>
      client.send(new DescribeImagesCommand({ Owners: ['self'], Filters }), options),
    );
    return answer.Images?.[0]?.ImageId;
  };
  return {
    async createVolume({ snapshot, zone, like, tags, token }) {
      const own = like && ['gp3', 'io1', 'io2'].includes(like.type);
      const answer = await ask('ec2:CreateVolume', () =>
        client.send(
          new CreateVolumeCommand({
            SnapshotId: snapshot,
            AvailabilityZone: zone,
            VolumeType: (like?.type ?? 'gp3') as VolumeType,
            ...(like ? { Size: like.sizeGiB } : {}),
            ...(own && like.iops ? { Iops: like.iops } : {}),
            ...(like?.type === 'gp3' && like.throughput ? { Throughput: like.throughput } : {}),
            TagSpecifications: [specification('volume', tags)],
            ClientToken: token,
          }),
          options,
        ),
      );
      return answer.VolumeId ?? '';
    },
    async attachVolume(VolumeId, InstanceId, Device) {
      await ask('ec2:AttachVolume', () =>
        client.send(new AttachVolumeCommand({ VolumeId, InstanceId, Device }), options),
      );
    },
    async detachVolume(VolumeId) {
      try {
        await ask('ec2:DetachVolume', () => client.send(new DetachVolumeCommand({ VolumeId }), options));
      } catch (error) {
        if (!['IncorrectState', 'InvalidVolume.NotFound'].includes(underneath(error).name)) throw error;
      }
    },
    async deleteVolume(VolumeId) {
      try {
        await ask('ec2:DeleteVolume', () => client.send(new DeleteVolumeCommand({ VolumeId }), options));
        return true;
      } catch (error) {
        if (underneath(error).name === 'InvalidVolume.NotFound') return false;
        throw error;
      }
    },
    async replaceRoot({ instance, snapshot, tags, token }) {
      const answer = await ask('ec2:CreateReplaceRootVolumeTask', () =>
        client.send(
          new CreateReplaceRootVolumeTaskCommand({
            InstanceId: instance,
            SnapshotId: snapshot,
            DeleteReplacedRootVolume: false,
            ClientToken: token,
            TagSpecifications: [specification('replace-root-volume-task', tags)],
          }),
          options,
        ),
      );
      return answer.ReplaceRootVolumeTask?.ReplaceRootVolumeTaskId ?? '';
    },
    async rootTask(id) {
      const answer = await ask('ec2:DescribeReplaceRootVolumeTasks', () =>
        client.send(new DescribeReplaceRootVolumeTasksCommand({ ReplaceRootVolumeTaskIds: [id] }), options),
      );
      return answer.ReplaceRootVolumeTasks?.[0]?.TaskState ?? 'pending';
    },
    async registerImage({ name, architecture, bootMode, rootDevice, devices, tags }) {
      const there = await namedImage(name);
      if (there) return there;
      const answer = await ask('ec2:RegisterImage', () =>
        client.send(
          new RegisterImageCommand({
            Name: name,
            Architecture: architecture as ArchitectureValues,
            VirtualizationType: 'hvm',
            EnaSupport: true,
            ...(bootMode ? { BootMode: bootMode as BootModeValues } : {}),
            RootDeviceName: rootDevice,
            BlockDeviceMappings: devices.map(({ device, snapshot }) => ({
              DeviceName: device,
              Ebs: { SnapshotId: snapshot, VolumeType: 'gp3', DeleteOnTermination: device === rootDevice },
            })),
            TagSpecifications: [specification('image', tags)],
          }),
          options,
        ),
      );
      return answer.ImageId ?? '';
    },
    async imageState(id) {
      const answer = await ask('ec2:DescribeImages', () =>
        client.send(new DescribeImagesCommand({ ImageIds: [id] }), options),
      );
      return answer.Images?.[0]?.State ?? 'pending';
    },
    async forgetImage(name) {
      const ImageId = await namedImage(name);
      if (!ImageId) return;
      await ask('ec2:DeregisterImage', () => client.send(new DeregisterImageCommand({ ImageId }), options));
    },
    async runInstance({ image, like, tags, token }) {
      const answer = await ask('ec2:RunInstances', () =>
        client.send(
          new RunInstancesCommand({
            ImageId: image,
            MinCount: 1,
            MaxCount: 1,
            InstanceType: like.type as _InstanceType,
            Placement: { AvailabilityZone: like.zone },
            ...(like.subnet ? { SubnetId: like.subnet } : {}),
            ...(like.groups.length > 0 ? { SecurityGroupIds: [...like.groups] } : {}),
            ...(like.keyName ? { KeyName: like.keyName } : {}),
            ...(like.profile ? { IamInstanceProfile: { Arn: like.profile } } : {}),
            ...(like.metadata ? { MetadataOptions: metadataOptions(like.metadata) } : {}),
            TagSpecifications: [specification('instance', tags)],
            ClientToken: token,
          }),
          options,
        ),
      );
      return answer.Instances?.[0]?.InstanceId ?? '';
    },
  };
}

/** As the original has them: an instance that only answers with a token must not come back as one that answers anybody. */
function metadataOptions({ tokens, endpoint, hops, tags }: MetadataFacts): InstanceMetadataOptionsRequest {
  return {
    HttpTokens: tokens as HttpTokensState | undefined,
    HttpEndpoint: endpoint as InstanceMetadataEndpointState | undefined,
    HttpPutResponseHopLimit: hops,
    InstanceMetadataTags: tags as InstanceMetadataTagsState | undefined,
  };
}
