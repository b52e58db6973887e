import { listOf, numbered } from './ec2-wire.ts';
import { powerHandlers } from './rds-power.ts';
import type { FakeDatabase, FakeDbSnapshot } from './rds-state.ts';
import type { Context, Service } from './server.ts';
import { FakeError, type Parameters, page, parseQuery, queryError, toXml } from './wire.ts';

type Handler = (p: Parameters, context: Context) => object;

const arn = (kind: 'db' | 'snapshot', id: string, { region, state }: Context) =>
  `arn:aws:rds:${region}:${state.account}:${kind}:${id}`;

const tagList = (tags: ReadonlyMap<string, string>) => ({
  Tag: [...tags].map(([Key, Value]) => ({ Key, Value })),
});

/** RDS takes fewer characters in a tag than EC2. */
function tagsOf(p: Parameters): Map<string, string> {
  const given = listOf<{ Key: string; Value?: string }>((p.Tags as { Tag?: unknown } | undefined)?.Tag);
  for (const { Key, Value = '' } of given)
    if (!/^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u.test(Key + Value))
      throw new FakeError('InvalidParameterValue', `The tag value "${Value}" is invalid.`);
  return new Map(given.map(({ Key, Value = '' }) => [Key, Value]));
}

/** 1 to 63 letters, digits and hyphens, a letter first, no two hyphens together and none at the end; kept in small letters. */
function newIdentifier(id: unknown): string {
  const text = String(id);
  if (!/^[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$/.test(text) || text.length > 63)
    throw new FakeError(
      'InvalidParameterValue',
      `The parameter DBInstanceIdentifier is not a valid identifier: ${text}`,
    );
  return text.toLowerCase();
}

/** The size of a page: 20 to 100. */
function recordsOf({ MaxRecords = '100' }: Parameters): number {
  const size = Number(MaxRecords);
  if (size >= 20 && size <= 100) return size;
  throw new FakeError(
    'InvalidParameterValue',
    `Invalid value ${MaxRecords} for MaxRecords. Must be between 20 and 100`,
  );
}

/** @throws FakeError for one that is still being made, or that failed */
function available(one: FakeDbSnapshot, context: Context): FakeDbSnapshot {
  if (context.clock.now() >= one.readyAt && !one.failed) return one;
  throw new FakeError('InvalidDBSnapshotState', `The snapshot ${one.id} is not in the available state.`);
}

function database(id: unknown, context: Context): FakeDatabase {
  const found = context.state.rds.databases.get(String(id).toLowerCase());
  if (!found || found.region !== context.region)
    throw new FakeError('DBInstanceNotFound', `DBInstance ${id} not found.`, 404);
  return found;
}

function snapshot(id: unknown, context: Context): FakeDbSnapshot {
  const [, , , region, , , name] = String(id).split(':');
  const found = context.state.rds.snapshots.get(`${region ?? context.region} ${name ?? id}`);
  if (!found) throw new FakeError('DBSnapshotNotFound', `DBSnapshot ${id} not found.`, 404);
  return found;
}

function describeSnapshot(one: FakeDbSnapshot, context: Context): object {
  const now = context.clock.now();
  const ready = now >= one.readyAt;
  return {
    DBSnapshotIdentifier: one.id,
    DBInstanceIdentifier: one.database,
    SnapshotCreateTime: ready ? new Date(one.startedAt) : undefined,
    AllocatedStorage: one.sizeGiB,
    Status: ready ? (one.failed ? 'failed' : 'available') : 'creating',
    PercentProgress: ready ? 100 : Math.floor((100 * (now - one.startedAt)) / (one.readyAt - one.startedAt)),
    Encrypted: one.encrypted,
    SnapshotType: 'manual',
    DBSnapshotArn: `arn:aws:rds:${one.region}:${context.state.account}:snapshot:${one.id}`,
    TagList: tagList(one.tags),
  };
}

function describeDatabase(one: FakeDatabase, context: Context): object {
  return {
    DBInstanceIdentifier: one.id,
    DBInstanceArn: arn('db', one.id, context),
    DBInstanceStatus: one.state,
    DBInstanceClass: one.className,
    Engine: one.engine,
    AllocatedStorage: one.sizeGiB,
    StorageEncrypted: one.encrypted,
    MultiAZ: one.multiZone,
    DBClusterIdentifier: one.cluster,
    ReadReplicaSourceDBInstanceIdentifier: one.replicaOf,
    ReadReplicaDBInstanceIdentifiers: { ReadReplicaDBInstanceIdentifier: one.replicas },
    AutomaticRestartTime: one.startsAgainAt === undefined ? undefined : new Date(one.startsAgainAt),
    Endpoint:
      one.state === 'available'
        ? (context.state.rds.endpoint ?? { Address: `${one.id}.fake.rds.amazonaws.com`, Port: 5432 })
        : undefined,
    InstanceCreateTime: new Date(one.createdAt),
    TagList: tagList(one.tags),
  };
}

function addSnapshot(
  facts: Pick<FakeDbSnapshot, 'id' | 'database' | 'sizeGiB' | 'encrypted' | 'tags' | 'content'>,
  context: Context,
): FakeDbSnapshot {
  const { rds } = context.state;
  const key = `${context.region} ${facts.id}`;
  if (rds.snapshots.has(key))
    throw new FakeError(
      'DBSnapshotAlreadyExists',
      `Cannot create the snapshot because a snapshot with the identifier ${facts.id} already exists.`,
    );
  if (!/^[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*$/.test(facts.id) || facts.id.length > 255)
    throw new FakeError(
      'InvalidParameterValue',
      `The parameter DBSnapshotIdentifier is not a valid identifier: ${facts.id}`,
    );
  const now = context.clock.now();
  const failed = rds.failing > 0;
  if (failed) rds.failing--;
  const made = {
    ...facts,
    region: context.region,
    startedAt: now,
    readyAt: now + rds.snapshotMs,
    failed,
    sharedWith: new Set<string>(),
  };
  rds.snapshots.set(key, made);
  return made;
}

const HANDLERS: Readonly<Record<string, Handler>> = {
  ...powerHandlers,
  DescribeDBInstances(p, context) {
    const all = p.DBInstanceIdentifier
      ? [database(p.DBInstanceIdentifier, context)]
      : [...context.state.rds.databases.values()].filter(({ region }) => region === context.region);
    const { items, next } = page(all, p.Marker, recordsOf(p));
    return { DBInstances: { DBInstance: items.map((one) => describeDatabase(one, context)) }, Marker: next };
  },
  CreateDBSnapshot(p, context) {
    const source = database(p.DBInstanceIdentifier, context);
    if (source.state !== 'available')
      throw new FakeError('InvalidDBInstanceState', `Instance ${source.id} is not in available state.`);
    const { sizeGiB, encrypted, content } = source;
    const id = String(p.DBSnapshotIdentifier);
    const made = addSnapshot(
      { id, database: source.id, sizeGiB, encrypted, content, tags: tagsOf(p) },
      context,
    );
    return { DBSnapshot: describeSnapshot(made, context) };
  },
  DescribeDBSnapshots(p, context) {
    const all = p.DBSnapshotIdentifier
      ? [snapshot(p.DBSnapshotIdentifier, context)]
      : [...context.state.rds.snapshots.values()].filter(({ region }) => region === context.region);
    const { items, next } = page(all, p.Marker, recordsOf(p));
    return { DBSnapshots: { DBSnapshot: items.map((one) => describeSnapshot(one, context)) }, Marker: next };
  },
  CopyDBSnapshot(p, context) {
    const source = available(snapshot(p.SourceDBSnapshotIdentifier, context), context);
    const { database: of, sizeGiB, content, encrypted } = source;
    if (encrypted && source.region !== context.region && !p.KmsKeyId)
      throw new FakeError(
        'InvalidParameterValue',
        'KmsKeyId must be given to copy an encrypted snapshot into another region.',
      );
    const id = String(p.TargetDBSnapshotIdentifier);
    const facts = {
      id,
      database: of,
      sizeGiB,
      content,
      encrypted: encrypted || Boolean(p.KmsKeyId),
      tags: tagsOf(p),
    };
    return { DBSnapshot: describeSnapshot(addSnapshot(facts, context), context) };
  },
  DeleteDBSnapshot(p, context) {
    const one = snapshot(p.DBSnapshotIdentifier, context);
    if (context.clock.now() < one.readyAt)
      throw new FakeError(
        'InvalidDBSnapshotState',
        `Cannot delete the snapshot ${one.id}: it is not available.`,
      );
    context.state.rds.snapshots.delete(`${one.region} ${one.id}`);
    return { DBSnapshot: describeSnapshot(one, context) };
  },
  DescribeDBSnapshotAttributes(p, context) {
    const one = snapshot(p.DBSnapshotIdentifier, context);
    const values = { AttributeValue: [...one.sharedWith] };
    return {
      DBSnapshotAttributesResult: {
        DBSnapshotIdentifier: one.id,
        DBSnapshotAttributes: {
          DBSnapshotAttribute: [{ AttributeName: 'restore', AttributeValues: values }],
        },
      },
    };
  },
  ModifyDBSnapshotAttribute(p, context) {
    const one = available(snapshot(p.DBSnapshotIdentifier, context), context);
    for (const account of listOf((p.ValuesToAdd as { AttributeValue?: unknown } | undefined)?.AttributeValue))
      one.sharedWith.add(account);
    return { DBSnapshotAttributesResult: { DBSnapshotIdentifier: one.id } };
  },
  AddTagsToResource(p, context) {
    const one = snapshot(p.ResourceName, context);
    for (const [key, value] of tagsOf(p)) one.tags.set(key, value);
    return {};
  },
  RestoreDBInstanceFromDBSnapshot(p, context) {
    const { rds } = context.state;
    const id = newIdentifier(p.DBInstanceIdentifier);
    if (rds.databases.has(id)) throw new FakeError('DBInstanceAlreadyExists', `DB instance already exists`);
    const one = available(snapshot(p.DBSnapshotIdentifier, context), context);
    if (rds.refusedClasses.has(String(p.DBInstanceClass)))
      throw new FakeError(
        'InvalidParameterCombination',
        `RDS does not support creating a DB instance with the following combination: DBInstanceClass=${p.DBInstanceClass}`,
      );
    const made = rds.addDatabase(id, {
      createdAt: context.clock.now(),
      multiZone: p.MultiAZ === 'true',
      region: context.region,
      state: 'creating',
      content: one.content,
      encrypted: one.encrypted,
      sizeGiB: one.sizeGiB,
      className: String(p.DBInstanceClass ?? 'db.t3.micro'),
      tags: Object.fromEntries(tagsOf(p)),
    });
    context.clock.after(rds.restoreMs, () => {
      if (made.state === 'creating') made.state = rds.failRestore ?? 'available';
    });
    return { DBInstance: describeDatabase(made, context) };
  },
  DeleteDBInstance(p, context) {
    const one = database(p.DBInstanceIdentifier, context);
    if (one.state === 'creating' || one.state === 'deleting')
      throw new FakeError('InvalidDBInstanceState', `Instance ${one.id} is ${one.state}.`);
    if (p.SkipFinalSnapshot !== 'true' || p.FinalDBSnapshotIdentifier)
      throw new FakeError(
        'InvalidParameterCombination',
        'FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.',
      );
    one.state = 'deleting';
    context.clock.after(context.state.rds.deleteMs, () => context.state.rds.databases.delete(one.id));
    return { DBInstance: describeDatabase(one, context) };
  },
};

/** RDS, version 2014-10-31: instances and manual snapshots. Lists repeat the name of their items. */
export const rds: Service = {
  name: 'rds',
  read(request) {
    const parameters = numbered(parseQuery(request.body.toString())) as Parameters;
    return { action: String(parameters.Action), parameters };
  },
  handle(action, parameters, context) {
    const handler = HANDLERS[action];
    if (!handler) throw new Error(`the fake's RDS does not know ${action}`);
    const body =
      `<${action}Response xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><${action}Result>` +
      `${toXml(handler(parameters, context), true)}</${action}Result>` +
      `<ResponseMetadata><RequestId>${context.requestId}</RequestId></ResponseMetadata></${action}Response>`;
    const date = new Date(context.clock.now()).toUTCString();
    return { status: 200, headers: { 'content-type': 'text/xml', date }, body };
  },
  fail: (error, requestId) => ({
    status: error.status,
    headers: { 'content-type': 'text/xml' },
    body: queryError(error, requestId),
  }),
};
