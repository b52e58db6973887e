import {
  CreateSnapshotCommand,
  CreateSnapshotsCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  type EC2Client,
  type Filter,
  type Instance,
  type Volume,
} from '@aws-sdk/client-ec2';
import type { EbsPort, Find, InstanceFacts, SnapshotStore, Tags, VolumeFacts } from '../backups/port.ts';
import type { TwoClocks } from '../backups/types.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { dated } from './answer-clock.ts';
import { call } from './call.ts';
import { ec2Client } from './ec2-client.ts';
import { ebsStore, nameTag, tagsOf, toSnapshot } from './ec2-snapshots.ts';
import type { AwsSession } from './session.ts';

/** The most ids that a call with a list of ids takes here: AWS allows 1,000, the URL of a proxy may not. */
const IDS = 200;

/** EC2 for `lib/backups`: instances, volumes and the making of their snapshots. */
export function ebsPort(session: AwsSession, clock: Clock = systemClock, signal?: AbortSignal): EbsPort {
  let clocks: TwoClocks | undefined;
  const client = dated(ec2Client(session, clock), (aws) => {
    clocks = { aws, here: clock.now() };
  });
  const options = signal ? { abortSignal: signal } : {};
  const stores = new Map<string, SnapshotStore>();
  const ask = <T>(action: string, send: () => Promise<T>) => call(session, action, send, signal);

  /** Every page of a list, by ids in pieces or by tags. */
  async function all<T>(
    action: string,
    find: Find,
    idFilter: string,
    page: (filters: Filter[], token: string | undefined) => Promise<{ items: T[]; next: string | undefined }>,
  ): Promise<T[]> {
    const found: T[] = [];
    for (const filters of filtersOf(find, idFilter)) {
      let token: string | undefined;
      do {
        const { items, next } = await ask(action, () => page(filters, token));
        found.push(...items);
        token = next;
      } while (token);
    }
    return found;
  }

  const port: EbsPort = {
    store(region = session.region) {
      const known = stores.get(region);
      if (known) return known;
      const there = region === session.region ? client : clientOf(session, region, clock);
      const store = ebsStore(there, region, ask, options);
      stores.set(region, store);
      return store;
    },
    async instances(find) {
      const found = await all('ec2:DescribeInstances', find, 'instance-id', async (Filters, NextToken) => {
        const answer = await client.send(new DescribeInstancesCommand({ Filters, NextToken }), options);
        const items = (answer.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
        return { items, next: answer.NextToken };
      });
      return found.map(toInstance);
    },
    async volumes(find) {
      const found = await all('ec2:DescribeVolumes', find, 'volume-id', async (Filters, NextToken) => {
        const answer = await client.send(new DescribeVolumesCommand({ Filters, NextToken }), options);
        return { items: answer.Volumes ?? [], next: answer.NextToken };
      });
      return found.map(toVolume);
    },
    async snapshotInstance({ instance, excludeBoot, description, tags }) {
      const answer = await ask('ec2:CreateSnapshots', () =>
        client.send(
          new CreateSnapshotsCommand({
            InstanceSpecification: { InstanceId: instance, ExcludeBootVolume: excludeBoot },
            Description: description,
            TagSpecifications: [{ ResourceType: 'snapshot', Tags: listOf(tags) }],
          }),
          options,
        ),
      );
      return (answer.Snapshots ?? []).map((one) => toSnapshot(one, session.region));
    },
    async snapshotVolume({ volume, description, tags }) {
      const answer = await ask('ec2:CreateSnapshot', () =>
        client.send(
          new CreateSnapshotCommand({
            VolumeId: volume,
            Description: description,
            TagSpecifications: [{ ResourceType: 'snapshot', Tags: listOf(tags) }],
          }),
          options,
        ),
      );
      return toSnapshot(answer, session.region);
    },
    async clocks() {
      if (!clocks)
        await ask('ec2:DescribeVolumes', () =>
          client.send(new DescribeVolumesCommand({ MaxResults: 5 }), options),
        );
      return clocks ?? { aws: clock.now(), here: clock.now() };
    },
  };
  return port;
}

function clientOf(session: AwsSession, region: string, clock: Clock): EC2Client {
  return ec2Client({ ...session, region, config: { ...session.config, region } }, clock);
}

const listOf = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

function filtersOf(find: Find, idFilter: string): Filter[][] {
  if ('tags' in find)
    return [Object.entries(find.tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }))];
  const pieces: Filter[][] = [];
  for (let at = 0; at < find.ids.length; at += IDS)
    pieces.push([{ Name: idFilter, Values: find.ids.slice(at, at + IDS) }]);
  return pieces;
}

function toInstance(one: Instance): InstanceFacts {
  return {
    id: one.InstanceId ?? '',
    name: nameTag(one.Tags),
    state: one.State?.Name ?? '',
    zone: one.Placement?.AvailabilityZone ?? '',
    type: one.InstanceType ?? '',
    rootDevice: one.RootDeviceName,
    volumes: (one.BlockDeviceMappings ?? []).flatMap(({ DeviceName, Ebs }) =>
      DeviceName && Ebs?.VolumeId ? [{ id: Ebs.VolumeId, device: DeviceName }] : [],
    ),
    subnet: one.SubnetId,
    groups: (one.SecurityGroups ?? []).flatMap(({ GroupId }) => GroupId ?? []),
    keyName: one.KeyName,
    profile: one.IamInstanceProfile?.Arn,
    architecture: one.Architecture,
    bootMode: one.BootMode,
    metadata: one.MetadataOptions && {
      tokens: one.MetadataOptions.HttpTokens,
      endpoint: one.MetadataOptions.HttpEndpoint,
      hops: one.MetadataOptions.HttpPutResponseHopLimit,
      tags: one.MetadataOptions.InstanceMetadataTags,
    },
  };
}

function toVolume(one: Volume): VolumeFacts {
  const [attached] = one.Attachments ?? [];
  return {
    id: one.VolumeId ?? '',
    sizeGiB: one.Size ?? 0,
    type: one.VolumeType ?? 'gp3',
    iops: one.Iops,
    throughput: one.Throughput,
    encrypted: one.Encrypted ?? false,
    kmsKeyId: one.KmsKeyId,
    zone: one.AvailabilityZone ?? '',
    state: one.State ?? '',
    madeOf: one.SnapshotId || undefined,
    createdAt: one.CreateTime?.getTime() ?? 0,
    attached: attached?.InstanceId
      ? {
          instance: attached.InstanceId,
          device: attached.Device ?? '',
          state: attached.State ?? '',
        }
      : undefined,
    tags: tagsOf(one.Tags),
  };
}
