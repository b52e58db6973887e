import { createHash, randomBytes } from 'node:crypto';
import { InfractlError, isInfractlError, messageOf } from '../base/errors.ts';
import { duration } from '../base/text.ts';
import type { BackupDeps } from './deps.ts';
import { drillTags, type Proof, unreadable, type VerifyDeps } from './drill.ts';
import type { DatabaseFacts } from './port.ts';
import { type Backup, type Snapshot, TAG } from './types.ts';

/** Where a restored database answers. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly engine: string;
}

/** The way to a restored database: from this machine, or from a host that is nearer to it. */
export interface DatabaseReach {
  /** `here`, or `the host web`. */
  readonly from: string;
  /** Undefined where its port answers; else why it does not. */
  knock(endpoint: Endpoint): Promise<string | undefined>;
  /** The user's own check, where there is one: 0 is good. */
  readonly check?: (endpoint: Endpoint) => Promise<{
    readonly exitCode: number | undefined;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

/** How the drill of a database is done. */
export interface DatabaseDrill {
  /** The class of the instance that the snapshot is restored to: `db.t3.micro`. */
  readonly className: string;
  /** The instance that it is of, where that is still there: the drill is done in its network. */
  readonly like: DatabaseFacts | undefined;
  readonly reach: DatabaseReach;
  /** Milliseconds until it must be available. */
  readonly timeout: number;
}

const FIRST_POLL = 2_000;
const LONGEST_POLL = 15_000;
const LAST_PATIENCE = 60 * 60_000;
/** Characters of what a check said that are repeated. */
const LONGEST_REASON = 300;
/** The smallest that the open-source engines all run on. */
const SMALL = 'db.t3.micro';
const OPEN = /^(postgres|mysql|mariadb)/;
/** A restore that has come to one of these comes to nothing else. */
const HOPELESS = /^(failed|incompatible-.*|restore-error|inaccessible-encryption-credentials)$/;

/**
 * The drill of a database, to be said before it is done.
 *
 * @param wanted the class, where the user names one
 */
export async function planDatabaseDrill(
  deps: BackupDeps,
  backup: Backup,
  wanted: string | undefined,
): Promise<Pick<DatabaseDrill, 'className' | 'like'>> {
  const [like] = await (await deps.rds()).databases({ ids: [backup.subject] });
  const small = !like || OPEN.test(like.engine);
  return { className: wanted ?? (small ? SMALL : like.className), like };
}

/**
 * Restores a snapshot to a small instance that nobody but its network can reach, waits until it serves, knocks at
 * its port, runs the user's check against it, and takes it away without a final snapshot, whatever happens.
 */
export async function databaseDrill(
  deps: VerifyDeps,
  backup: Backup,
  snapshot: Snapshot,
  { className, like, reach, timeout }: DatabaseDrill,
): Promise<Proof> {
  const rds = await deps.rds();
  const began = deps.clock.now();
  const name = `infractl-drill-${randomBytes(6).toString('hex')}`;
  const network = like ? { subnetGroup: like.subnetGroup, groups: like.groups } : {};
  const tags = { ...drillTags(deps), [TAG.backup]: backup.id, [TAG.subject]: backup.subject };
  const shape = { className, multiZone: false, parameterGroup: like?.parameterGroup, ...network };
  try {
    await rds.restoreDatabase({ snapshot: snapshot.id, name, like: shape, tags });
  } catch (error) {
    // What was cut off may have been carried out all the same.
    await removeDatabase(deps, name).catch(() => {});
    throw classRefused(error, className, like);
  }
  try {
    const facts = await becomesAvailable(deps, snapshot, name, timeout);
    const detail = `restored to ${className}, available after ${duration(deps.clock.now() - began)}`;
    return await asked(snapshot, facts, reach, detail);
  } finally {
    await removeDatabase(deps, name);
  }
}

async function becomesAvailable(
  deps: VerifyDeps,
  snapshot: Snapshot,
  name: string,
  timeout: number,
): Promise<DatabaseFacts> {
  const rds = await deps.rds();
  const began = deps.clock.now();
  for (let poll = FIRST_POLL; ; poll = Math.min(LONGEST_POLL, poll * 1.5)) {
    const [facts] = await rds.databases({ ids: [name] });
    if (facts?.state === 'available' && facts.endpoint) return facts;
    if (facts && HOPELESS.test(facts.state))
      throw unreadable(snapshot, `RDS could not restore it: the instance is ${facts.state}`);
    const waited = deps.clock.now() - began;
    if (waited >= timeout)
      throw new InfractlError({
        code: 'DrillTimeout',
        message: `The instance ${name} of the drill was not available within ${duration(timeout)}.`,
        suggestions: ['A large database takes longer: give --timeout 3h.'],
        exit: 7,
      });
    const status = `waiting for ${name}: ${facts?.state ?? 'asked for'}, ${duration(waited)}`;
    deps.reporter.emit({ type: 'part.status', part: `verify ${snapshot.id}`, status });
    await deps.clock.sleep(poll, deps.signal);
  }
}

/** What can be asked of it from where we are. */
async function asked(
  snapshot: Snapshot,
  facts: DatabaseFacts,
  reach: DatabaseReach,
  detail: string,
): Promise<Proof> {
  const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(facts.endpoint ?? '') ?? [];
  const endpoint = { address, port: Number(port), engine: facts.engine };
  if (reach.check) {
    const { exitCode, stdout, stderr } = await reach.check(endpoint);
    if (exitCode !== 0)
      throw unreadable(
        snapshot,
        `the check failed from ${reach.from}: ${oneLine(stderr) || `exit code ${exitCode}`}`,
      );
    const digest = createHash('sha256').update(stdout).digest('hex');
    const said = stdout.trim().split('\n')[0]?.slice(0, 80) ?? '';
    return { detail: `${detail}; the check is good${said && `: ${said}`}`, digest };
  }
  const trouble = await reach.knock(endpoint);
  const words =
    trouble === undefined
      ? `port ${port} answers from ${reach.from}`
      : `port ${port} was not reached from ${reach.from} (${trouble})`;
  return { detail: `${detail}; ${words}`, digest: null };
}

const oneLine = (text: string) => text.trim().replace(/\s+/g, ' ').slice(-LONGEST_REASON);

/** Takes a drill's instance away, also after Ctrl-C: it costs money until it is gone. */
export async function removeDatabase(
  { unhurried, clock, reporter }: Pick<VerifyDeps, 'unhurried' | 'clock' | 'reporter'>,
  name: string,
): Promise<void> {
  const rds = await unhurried.rds();
  const until = clock.now() + LAST_PATIENCE;
  let told = false;
  try {
    for (;;) {
      const busy = await rds.deleteDatabase(name).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (busy === undefined) return;
      // One that is being made can be refused until it is there.
      if (!isInfractlError(busy) || !/^InvalidDBInstanceState/.test(busy.code)) throw busy;
      const [facts] = await rds.databases({ ids: [name] });
      if (!facts || facts.state === 'deleting') return;
      if (clock.now() >= until) throw busy;
      if (!told)
        reporter.emit({
          type: 'note',
          message: `${name} is ${facts.state}: it is taken away when that is over, or by the next drill.`,
        });
      told = true;
      await clock.sleep(LONGEST_POLL);
    }
  } catch (error) {
    throw leftover(name, error);
  }
}

function leftover(name: string, cause: unknown): InfractlError {
  return new InfractlError({
    code: 'DrillLeftover',
    message: `The instance ${name} of the drill could not be taken away: it costs money until it is.`,
    why: messageOf(cause),
    suggestions: [
      `aws rds delete-db-instance --db-instance-identifier ${name} --skip-final-snapshot`,
      'Or run the drill again: it takes away what was left.',
    ],
    cause,
  });
}

function classRefused(error: unknown, className: string, like: DatabaseFacts | undefined): unknown {
  if (!isInfractlError(error) || !/^InvalidParameterCombination/.test(error.code)) return error;
  return new InfractlError({
    code: 'ClassRefused',
    message: `RDS does not run this database on ${className}.`,
    why: error.why ?? error.message,
    suggestions: [`Give the class of the drill: --class ${like?.className ?? 'db.t3.medium'}`],
    cause: error,
  });
}
