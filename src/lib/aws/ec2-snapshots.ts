import {
  CopySnapshotCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DescribeImagesCommand,
  DescribeLockedSnapshotsCommand,
  DescribeSnapshotAttributeCommand,
  DescribeSnapshotsCommand,
  type DescribeSnapshotsCommandInput,
  type EC2Client,
  type Filter,
  ModifySnapshotAttributeCommand,
  type Snapshot as SdkSnapshot,
  type Tag,
} from '@aws-sdk/client-ec2';
import type { SnapshotStore, Tags } from '../backups/port.ts';
import type { Snapshot } from '../backups/types.ts';
import { TAG } from './backup-tags.ts';
import { underneath } from './errors.ts';

type Ask = <T>(action: string, send: () => Promise<T>) => Promise<T>;
type Options = { readonly abortSignal?: AbortSignal };

/** Snapshots of a page, and of one question by ids. */
const PAGE = 1000;
const IDS = 200;

/** Snapshots of EBS in one region, for `lib/backups`. */
export function ebsStore(client: EC2Client, region: string, ask: Ask, options: Options): SnapshotStore {
  const describe = (input: DescribeSnapshotsCommandInput) =>
    ask('ec2:DescribeSnapshots', () => client.send(new DescribeSnapshotsCommand(input), options));

  /** A page may hold nothing and still have a next one. */
  async function* pages(Filters: Filter[]): AsyncGenerator<Snapshot[]> {
    let NextToken: string | undefined;
    do {
      const answer = await describe({ OwnerIds: ['self'], Filters, MaxResults: PAGE, NextToken });
      yield (answer.Snapshots ?? []).map((one) => toSnapshot(one, region));
      NextToken = answer.NextToken;
    } while (NextToken);
  }

  /** One that is gone refuses the whole question, and a list may still show it: then each is asked about alone. */
  async function lockedOf(ids: string[]): Promise<string[]> {
    try {
      const { Snapshots = [] } = await ask('ec2:DescribeLockedSnapshots', () =>
        client.send(new DescribeLockedSnapshotsCommand({ SnapshotIds: ids }), options),
      );
      return Snapshots.flatMap(({ SnapshotId, LockState }) =>
        SnapshotId && LockState !== 'expired' ? [SnapshotId] : [],
      );
    } catch (error) {
      if (underneath(error).name !== 'InvalidSnapshot.NotFound') throw error;
      if (ids.length === 1) return [];
      return (await Promise.all(ids.map((id) => lockedOf([id])))).flat();
    }
  }

  return {
    kind: 'ebs',
    region,
    list: (tags) =>
      pages(Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }))),
    async get(ids) {
      const found: Snapshot[] = [];
      for (let at = 0; at < ids.length; at += IDS) {
        // A filter, unlike a list of ids, says nothing of those that are gone.
        const Filters = [{ Name: 'snapshot-id', Values: ids.slice(at, at + IDS) }];
        for await (const page of pages(Filters)) found.push(...page);
      }
      return found;
    },
    async copy({ snapshot, key, tags }) {
      const answer = await ask('ec2:CopySnapshot', () =>
        client.send(
          new CopySnapshotCommand({
            SourceRegion: snapshot.region,
            SourceSnapshotId: snapshot.id,
            Description: `Copy of ${snapshot.id} in ${snapshot.region}`,
            Encrypted: true,
            ...(key ? { KmsKeyId: key } : {}),
            TagSpecifications: [
              {
                ResourceType: 'snapshot',
                Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
              },
            ],
          }),
          options,
        ),
      );
      return answer.SnapshotId ?? '';
    },
    async share(snapshot, account) {
      await ask('ec2:ModifySnapshotAttribute', () =>
        client.send(
          new ModifySnapshotAttributeCommand({
            SnapshotId: snapshot.id,
            Attribute: 'createVolumePermission',
            OperationType: 'add',
            UserIds: [account],
          }),
          options,
        ),
      );
    },
    async remove({ id }) {
      try {
        await ask('ec2:DeleteSnapshot', () =>
          client.send(new DeleteSnapshotCommand({ SnapshotId: id }), options),
        );
        return true;
      } catch (error) {
        if (underneath(error).name === 'InvalidSnapshot.NotFound') return false;
        throw error;
      }
    },
    async tag({ id }, tags) {
      const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
      await ask('ec2:CreateTags', () =>
        client.send(new CreateTagsCommand({ Resources: [id], Tags }), options),
      );
    },
    async guards(snapshots) {
      const ids = snapshots.map(({ id }) => id);
      const images = new Map<string, string[]>();
      const locked = new Set<string>();
      for (let at = 0; at < ids.length; at += IDS) {
        const some = ids.slice(at, at + IDS);
        const byImage = await ask('ec2:DescribeImages', () =>
          client.send(
            new DescribeImagesCommand({
              Owners: ['self'],
              IncludeDisabled: true,
              IncludeDeprecated: true,
              Filters: [{ Name: 'block-device-mapping.snapshot-id', Values: some }],
            }),
            options,
          ),
        );
        for (const { ImageId, BlockDeviceMappings } of byImage.Images ?? [])
          for (const { Ebs } of BlockDeviceMappings ?? [])
            if (Ebs?.SnapshotId && ImageId)
              images.set(Ebs.SnapshotId, [...(images.get(Ebs.SnapshotId) ?? []), ImageId]);
        for (const id of await lockedOf(some)) locked.add(id);
      }
      const found = new Map<string, Awaited<ReturnType<typeof factsOf>>>();
      const factsOf = async (id: string) => {
        const answer = await ask('ec2:DescribeSnapshotAttribute', () =>
          client.send(
            new DescribeSnapshotAttributeCommand({ SnapshotId: id, Attribute: 'createVolumePermission' }),
            options,
          ),
        );
        const sharedWith = (answer.CreateVolumePermissions ?? []).flatMap(
          ({ UserId, Group }) => UserId ?? Group ?? [],
        );
        return { images: images.get(id) ?? [], locked: locked.has(id), sharedWith };
      };
      await Promise.all(
        ids.map(async (id) => {
          try {
            found.set(id, await factsOf(id));
          } catch (error) {
            if (underneath(error).name !== 'InvalidSnapshot.NotFound') throw error;
          }
        }),
      );
      return found;
    },
  };
}

export function toSnapshot(one: SdkSnapshot, region: string): Snapshot {
  const tags = tagsOf(one.Tags);
  const state = one.State ?? 'pending';
  return {
    kind: 'ebs',
    id: one.SnapshotId ?? '',
    source: tags[TAG.source] ?? one.VolumeId ?? '',
    region,
    sizeGiB: one.VolumeSize ?? 0,
    startedAt: one.StartTime?.getTime() ?? 0,
    state: state === 'completed' ? 'completed' : state === 'error' ? 'error' : 'pending',
    ...(one.StateMessage ? { reason: one.StateMessage } : {}),
    progress: state === 'completed' ? 100 : Number.parseInt(one.Progress ?? '0', 10) || 0,
    encrypted: one.Encrypted ?? false,
    ...(one.KmsKeyId ? { kmsKeyId: one.KmsKeyId } : {}),
    tier: one.StorageTier === 'archive' ? 'archive' : 'standard',
    tags,
  };
}

export function tagsOf(tags: readonly Tag[] | undefined): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}

export function nameTag(tags: readonly Tag[] | undefined): string | undefined {
  return tags?.find(({ Key }) => Key === 'Name')?.Value || undefined;
}
