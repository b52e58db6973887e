import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  type DBInstance,
  type DBSnapshot,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotAttributesCommand,
  DescribeDBSnapshotsCommand,
  ModifyDBSnapshotAttributeCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
  type Tag,
} from '@aws-sdk/client-rds';
import type { DatabaseFacts, RdsPort, SnapshotStore, Tags } from '../backups/port.ts';
import type { Snapshot } from '../backups/types.ts';
import { TAG } from './backup-tags.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** The most that RDS gives at once. */
const PAGE = 100;
/** What RDS encrypts with where no key is named. A copy into another region must name one. */
const DEFAULT_KEY = 'alias/aws/rds';

/** RDS for `lib/backups`: instances and their manual snapshots. */
export function rdsPort(session: AwsSession, signal?: AbortSignal): RdsPort {
  const options = signal ? { abortSignal: signal } : {};
  const clients = new Map<string, RDSClient>();
  const clientFor = (region: string): RDSClient => {
    const known = clients.get(region);
    if (known) return known;
    const there = { ...session, region };
    const client = new RDSClient({ ...session.config, region });
    const made = traced(paced(client, pacingOf(there, 'rds')), there);
    clients.set(region, made);
    return made;
  };
  const home = clientFor(session.region);
  const ask = <T>(action: string, send: () => Promise<T>) => call(session, action, send, signal);
  const toHere = (region: string) => (one: DBSnapshot) => toSnapshot(one, region);

  function store(region = session.region): SnapshotStore {
    const client = clientFor(region);
    async function* pages(id?: string) {
      let Marker: string | undefined;
      do {
        const answer = await ask('rds:DescribeDBSnapshots', () =>
          client.send(
            new DescribeDBSnapshotsCommand({
              SnapshotType: 'manual',
              MaxRecords: PAGE,
              Marker,
              ...(id ? { DBSnapshotIdentifier: id } : {}),
            }),
            options,
          ),
        );
        yield (answer.DBSnapshots ?? []).map(toHere(region));
        Marker = answer.Marker;
      } while (Marker);
    }
    return {
      kind: 'rds',
      region,
      async *list(tags) {
        // RDS cannot be asked by tag.
        const wanted = Object.entries(tags);
        for await (const page of pages())
          yield page.filter((one) => wanted.every(([key, value]) => one.tags[key] === value));
      },
      async get(ids) {
        const found = await Promise.all(
          ids.map(async (id) => {
            try {
              for await (const page of pages(id)) return page;
            } catch (error) {
              if (!isNotFound(error)) throw error;
            }
            return [];
          }),
        );
        return found.flat();
      },
      async copy({ snapshot, key, tags, name }) {
        const elsewhere = snapshot.region !== region;
        try {
          await ask('rds:CopyDBSnapshot', () =>
            client.send(
              new CopyDBSnapshotCommand({
                SourceDBSnapshotIdentifier: elsewhere ? snapshot.arn : snapshot.id,
                TargetDBSnapshotIdentifier: name,
                KmsKeyId: key ?? DEFAULT_KEY,
                ...(elsewhere ? { SourceRegion: snapshot.region } : {}),
                Tags: listOf(tags),
              }),
              options,
            ),
          );
        } catch (error) {
          if (!isTaken(error)) throw error;
        }
        return name;
      },
      async share({ id }, account) {
        await ask('rds:ModifyDBSnapshotAttribute', () =>
          client.send(
            new ModifyDBSnapshotAttributeCommand({
              DBSnapshotIdentifier: id,
              AttributeName: 'restore',
              ValuesToAdd: [account],
            }),
            options,
          ),
        );
      },
      async remove({ id }) {
        try {
          await ask('rds:DeleteDBSnapshot', () =>
            client.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id }), options),
          );
          return true;
        } catch (error) {
          if (isNotFound(error)) return false;
          throw error;
        }
      },
      async tag({ arn }, tags) {
        await ask('rds:AddTagsToResource', () =>
          client.send(new AddTagsToResourceCommand({ ResourceName: arn, Tags: listOf(tags) }), options),
        );
      },
      async guards(snapshots) {
        const found = new Map<string, { images: string[]; locked: boolean; sharedWith: string[] }>();
        await Promise.all(
          snapshots.map(async ({ id }) => {
            try {
              const answer = await ask('rds:DescribeDBSnapshotAttributes', () =>
                client.send(new DescribeDBSnapshotAttributesCommand({ DBSnapshotIdentifier: id }), options),
              );
              const attributes = answer.DBSnapshotAttributesResult?.DBSnapshotAttributes ?? [];
              const restore = attributes.find(({ AttributeName }) => AttributeName === 'restore');
              found.set(id, { images: [], locked: false, sharedWith: restore?.AttributeValues ?? [] });
            } catch (error) {
              if (!isNotFound(error)) throw error;
            }
          }),
        );
        return found;
      },
    };
  }

  return {
    store,
    async databases(find) {
      const ids: (string | undefined)[] = 'ids' in find ? [...find.ids] : [undefined];
      const found: DatabaseFacts[] = [];
      for (const id of ids) {
        let Marker: string | undefined;
        do {
          try {
            const answer = await ask('rds:DescribeDBInstances', () =>
              home.send(
                new DescribeDBInstancesCommand({
                  Marker,
                  ...(id ? { DBInstanceIdentifier: id } : { MaxRecords: PAGE }),
                }),
                options,
              ),
            );
            found.push(...(answer.DBInstances ?? []).map(toDatabase));
            Marker = answer.Marker;
          } catch (error) {
            if (!isNotFound(error)) throw error;
            Marker = undefined;
          }
        } while (Marker);
      }
      if ('ids' in find) return found;
      const wanted = Object.entries(find.tags);
      return found.filter(({ tags }) => wanted.every(([key, value]) => tags[key] === value));
    },
    async snapshotDatabase({ database, name, tags }) {
      try {
        const answer = await ask('rds:CreateDBSnapshot', () =>
          home.send(
            new CreateDBSnapshotCommand({
              DBInstanceIdentifier: database,
              DBSnapshotIdentifier: name,
              Tags: listOf(tags),
            }),
            options,
          ),
        );
        return toSnapshot({ TagList: listOf(tags), ...answer.DBSnapshot }, session.region);
      } catch (error) {
        if (isTaken(error)) return undefined;
        throw error;
      }
    },
    async restoreDatabase({ snapshot, name, like, tags }) {
      try {
        await ask('rds:RestoreDBInstanceFromDBSnapshot', () =>
          home.send(
            new RestoreDBInstanceFromDBSnapshotCommand({
              DBInstanceIdentifier: name,
              DBSnapshotIdentifier: snapshot,
              PubliclyAccessible: false,
              CopyTagsToSnapshot: true,
              DeletionProtection: false,
              ...(like
                ? {
                    DBInstanceClass: like.className,
                    MultiAZ: like.multiZone,
                    ...(like.subnetGroup ? { DBSubnetGroupName: like.subnetGroup } : {}),
                    ...(like.groups?.length ? { VpcSecurityGroupIds: [...like.groups] } : {}),
                    ...(like.parameterGroup ? { DBParameterGroupName: like.parameterGroup } : {}),
                  }
                : {}),
              Tags: listOf(tags),
            }),
            options,
          ),
        );
        return true;
      } catch (error) {
        if (/^DBInstanceAlreadyExists/.test(underneath(error).name)) return false;
        throw error;
      }
    },
    async deleteDatabase(id) {
      try {
        await ask('rds:DeleteDBInstance', () =>
          home.send(
            new DeleteDBInstanceCommand({ DBInstanceIdentifier: id, SkipFinalSnapshot: true }),
            options,
          ),
        );
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },
  };
}

const listOf = (tags: Tags) => Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

/** RDS names an error in one form on the wire and in another in its model. */
const isNotFound = (error: unknown) => /^DB(Snapshot|Instance)NotFound/.test(underneath(error).name);
const isTaken = (error: unknown) => /^DBSnapshotAlreadyExists/.test(underneath(error).name);

const tagsOf = (tags: readonly Tag[] | undefined): Tags =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));

function toSnapshot(one: DBSnapshot, region: string): Snapshot {
  const tags = tagsOf(one.TagList);
  const status = one.Status ?? 'creating';
  const state = status === 'available' ? 'completed' : /fail|error/.test(status) ? 'error' : 'pending';
  return {
    kind: 'rds',
    id: one.DBSnapshotIdentifier ?? '',
    arn: one.DBSnapshotArn ?? '',
    source: tags[TAG.source] ?? one.DBInstanceIdentifier ?? '',
    region,
    sizeGiB: one.AllocatedStorage ?? 0,
    // While it is being made RDS does not say when it began; the tag does.
    startedAt: one.SnapshotCreateTime?.getTime() ?? (Date.parse(tags[TAG.taken] ?? '') || 0),
    state,
    progress: state === 'completed' ? 100 : (one.PercentProgress ?? 0),
    encrypted: one.Encrypted ?? false,
    ...(one.KmsKeyId ? { kmsKeyId: one.KmsKeyId } : {}),
    tier: 'standard',
    tags,
  };
}

function toDatabase(one: DBInstance): DatabaseFacts {
  return {
    id: one.DBInstanceIdentifier ?? '',
    arn: one.DBInstanceArn ?? '',
    state: one.DBInstanceStatus ?? '',
    sizeGiB: one.AllocatedStorage ?? 0,
    encrypted: one.StorageEncrypted ?? false,
    className: one.DBInstanceClass ?? '',
    engine: one.Engine ?? '',
    multiZone: one.MultiAZ ?? false,
    subnetGroup: one.DBSubnetGroup?.DBSubnetGroupName,
    groups: (one.VpcSecurityGroups ?? []).flatMap(({ VpcSecurityGroupId }) => VpcSecurityGroupId ?? []),
    endpoint: one.Endpoint?.Address ? `${one.Endpoint.Address}:${one.Endpoint.Port ?? ''}` : undefined,
    parameterGroup: one.DBParameterGroups?.[0]?.DBParameterGroupName,
    createdAt: one.InstanceCreateTime?.getTime() ?? 0,
    tags: tagsOf(one.TagList),
  };
}
