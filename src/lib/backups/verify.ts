import { createHash } from 'node:crypto';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import { bytes as bytesWords, plural } from '../base/text.ts';
import { checkTier } from './archived.ts';
import { type DatabaseDrill, databaseDrill } from './database-drill.ts';
import type { BackupDeps, Plan } from './deps.ts';
import { type DrillHost, type Proof, unreadable, type VerifyDeps } from './drill.ts';
import { fileSystemIn } from './file-system.ts';
import { storeOf } from './look.ts';
import type { Block } from './port.ts';
import { sweep } from './sweep.ts';
import { type Backup, type Snapshot, TAG } from './types.ts';
import { volumeDrill } from './volume-drill.ts';

export interface VerifyOrder {
  readonly backup: Backup;
  /** The host that the drill is done on, and its instance; without, blocks are read. */
  readonly host?: DrillHost;
  /** How many blocks are read, spread over the snapshot. */
  readonly sample: number;
  /** Wanted where the backup is of a database. */
  readonly database?: DatabaseDrill;
}

/** How one snapshot fared. */
export interface Verified {
  readonly snapshot: string;
  readonly source: string;
  readonly ok: boolean;
  readonly how: 'host' | 'blocks' | 'restore';
  /** `ext4 clean, 120 files hashed`, or what is wrong. */
  readonly detail: string;
  /** SHA-256 of the sample, or of what the check of a database printed. */
  readonly digest: string | null;
}

/**
 * The drill: proves that the snapshots of a backup can be read, and tags them with when and how. On a host: a
 * volume of each is attached, its file systems checked and a sample of files hashed; the volume is taken away
 * whatever happens. Without a host: blocks are read through the direct APIs and their checksums compared. A
 * database is restored to an instance of its own, asked, and that instance taken away.
 *
 * @throws InfractlError `NotGood`, `SnapshotArchived`, `DrillTimeout` (exit 7), …; a snapshot that cannot be read is a result
 */
export async function verifyBackup(deps: VerifyDeps, order: VerifyOrder): Promise<Verified[]> {
  const results: Verified[] = [];
  const { id, state } = order.backup;
  if (state !== 'good')
    throw new InfractlError({
      code: 'NotGood',
      message: `The backup ${id} is ${state}: that it is whole cannot be proved.`,
      suggestions: ['Choose another one: infractl backup list'],
    });
  const lasting = order.backup.snapshots.filter(({ state }) => state === 'completed');
  checkTier(lasting);
  if (order.host || order.database) await sweep(deps, { databases: order.database !== undefined });
  for (const snapshot of lasting) {
    const part = `verify ${snapshot.id}`;
    const started = deps.clock.now();
    deps.reporter.emit({ type: 'part.started', part, doing: 'reading it' });
    const result = await verifyOne(deps, order, snapshot);
    results.push(result);
    const { ok, detail, how } = result;
    const ms = deps.clock.now() - started;
    if (ok) deps.reporter.emit({ type: 'part.done', part, outcome: 'passed', detail, ms });
    else deps.reporter.emit({ type: 'part.failed', part, error: unreadable(snapshot, detail), ms });
    if (!ok) continue;
    const store = await storeOf(deps, snapshot);
    const { aws } = await deps.ebs.clocks();
    await store.tag(snapshot, { [TAG.verified]: new Date(aws).toISOString(), [TAG.verifiedHow]: how });
  }
  return results;
}

async function verifyOne(deps: VerifyDeps, order: VerifyOrder, snapshot: Snapshot): Promise<Verified> {
  const { host, database } = order;
  const how = snapshot.kind === 'rds' ? 'restore' : host ? 'host' : 'blocks';
  const base = { snapshot: snapshot.id, source: snapshot.source, how } as const;
  try {
    if (how === 'restore') {
      if (!database) throw new TypeError('the drill of a database needs to know how');
      return { ...base, ok: true, ...(await databaseDrill(deps, order.backup, snapshot, database)) };
    }
    const proof = host ? await volumeDrill(deps, host, snapshot) : await readBlocks(deps, order, snapshot);
    return { ...base, ok: true, ...proof };
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'SnapshotUnreadable') throw error;
    return { ...base, ok: false, detail: error.message, digest: null };
  }
}

/** Reads the first block and others, evenly spread, and compares what came with its checksum. */
async function readBlocks(deps: VerifyDeps, order: VerifyOrder, snapshot: Snapshot): Promise<Proof> {
  const port = await deps.blocks();
  const all: Block[] = [];
  for await (const page of port.list(snapshot.id)) all.push(...page);
  if (all.length === 0) throw unreadable(snapshot, 'it holds no block at all');
  const step = Math.max(1, Math.floor(all.length / Math.max(1, order.sample)));
  const chosen = all.filter((_, at) => at % step === 0).slice(0, order.sample);
  const hash = createHash('sha256');
  let size = 0;
  let system: string | undefined;
  for (const block of chosen) {
    const { bytes, checksum } = await port.read(snapshot.id, block);
    const own = createHash('sha256').update(bytes).digest('base64');
    if (own !== checksum) throw unreadable(snapshot, `block ${block.index} is not what its checksum says`);
    if (block.index === 0) system = fileSystemIn(bytes);
    hash.update(`${block.index} ${own}\n`);
    size += bytes.length;
  }
  const detail = `${plural(chosen.length, 'block')} of ${all.length} read, ${bytesWords(size)}, checksums right; ${system ?? 'no known file system at its beginning'}`;
  return { detail, digest: hash.digest('hex') };
}

/** The host of the backup's plan, with its instance, where the plan names one. */
export async function drillHost(
  deps: BackupDeps,
  plans: readonly Plan[],
  backup: Backup,
): Promise<DrillHost | undefined> {
  const wanted = plans.find(({ name }) => name === backup.plan)?.wanted.filter(({ host }) => host) ?? [];
  for (const one of wanted) {
    const found = await deps.ebs.instances('id' in one ? { ids: [one.id] } : { tags: one.tags });
    const instance = found.find(({ id, state }) => id === backup.subject && state === 'running');
    if (instance && one.host) return { open: one.host, instance };
  }
  return undefined;
}
