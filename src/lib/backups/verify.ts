import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import { bytes as bytesWords, plural } from '../base/text.ts';
import type { HostPort } from '../hosts/port.ts';
import type { BackupDeps, Plan } from './deps.ts';
import { DRILL_SCRIPT, readDrill } from './drill-script.ts';
import { fileSystemIn } from './file-system.ts';
import { storeOf } from './look.ts';
import type { Block, BlocksPort, InstanceFacts, RestorePort } from './port.ts';
import { type Backup, type Snapshot, TAG } from './types.ts';

export interface VerifyDeps extends BackupDeps {
  readonly restore: () => Promise<RestorePort>;
  readonly blocks: () => Promise<BlocksPort>;
}

export interface VerifyOrder {
  readonly backup: Backup;
  /** The host that the drill is done on, and its instance; without, blocks are read. */
  readonly host?: { readonly open: () => Promise<HostPort>; readonly instance: InstanceFacts };
  /** How many blocks are read, spread over the snapshot. */
  readonly sample: number;
}

/** How one snapshot fared. */
export interface Verified {
  readonly snapshot: string;
  readonly source: string;
  readonly ok: boolean;
  readonly how: 'host' | 'blocks' | 'not verified';
  /** `ext4 clean, 120 files hashed`, or what is wrong. */
  readonly detail: string;
  /** SHA-256 of the sample. */
  readonly digest: string | null;
}

const POLL = 3_000;
const PATIENCE = 15 * 60_000;
/** What another machine left behind is swept after that: its drill is over. */
const LEFT_AFTER = 6 * 3_600_000;
const HOST = 'infractl:machine';

/**
 * The drill: proves that the snapshots of a backup can be read, and tags them with when and how. On a host: a
 * volume of each is attached, its file systems checked and a sample of files hashed; the volume is taken away
 * whatever happens. Without a host: blocks are read through the direct APIs and their checksums compared.
 */
export async function verifyBackup(deps: VerifyDeps, order: VerifyOrder): Promise<Verified[]> {
  const results: Verified[] = [];
  if (order.host) await sweep(deps);
  for (const snapshot of order.backup.snapshots.filter(({ state }) => state === 'completed')) {
    const part = `verify ${snapshot.id}`;
    const started = deps.clock.now();
    deps.reporter.emit({ type: 'part.started', part, doing: 'reading it' });
    const result = await verifyOne(deps, order, snapshot);
    results.push(result);
    const { ok, detail, how } = result;
    const ms = deps.clock.now() - started;
    if (how === 'not verified') deps.reporter.emit({ type: 'part.skipped', part, because: detail });
    else if (ok) deps.reporter.emit({ type: 'part.done', part, outcome: 'passed', detail, ms });
    else deps.reporter.emit({ type: 'part.failed', part, error: unreadable(snapshot, detail), ms });
    if (!ok || how === 'not verified') continue;
    const store = await storeOf(deps, snapshot);
    const { aws } = await deps.ebs.clocks();
    await store.tag(snapshot, { [TAG.verified]: new Date(aws).toISOString(), [TAG.verifiedHow]: how });
  }
  return results;
}

async function verifyOne(deps: VerifyDeps, order: VerifyOrder, snapshot: Snapshot): Promise<Verified> {
  const base = { snapshot: snapshot.id, source: snapshot.source, digest: null };
  if (snapshot.kind === 'rds') {
    const detail = 'a database is proved by restoring it: infractl backup restore … --to database';
    return { ...base, ok: true, how: 'not verified', detail };
  }
  try {
    return order.host ? await drill(deps, order.host, snapshot) : await readBlocks(deps, order, snapshot);
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'SnapshotUnreadable') throw error;
    return { ...base, ok: false, how: order.host ? 'host' : 'blocks', detail: error.message };
  }
}

/** Reads the first block and others, evenly spread, and compares what came with its checksum. */
async function readBlocks(deps: VerifyDeps, order: VerifyOrder, snapshot: Snapshot): Promise<Verified> {
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
  return {
    snapshot: snapshot.id,
    source: snapshot.source,
    ok: true,
    how: 'blocks',
    detail,
    digest: hash.digest('hex'),
  };
}

async function drill(
  deps: VerifyDeps,
  host: NonNullable<VerifyOrder['host']>,
  snapshot: Snapshot,
): Promise<Verified> {
  const port = await deps.restore();
  const { instance } = host;
  const volume = await port.createVolume({
    snapshot: snapshot.id,
    zone: instance.zone,
    like: undefined,
    tags: { ...ownTags(deps), Name: `infractl drill of ${snapshot.id}` },
    token: `infractl-drill-${snapshot.id}-${deps.clock.now()}`,
  });
  try {
    await waitFor(deps, volume, ({ state }) => state === 'available');
    const taken = new Set(instance.volumes.map(({ device }) => device.slice(-1)));
    const letter = [...'ponmlkjihgf'].find((one) => !taken.has(one)) ?? 'p';
    await port.attachVolume(volume, instance.id, `/dev/sd${letter}`);
    await waitFor(deps, volume, ({ attached }) => attached?.state === 'attached');
    const shell = await host.open();
    const argv = ['sh', '-s', volume.replace('-', ''), letter] as const;
    const { exitCode, stdout, stderr } = await shell.run({
      argv,
      sudo: true,
      input: DRILL_SCRIPT,
      timeout: PATIENCE,
      signal: deps.signal,
    });
    const said = readDrill(stdout);
    if (exitCode !== 0 || said.digest === undefined)
      throw unreadable(
        snapshot,
        (stderr.trim() || stdout.trim()).split('\n').slice(-2).join(' ') ||
          `the check ended with ${exitCode}`,
      );
    return {
      snapshot: snapshot.id,
      source: snapshot.source,
      ok: true,
      how: 'host',
      detail: said.words,
      digest: said.digest,
    };
  } finally {
    await tearDown(deps, port, volume);
  }
}

/** Also after Ctrl-C: what a drill makes costs money until it is gone. */
async function tearDown(deps: VerifyDeps, port: RestorePort, volume: string): Promise<void> {
  await port.detachVolume(volume);
  const unhurried = { ...deps, signal: new AbortController().signal };
  await waitFor(unhurried, volume, ({ state }) => state === 'available' || state === 'error');
  await port.deleteVolume(volume);
}

async function waitFor(
  deps: BackupDeps,
  volume: string,
  done: (facts: Awaited<ReturnType<BackupDeps['ebs']['volumes']>>[number]) => boolean,
): Promise<void> {
  const until = deps.clock.now() + PATIENCE;
  for (;;) {
    const [facts] = await deps.ebs.volumes({ ids: [volume] });
    if (facts && done(facts)) return;
    if (deps.clock.now() >= until)
      throw new InfractlError({
        code: 'DrillTimeout',
        message: `The volume ${volume} of the drill did not become ready.`,
        exit: 7,
      });
    await deps.clock.sleep(POLL, deps.signal);
  }
}

const ownTags = ({ owner }: BackupDeps) => ({
  [TAG.project]: owner.project,
  [TAG.environment]: owner.environment,
  [TAG.purpose]: 'drill',
  [HOST]: hostname(),
});

/**
 * Takes away what a drill that was killed left behind: of this machine at once (its lock says that no other
 * runs), of others when their drill must be over. The ids of what went.
 */
export async function sweep(deps: VerifyDeps): Promise<string[]> {
  const { [HOST]: _, ...wanted } = ownTags(deps);
  const port = await deps.restore();
  const { aws: now } = await deps.ebs.clocks();
  const left = (await deps.ebs.volumes({ tags: wanted })).filter(
    ({ tags, createdAt, state }) =>
      state !== 'deleting' && (tags[HOST] === hostname() || now - createdAt > LEFT_AFTER),
  );
  for (const { id } of left) {
    deps.reporter.emit({ type: 'note', message: `Taking away ${id}, left behind by an earlier drill.` });
    await tearDown(deps, port, id);
  }
  return left.map(({ id }) => id);
}

function unreadable(snapshot: Snapshot, why: string): InfractlError {
  return new InfractlError({
    code: 'SnapshotUnreadable',
    message: why,
    suggestions: [`Make a new backup, and keep ${snapshot.id} to find out why.`],
  });
}

/** The host of the backup's plan, with its instance, where the plan names one. */
export async function drillHost(
  deps: BackupDeps,
  plans: readonly Plan[],
  backup: Backup,
): Promise<VerifyOrder['host'] | undefined> {
  const wanted = plans.find(({ name }) => name === backup.plan)?.wanted.filter(({ host }) => host) ?? [];
  for (const one of wanted) {
    const found = await deps.ebs.instances('id' in one ? { ids: [one.id] } : { tags: one.tags });
    const instance = found.find(({ id, state }) => id === backup.subject && state === 'running');
    if (instance && one.host) return { open: one.host, instance };
  }
  return undefined;
}
