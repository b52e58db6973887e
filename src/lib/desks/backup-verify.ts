import {
  type Backup,
  type BackupDeps,
  type DatabaseReach,
  drillHost,
  type Endpoint,
  type Plan,
  planDatabaseDrill,
  type Verified,
  type VerifyDeps,
  verifyBackup,
  withBackupLock,
} from '../backups/index.ts';
import { InfractlError, UsageError } from '../base/errors.ts';
import { run } from '../base/process.ts';
import { systemProbe } from '../instances/index.ts';
import type { HostDesk } from './host-desk.ts';

/** How a backup is to be proved. */
export interface VerifyWish {
  readonly how: 'auto' | 'host' | 'blocks' | 'restore';
  /** Blocks to read of each snapshot. */
  readonly sample: number;
  /** The class of the instance that a database is restored to. */
  readonly className?: string | undefined;
  /** A command of the shell, run with the way to the restored database in its environment. */
  readonly check?: string | undefined;
  /** The host that knocks and checks; without, this machine. */
  readonly through?: string | undefined;
  /** Milliseconds until a restored database must be available. */
  readonly timeout: number;
}

/** What the drill of a database will do, said before it is done: it makes an instance that costs money. */
export interface DatabaseDrillPlan {
  readonly steps: readonly string[];
  readonly className: string;
  readonly engine: string | undefined;
  readonly sizeGiB: number;
}

/** Milliseconds. */
const KNOCK = 8_000;
const CHECK = 10 * 60_000;

export interface VerifyDeskDeps {
  readonly work: VerifyDeps;
  readonly hosts: HostDesk;
  readonly env: NodeJS.ProcessEnv;
}

const isDatabase = ({ snapshots }: Backup) => snapshots.some(({ kind }) => kind === 'rds');

/**
 * Undefined where nothing is made that is worth a question.
 *
 * @throws UsageError `WrongKind`, `NotDatabase`
 */
export async function planVerify(
  deps: BackupDeps,
  backup: Backup,
  { how, className: wanted, check, through }: VerifyWish,
): Promise<DatabaseDrillPlan | undefined> {
  const database = isDatabase(backup);
  if (how !== 'auto' && database !== (how === 'restore'))
    throw new UsageError({
      code: 'WrongKind',
      message: database
        ? `${backup.id} is a backup of a database: nothing of it can be read but by restoring it.`
        : `${backup.id} is a backup of disks, which are read where they are.`,
      suggestions: [database ? 'Give --how restore, or no --how.' : 'Give --how host or --how blocks.'],
    });
  if (!database && (wanted ?? check ?? through) !== undefined)
    throw new UsageError({
      code: 'NotDatabase',
      message: '--class, --check and --through are for the backup of a database.',
    });
  if (!database) return undefined;
  const { className, like } = await planDatabaseDrill(deps, backup, wanted);
  const from = through ? `the host ${through}` : 'here';
  const snapshot = backup.snapshots.find(({ state }) => state === 'completed');
  return {
    className,
    engine: like?.engine,
    sizeGiB: snapshot?.sizeGiB ?? 0,
    steps: [
      `Restores ${snapshot?.id} to a new instance ${className}, not public, ${like ? `in the network of ${backup.subject}` : 'in the default network'}.`,
      `When it is available: ${check ? `runs the check from ${from}` : `knocks at its port from ${from}`}.`,
      'Takes the instance away again, without a final snapshot.',
    ],
  };
}

/**
 * The drill of one backup: on the host of its plan where there is one, else by its blocks; a database by
 * restoring it.
 *
 * @throws UsageError `NoDrillHost` where a host is asked for and there is none
 */
export async function verify(
  deps: VerifyDeskDeps,
  plans: readonly Plan[],
  backup: Backup,
  wish: VerifyWish,
): Promise<Verified[]> {
  const { work } = deps;
  const { project, environment } = work.owner;
  const locked = <T>(drill: () => Promise<T>) =>
    withBackupLock(`backup drill ${project} ${environment}`, drill);
  const { how, sample, timeout } = wish;
  if (isDatabase(backup)) {
    const plan = await planDatabaseDrill(work, backup, wish.className);
    const database = { ...plan, reach: await reachOf(deps, wish), timeout };
    return locked(() => verifyBackup(work, { backup, sample, database }));
  }
  const host = how === 'blocks' ? undefined : await drillHost(work, plans, backup);
  if (how === 'host' && !host) throw noDrillHost(backup);
  if (!host) return verifyBackup(work, { backup, sample });
  return locked(() => verifyBackup(work, { backup, sample, host }));
}

/** What a client of PostgreSQL or MySQL reads, and names for all others. */
const variables = ({ address, port }: Endpoint) => ({
  DB_HOST: address,
  DB_PORT: String(port),
  PGHOST: address,
  PGPORT: String(port),
  MYSQL_HOST: address,
  MYSQL_TCP_PORT: String(port),
});

async function reachOf(
  { work: { signal }, hosts, env }: VerifyDeskDeps,
  { check, through }: VerifyWish,
): Promise<DatabaseReach> {
  if (through === undefined) {
    const { tcp } = await systemProbe();
    return {
      from: 'here',
      knock: ({ address, port }) => tcp(address, port, KNOCK),
      ...(check === undefined
        ? {}
        : {
            check: (endpoint) =>
              run('sh', ['-c', check], {
                env: { ...env, ...variables(endpoint) },
                signal,
                timeout: CHECK,
              }),
          }),
    };
  }
  const [part] = hosts.choose([through]);
  if (!part) throw new TypeError(`no host ${through}`);
  // Opened before anything is made: a host that cannot be reached is known at once.
  const host = await hosts.open(part);
  await host.run({ argv: ['true'], timeout: KNOCK, signal });
  return {
    from: `the host ${through}`,
    async knock({ address, port }) {
      const argv = ['bash', '-c', 'exec 3<>"/dev/tcp/$0/$1"', address, String(port)] as const;
      try {
        const { exitCode, stderr } = await host.run({ argv, timeout: KNOCK, signal });
        if (exitCode === 0) return undefined;
        return /refused/i.test(stderr) ? 'refused' : 'no answer';
      } catch (error) {
        if (error instanceof InfractlError && error.code === 'HostTimeout') return 'no answer';
        throw error;
      }
    },
    ...(check === undefined
      ? {}
      : {
          check: (endpoint) => {
            const words = Object.entries(variables(endpoint)).map(([name, value]) => `${name}=${value}`);
            return host.run({ argv: ['env', ...words, 'sh', '-c', check], timeout: CHECK, signal });
          },
        }),
  };
}

function noDrillHost(backup: Backup): InfractlError {
  return new UsageError({
    code: 'NoDrillHost',
    message: `The plan ${backup.plan} names no host of ${backup.subject} that the drill could be done on.`,
    suggestions: ['Give --how blocks: its blocks are read and compared with their checksums.'],
  });
}
