import type { PricedItem } from '../../prices/index.ts';
import { times } from '../range.ts';
import { SERVICES } from '../types.ts';
import {
  at,
  type Entry,
  type Found,
  fixed,
  isTrue,
  type Look,
  listOf,
  millions,
  numberOf,
  open,
  rate,
  target,
  textOf,
  used,
} from './look.ts';

const { databases, dynamoDb, elastiCache, secrets } = SERVICES;
const HOURS = 730;

const instance: Entry = (look) => {
  const { properties } = look;
  const cluster = target(look, properties.DBClusterIdentifier);
  if (textOf(properties.DBInstanceClass) === 'db.serverless') return [serverless(look, cluster)];
  const source = target(look, properties.SourceDBInstanceIdentifier);
  const type = textOf(properties.DBInstanceClass ?? source?.properties.DBInstanceClass);
  const engine = textOf(properties.Engine ?? source?.properties.Engine ?? cluster?.properties.Engine);
  if (type === undefined) return [open('DBInstanceClass')];
  if (engine === undefined) return [open('Engine')];
  const multiZone = isTrue(properties.MultiAZ);
  const item: PricedItem = { kind: 'database', class: type, engine, multiZone };
  const zones = multiZone ? ', two zones' : '';
  return [
    used(look, 'hours', `${type}, ${engine}${zones}`, [databases, item]),
    // The storage of a cluster is the cluster's.
    ...(properties.DBClusterIdentifier === undefined ? disk(look, source, multiZone) : []),
    ...managedPassword(look),
  ];
};

const DISKS: Readonly<Record<string, 'rds-gp2' | 'rds-gp3'>> = { gp2: 'rds-gp2', gp3: 'rds-gp3' };

function disk(look: Look, source: Look | undefined, multiZone: boolean): Found[] {
  const said = (name: string) => look.properties[name] ?? source?.properties[name];
  const size = numberOf(said('AllocatedStorage'));
  if (size === undefined) return [open('AllocatedStorage')];
  const type = textOf(said('StorageType')) ?? 'gp2';
  const of = DISKS[type];
  if (!of) return [{ why: `storage of the type ${type}` }];
  const high = Math.max(size, numberOf(said('MaxAllocatedStorage')) ?? size);
  const quantity = times({ low: size, typical: size, high }, multiZone ? 2 : 1);
  return [
    { what: `${type} storage`, service: databases, item: { kind: 'storage', of }, quantity, on: [] },
    used(look, 'backups', 'backups', [databases, rate('rds-backup')]),
  ];
}

function managedPassword({ properties }: Look): Found[] {
  return isTrue(properties.ManageMasterUserPassword)
    ? [fixed('secret of its password', secrets, rate('secrets'))]
    : [];
}

function serverless(look: Look, cluster: Look | undefined): Found {
  const scaling = cluster?.properties.ServerlessV2ScalingConfiguration;
  const [least, most] = [numberOf(at(scaling, 'MinCapacity')), numberOf(at(scaling, 'MaxCapacity'))];
  if (least === undefined || most === undefined) return open('ServerlessV2ScalingConfiguration');
  // Half a unit is what an Aurora that is little used takes, where it may.
  const range = { low: least, typical: Math.min(most, Math.max(least, 0.5)), high: most };
  return used(look, 'hours', 'Aurora capacity', [databases, rate('aurora-capacity-hours')], range);
}

const cluster: Entry = (look) => {
  const { Engine, DBClusterInstanceClass } = look.properties;
  if (DBClusterInstanceClass !== undefined || !textOf(Engine)?.startsWith('aurora'))
    return [{ why: 'a Multi-AZ cluster of RDS' }];
  return [
    used(look, 'storage', 'Aurora storage', [databases, rate('aurora-storage')]),
    millions(look, 'reads', 'Aurora I/O', [databases, 'aurora-io']),
    ...managedPassword(look),
  ];
};

const table: Entry = (look) => {
  const { properties, type } = look;
  const billing = textOf(properties.BillingMode);
  const simple = type === 'AWS::Serverless::SimpleTable';
  const throughput = properties.ProvisionedThroughput;
  const onDemand = billing === 'PAY_PER_REQUEST' || (simple && throughput === undefined);
  const recovery = isTrue(at(properties, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled'));
  return [
    ...(onDemand ? requests(look) : provisioned(look)),
    used(look, 'storage', 'storage', [dynamoDb, rate('dynamodb-storage')]),
    ...(recovery
      ? [used(look, 'storage', 'point-in-time recovery', [dynamoDb, rate('dynamodb-recovery')])]
      : []),
  ];
};

function requests(look: Look): Found[] {
  // A write to the table is one to each of its indexes too.
  const copies = 1 + listOf(look.properties.GlobalSecondaryIndexes).length;
  return [
    millions(look, 'reads', 'reads', [dynamoDb, 'dynamodb-reads']),
    millions(
      look,
      'writes',
      copies > 1 ? 'writes, indexes too' : 'writes',
      [dynamoDb, 'dynamodb-writes'],
      copies,
    ),
  ];
}

function provisioned({ properties }: Look): Found[] {
  const all = [properties, ...listOf(properties.GlobalSecondaryIndexes)].map((one) =>
    at(one, 'ProvisionedThroughput'),
  );
  const sum = (key: string) =>
    all.reduce<number | undefined>((total, one) => {
      const units = numberOf(at(one, key));
      return total === undefined || units === undefined ? undefined : total + units;
    }, 0);
  const [reads, writes] = [sum('ReadCapacityUnits'), sum('WriteCapacityUnits')];
  if (reads === undefined || writes === undefined) return [open('ProvisionedThroughput')];
  return [
    fixed('read capacity', dynamoDb, rate('dynamodb-read-hours'), reads * HOURS),
    fixed('write capacity', dynamoDb, rate('dynamodb-write-hours'), writes * HOURS),
  ];
}

function nodes(look: Look, count: number | undefined): Found[] {
  const type = textOf(look.properties.CacheNodeType);
  if (type === undefined) return [open('CacheNodeType')];
  if (count === undefined) return [open('the number of its nodes')];
  return [used(look, 'hours', `${count} × ${type}`, [elastiCache, { kind: 'cache', type }], count)];
}

const replicationGroup: Entry = (look) => {
  const { NumCacheClusters, NumNodeGroups, ReplicasPerNodeGroup } = look.properties;
  const shards = numberOf(NumNodeGroups ?? 1);
  const replicas = numberOf(ReplicasPerNodeGroup ?? 0);
  const count =
    NumCacheClusters === undefined
      ? shards !== undefined && replicas !== undefined
        ? shards * (replicas + 1)
        : undefined
      : numberOf(NumCacheClusters);
  return nodes(look, count);
};

export const DATABASES: Readonly<Record<string, Entry>> = {
  'AWS::RDS::DBInstance': instance,
  'AWS::RDS::DBCluster': cluster,
  'AWS::DynamoDB::Table': table,
  'AWS::Serverless::SimpleTable': table,
  'AWS::ElastiCache::CacheCluster': (look) => nodes(look, numberOf(look.properties.NumCacheNodes ?? 1)),
  'AWS::ElastiCache::ReplicationGroup': replicationGroup,
};
