import { InfractlError, UsageError } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import { devicesOf } from './catalogue.ts';
import type { BackupDeps } from './deps.ts';
import type { DatabaseFacts, InstanceFacts, RestorePort, VolumeFacts } from './port.ts';
import { type Backup, type Snapshot, TAG } from './types.ts';

export type RestoreTo = 'volume' | 'root' | 'instance' | 'database';

export interface RestoreOrder {
  readonly backup: Backup;
  readonly to: RestoreTo;
  /** One of the volumes of the backup; all without. */
  readonly source?: string | undefined;
  /** The instance that gets the volumes, or the root; where it is asked for. */
  readonly instance?: string | undefined;
  readonly zone?: string | undefined;
  /** The name of the new instance or database. */
  readonly name?: string | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

/** What will be done, said before it is done. */
export interface RestorePlan {
  readonly order: RestoreOrder;
  readonly steps: readonly string[];
  readonly howLong: string;
  /** GiB that will cost from then on, and as what. */
  readonly adds:
    | { readonly gib: number; readonly kind: 'volume' }
    | {
        readonly gib: number;
        readonly kind: 'database';
        /** The instance that it will be like, where that is still there. */
        readonly like: Pick<DatabaseFacts, 'className' | 'engine' | 'multiZone'> | undefined;
      };
  /** The name to be typed: something that runs now is replaced. */
  readonly confirm: string | undefined;
  readonly instance: InstanceFacts | undefined;
  readonly snapshots: readonly Snapshot[];
  readonly zone: string;
}

export interface Restored {
  readonly made: readonly {
    readonly kind: 'volume' | 'instance' | 'database';
    readonly id: string;
    readonly detail: string;
  }[];
  readonly kept: readonly string[];
  /** How to go back, as commands. */
  readonly wayBack: readonly string[];
}

export interface RestoreDeps extends BackupDeps {
  readonly restore: () => Promise<RestorePort>;
}

/**
 * What a restore would do. Asks AWS, changes nothing.
 *
 * @throws InfractlError `NotGood`, `NoSuchSource`, `RootNeedsOriginal`, `InstanceNotFound`, `NoZone`, …
 */
export async function planRestore(deps: RestoreDeps, order: RestoreOrder): Promise<RestorePlan> {
  const { backup } = order;
  if (backup.state !== 'good') {
    throw new InfractlError({
      code: 'NotGood',
      message: `The backup ${backup.id} is ${backup.state}: it cannot be brought back whole.`,
      suggestions: ['Choose another one: infractl backup list'],
    });
  }
  const lasting = backup.snapshots.filter(
    ({ state, encrypted, tags }) => state === 'completed' && (encrypted || !tags[TAG.encrypt]),
  );
  const database = lasting.some(({ kind }) => kind === 'rds');
  if (database !== (order.to === 'database')) throw wrongKind(backup, database);
  if (order.to === 'database') return planDatabase(deps, order, lasting);
  return planOfDisks(deps, order, lasting);
}

async function planDatabase(
  deps: RestoreDeps,
  order: RestoreOrder,
  snapshots: readonly Snapshot[],
): Promise<RestorePlan> {
  const [like] = await (await deps.rds()).databases({ ids: [order.backup.subject] });
  const name = order.name ?? `${order.backup.subject}-restored`;
  return {
    order: { ...order, name },
    steps: [
      `Makes a new RDS instance ${name} of ${snapshots[0]?.id}, like ${order.backup.subject}, not public.`,
    ],
    howLong: 'about 10 to 30 minutes; after that the first read of each block is slow',
    adds: { gib: snapshots[0]?.sizeGiB ?? 0, kind: 'database', like },
    confirm: undefined,
    instance: undefined,
    snapshots: snapshots.slice(0, 1),
    zone: '',
  };
}

async function planOfDisks(
  deps: RestoreDeps,
  order: RestoreOrder,
  lasting: readonly Snapshot[],
): Promise<RestorePlan> {
  const { backup, to, source } = order;
  const wantsInstance = order.instance ?? (to === 'volume' ? undefined : backup.subject);
  const instance = wantsInstance ? await instanceOf(deps, wantsInstance) : undefined;
  const devices = devicesOf(backup);
  const chosen = source ? lasting.filter((one) => one.source === source || one.id === source) : lasting;
  if (chosen.length === 0) throw noSource(backup, source ?? '');
  if (to === 'root') return planRoot(order, instance as InstanceFacts, lasting, devices);
  const zone = order.zone ?? instance?.zone ?? (await zoneOf(deps, chosen));
  const gib = chosen.reduce((sum, one) => sum + one.sizeGiB, 0);
  const shared = {
    order,
    howLong: 'some minutes; after that the first read of each block is slow',
    adds: { gib, kind: 'volume' as const },
    confirm: undefined,
    zone,
  };
  if (to === 'instance') {
    const like = instance as InstanceFacts;
    const steps = [
      `Registers an image of ${listed(lasting.map(({ id }) => id))}, for the time of the restore.`,
      `Runs a new instance of it: ${like.type} in ${like.zone}, with the network, key and role of ${like.id}.`,
      `${like.id} goes on as it is; the elastic IP stays with it.`,
    ];
    return { ...shared, steps, instance: like, snapshots: lasting };
  }
  const steps = chosen.map(
    (one) => `Makes a volume of ${one.sizeGiB} GiB in ${zone} of ${one.id} (${one.source}).`,
  );
  if (instance)
    steps.push(
      `Attaches ${chosen.length === 1 ? 'it' : 'them'} to ${instance.id} beside what is there. Nothing is mounted.`,
    );
  return { ...shared, steps, instance, snapshots: chosen };
}

function planRoot(
  order: RestoreOrder,
  instance: InstanceFacts,
  lasting: readonly Snapshot[],
  devices: ReadonlyMap<string, string>,
): RestorePlan {
  const root = instance.volumes.find(({ device }) => device === instance.rootDevice)?.id;
  const snapshot =
    lasting.find((one) => one.source === root) ??
    lasting.find((one) => devices.get(one.source) === instance.rootDevice);
  if (!snapshot) throw noSource(order.backup, `the root volume of ${instance.id}`);
  if (snapshot.tags[TAG.copiedFrom]) {
    throw new InfractlError({
      code: 'RootNeedsOriginal',
      message: `${snapshot.id} is a copy: AWS replaces a root volume only by a snapshot taken of it.`,
      suggestions: [
        'Restore it as an instance: --to instance',
        'Or as a volume beside it: --to volume --attach INSTANCE',
      ],
    });
  }
  if (instance.state !== 'running') {
    throw new InfractlError({
      code: 'InstanceNotRunning',
      message: `${instance.id} is ${instance.state}: its root volume can be replaced only while it runs.`,
      suggestions: ['Start it, then run the same command again.'],
    });
  }
  return {
    order: { ...order, instance: instance.id },
    steps: [
      `Replaces the root volume of ${instance.id}${instance.name ? ` (${instance.name})` : ''} by ${snapshot.id}. It reboots.`,
      `The volume ${root} of now is kept, detached.`,
    ],
    howLong: 'a few minutes, in which the instance does not answer',
    adds: { gib: snapshot.sizeGiB, kind: 'volume' },
    confirm: instance.name ?? instance.id,
    instance,
    snapshots: [snapshot],
    zone: instance.zone,
  };
}

async function instanceOf(deps: RestoreDeps, id: string): Promise<InstanceFacts> {
  const [found] = await deps.ebs.instances({ ids: [id] });
  if (found && found.state !== 'terminated') return found;
  throw new InfractlError({
    code: 'InstanceNotFound',
    message: `The instance ${id} is not there any more.`,
    suggestions: ['Restore the volumes: --to volume --zone ZONE, and attach them where they are needed.'],
  });
}

async function zoneOf(deps: RestoreDeps, snapshots: readonly Snapshot[]): Promise<string> {
  const volumes: VolumeFacts[] = await deps.ebs.volumes({ ids: snapshots.map(({ source }) => source) });
  const zone = volumes[0]?.zone;
  if (zone) return zone;
  throw new UsageError({
    code: 'NoZone',
    message: 'The original volume is gone: say in which availability zone the new one is needed.',
    suggestions: ['Give --zone, such as --zone eu-west-3a.'],
  });
}

function noSource(backup: Backup, source: string): InfractlError {
  return new UsageError({
    code: 'NoSuchSource',
    message: `The backup ${backup.id} has no snapshot of ${source}.`,
    suggestions: [`It has: ${backup.snapshots.map((one) => one.source).join(', ')}`],
  });
}

function wrongKind(backup: Backup, database: boolean): InfractlError {
  return new UsageError({
    code: 'WrongKind',
    message: database ? `${backup.id} is a backup of a database.` : `${backup.id} is a backup of disks.`,
    suggestions: [database ? 'Give --to database.' : 'Give --to volume, --to instance or --replace-root.'],
  });
}
