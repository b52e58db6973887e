import { InfractlError, UsageError } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import { checkTier } from './archived.ts';
import type { BackupDeps } from './deps.ts';
import type { DatabaseFacts, InstanceFacts, RestorePort, VolumeFacts } from './port.ts';
import { planRoot } from './restore-root.ts';
import { noSource } from './restore-steps.ts';
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
  /** Also where it was done already: another volume takes the place of the one that was made. */
  readonly again?: boolean | undefined;
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
  /** What an earlier run has made, to its end: nothing is to do. */
  readonly already?: Restored;
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
 * @throws UsageError `FlagsTogether`
 * @throws InfractlError `NotGood`, `NoSuchSource`, `RootNeedsOriginal`, `InstanceNotFound`, `NoZone`, …
 */
export async function planRestore(deps: RestoreDeps, order: RestoreOrder): Promise<RestorePlan> {
  const { backup } = order;
  checkWishes(order);
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
  checkTier(chosenOf(lasting, order.source));
  const database = lasting.some(({ kind }) => kind === 'rds');
  if (database !== (order.to === 'database')) throw wrongKind(backup, database);
  if (order.to === 'database') return planDatabase(deps, order, lasting);
  return planOfDisks(deps, order, lasting);
}

/** The snapshots of one volume, named by it or by its snapshot; all without. */
function chosenOf(snapshots: readonly Snapshot[], source: string | undefined): readonly Snapshot[] {
  return source ? snapshots.filter((one) => one.source === source || one.id === source) : snapshots;
}

const LONGEST_IDENTIFIER = 63;
const RESTORED = '-restored';

/** RDS takes 63 characters, and no two hyphens together. */
function restoredName(subject: string): string {
  return subject.slice(0, LONGEST_IDENTIFIER - RESTORED.length).replace(/-$/, '') + RESTORED;
}

/** What means nothing for what is asked for is refused, not ignored. */
const MEANINGLESS = {
  volume: ['name'],
  root: ['source', 'zone', 'name'],
  instance: ['source', 'instance', 'zone'],
  database: ['source', 'instance', 'zone'],
} as const;
const FLAG = { source: '--source', instance: '--attach', zone: '--zone', name: '--name' } as const;

function checkWishes(order: RestoreOrder): void {
  const lost = MEANINGLESS[order.to].find((wish) => order[wish] !== undefined);
  const how = order.to === 'root' ? '--replace-root' : `--to ${order.to}`;
  if (lost)
    throw new UsageError({
      code: 'FlagsTogether',
      message: `${FLAG[lost]} means nothing with ${how}.`,
      suggestions: [`Leave ${FLAG[lost]} out, or choose another way: infractl backup restore --help`],
    });
  if (order.instance !== undefined && order.zone !== undefined)
    throw new UsageError({
      code: 'FlagsTogether',
      message: 'A volume is attached in the zone of its instance: --zone means nothing with --attach.',
      suggestions: ['Leave --zone out.'],
    });
}

async function planDatabase(
  deps: RestoreDeps,
  order: RestoreOrder,
  snapshots: readonly Snapshot[],
): Promise<RestorePlan> {
  const [like] = await (await deps.rds()).databases({ ids: [order.backup.subject] });
  const name = order.name ?? restoredName(order.backup.subject);
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
  const chosen = chosenOf(lasting, source);
  if (chosen.length === 0) throw noSource(backup, source ?? '');
  if (to === 'root') return planRoot(deps, order, instance as InstanceFacts, lasting);
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

function wrongKind(backup: Backup, database: boolean): InfractlError {
  return new UsageError({
    code: 'WrongKind',
    message: database ? `${backup.id} is a backup of a database.` : `${backup.id} is a backup of disks.`,
    suggestions: [database ? 'Give --to database.' : 'Give --to volume, --to instance or --replace-root.'],
  });
}
