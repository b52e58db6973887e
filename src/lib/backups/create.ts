import { InfractlError, Interrupted, isInfractlError } from '../base/errors.ts';
import { sideBySide } from '../base/side-by-side.ts';
import { age } from '../base/text.ts';
import { deviceTags } from './catalogue.ts';
import type { BackupDeps, Plan } from './deps.ts';
import { settled } from './ending.ts';
import { withHooks } from './hooks.ts';
import { lookUp, storeOf, storesOf } from './look.ts';
import { policyWords } from './retention.ts';
import { settle, Watched } from './settle.ts';
import { findTargets, type Missing, type Target } from './targets.ts';
import { type Backup, type Snapshot, TAG } from './types.ts';

export interface CreateOptions {
  /** Make one also where the window already has one. */
  readonly force: boolean;
  /** Wait so many milliseconds until all is good, copies included; absent: do not wait. */
  readonly wait?: number;
  /** Only say what would be made. */
  readonly dryRun: boolean;
}

/** What became of one subject. */
export interface CreatedBackup {
  readonly plan: string;
  readonly subject: string;
  readonly outcome: 'created' | 'unchanged' | 'failed' | 'would-create';
  /** The id of the backup: of the new one, or of the one that is recent enough. */
  readonly backup: string | null;
  readonly snapshots: readonly string[];
  readonly state: Backup['state'] | null;
  readonly detail: string;
  /** What to do about a failure. */
  readonly suggestions: readonly string[];
}

const AT_ONCE = 32;

interface Run {
  readonly deps: BackupDeps;
  readonly plan: Plan;
  readonly options: CreateOptions;
  /** AWS's time at the start, in milliseconds. */
  readonly now: number;
  readonly id: string;
  readonly before: readonly Backup[];
}

interface Made {
  readonly target: Target;
  readonly result: CreatedBackup;
  readonly snapshots: readonly Snapshot[];
}

/**
 * Backs up all that a plan names. Safe to run twice: a subject whose newest backup lies within the window gets
 * none, and of two runs at the same moment one keeps its snapshots. What an earlier run left half done (copies,
 * originals) is taken up with `wait`.
 *
 * @throws InfractlError `NoMatch`, `TooManyMatches` where no target is found, `BackupTimeout` (exit 7); a subject
 *   that fails, or is not found beside others, is a result
 */
export async function createBackups(
  deps: BackupDeps,
  plan: Plan,
  options: CreateOptions,
): Promise<CreatedBackup[]> {
  const { targets, missing } = await findTargets(deps, plan);
  const stores = await storesOf(deps, [plan]);
  const before = await lookUp(deps, stores, { [TAG.plan]: plan.name });
  const { aws: now } = await deps.ebs.clocks();
  const run: Run = { deps, plan, options, now, id: backupId(plan.name, now), before };
  const absent = missing.map((one) => notThere(run, one));
  const made = await sideBySide(targets, AT_ONCE, (target) => attempt(run, target));
  if (options.dryRun) return [...made.map(({ result }) => result), ...absent];
  const kept = options.force ? made : await yieldToEarlier(run, made);
  if (options.wait === undefined) return [...kept.map(({ result }) => result), ...absent];
  const watched = new Watched(deps, [
    ...before.flatMap(({ snapshots }) => snapshots),
    ...kept.flatMap(({ snapshots }) => snapshots),
  ]);
  try {
    await settle(deps, plan, watched, options.wait);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted(
      'Interrupted. AWS goes on with the snapshots; copies of them wait for the next run.',
      [
        `See how far they are: infractl backup list${deps.where}`,
        'Go on waiting: the same command again, without --force',
      ],
    );
  }
  const place = { home: deps.ebs.store().region, where: deps.where };
  const after = watched.backups;
  return [...kept.map(({ result }) => settled(result, after, plan, place)), ...absent];
}

/**
 * Plan after plan: one that fails keeps no other from being done, and is a result beside theirs.
 *
 * @throws InfractlError the first, where no plan came to its end; `Interrupted`
 */
export async function createAll(
  deps: BackupDeps,
  plans: readonly Plan[],
  options: CreateOptions,
): Promise<CreatedBackup[]> {
  const results: CreatedBackup[] = [];
  const errors: InfractlError[] = [];
  for (const plan of plans) {
    try {
      results.push(...(await createBackups(deps, plan, options)));
    } catch (error) {
      if (!isInfractlError(error) || error instanceof Interrupted) throw error;
      errors.push(error);
      results.push({ ...failure(error), plan: plan.name, subject: plan.name });
    }
  }
  if (errors[0] && errors.length === plans.length) throw errors[0];
  return results;
}

/** One target that is gone must not keep the others from being backed up. */
function notThere({ deps, plan }: Run, { what, error }: Missing): CreatedBackup {
  deps.reporter.emit({ type: 'part.failed', part: `backup ${what}`, error, ms: 0 });
  return { ...failure(error), plan: plan.name, subject: what };
}

function failure(error: InfractlError) {
  const detail = error.why ? `${error.message} ${error.why}` : error.message;
  const { suggestions } = error;
  return { outcome: 'failed', backup: null, snapshots: [], state: null, detail, suggestions } as const;
}

/** `nightly-20260105T020000Z-k3f9` */
function backupId(plan: string, now: number): string {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${plan}-${stamp}-${Math.random().toString(36).slice(2, 6).padEnd(4, '0')}`;
}

async function attempt(run: Run, target: Target): Promise<Made> {
  const { deps, plan } = run;
  const part = `backup ${target.subject.id}`;
  const started = deps.clock.now();
  const recent = run.options.force ? undefined : recentOf(run, target);
  const base = { plan: plan.name, subject: target.subject.id, suggestions: [] };
  if (recent) {
    const detail = `${recent.id}, made ${age(run.now - recent.at)} ago`;
    deps.reporter.emit({ type: 'part.done', part, outcome: 'unchanged', detail, ms: 0 });
    const ids = recent.snapshots.map(({ id }) => id);
    const result = {
      ...base,
      outcome: 'unchanged',
      backup: recent.id,
      snapshots: ids,
      state: recent.state,
      detail,
    } as const;
    return { target, result, snapshots: [] };
  }
  if (run.options.dryRun) {
    const detail = whatWouldBe(target, plan);
    const result = {
      ...base,
      outcome: 'would-create',
      backup: null,
      snapshots: [],
      state: null,
      detail,
    } as const;
    return { target, result, snapshots: [] };
  }
  deps.reporter.emit({ type: 'part.started', part, doing: 'taking snapshots' });
  try {
    const snapshots = await withHooks(deps, plan, target, () => take(run, target));
    const detail = snapshots.map(({ id }) => id).join(', ');
    deps.reporter.emit({
      type: 'part.done',
      part,
      outcome: 'created',
      detail,
      ms: deps.clock.now() - started,
    });
    const ids = snapshots.map(({ id }) => id);
    const result = {
      ...base,
      outcome: 'created',
      backup: run.id,
      snapshots: ids,
      state: 'pending',
      detail,
    } as const;
    return { target, result, snapshots };
  } catch (error) {
    if (!isInfractlError(error) || error instanceof Interrupted) throw error;
    deps.reporter.emit({ type: 'part.failed', part, error, ms: deps.clock.now() - started });
    return { target, result: { ...base, ...failure(error) }, snapshots: [] };
  }
}

/** The newest one of the window that is good or may become it. */
function recentOf({ before, now, plan, deps }: Run, { subject }: Target): Backup | undefined {
  const home = deps.ebs.store().region;
  return before.find(
    (one) =>
      one.subject === subject.id &&
      one.region === home &&
      one.state !== 'failed' &&
      now - one.at < plan.window,
  );
}

function whatWouldBe(target: Target, plan: Plan): string {
  if (target.kind !== 'instance') return `${target.facts.sizeGiB} GiB`;
  const volumes = volumesOf(target, plan);
  return `${volumes.length} volume${volumes.length === 1 ? '' : 's'}, ${volumes.reduce((sum, one) => sum + one.sizeGiB, 0)} GiB`;
}

function volumesOf(target: Extract<Target, { kind: 'instance' }>, plan: Plan) {
  const root = target.facts.volumes.find(({ device }) => device === target.facts.rootDevice)?.id;
  return target.volumes.filter(({ id }) => !(plan.excludeBoot && id === root));
}

async function take(run: Run, target: Target): Promise<readonly Snapshot[]> {
  const { deps, plan } = run;
  const description = `infractl: ${plan.name} of ${target.subject.id}, ${deps.owner.project} ${deps.owner.environment}`;
  try {
    if (target.kind === 'database') return await takeDatabase(run, target);
    if (target.kind === 'volume') {
      const tags = tagsFor(run, target, [target.facts]);
      return [await deps.ebs.snapshotVolume({ volume: target.subject.id, description, tags })];
    }
    const volumes = volumesOf(target, plan);
    if (volumes.length === 0) throw nothingToTake(target.subject.id);
    const tags = tagsFor(run, target, volumes);
    const order = { instance: target.subject.id, excludeBoot: plan.excludeBoot, description, tags };
    return await deps.ebs.snapshotInstance(order);
  } catch (error) {
    throw pendingLimit(error, target.subject.id) ?? error;
  }
}

async function takeDatabase(run: Run, target: Extract<Target, { kind: 'database' }>): Promise<Snapshot[]> {
  const rds = await run.deps.rds();
  const minute = new Date(run.now).toISOString().slice(0, 16).replace(/[-:]/g, '');
  const stamp = run.options.force ? run.id.slice(run.plan.name.length + 1).replace(/Z-/, '-') : minute;
  const { project, environment } = run.deps.owner;
  // RDS takes no two hyphens in a row.
  const name = `${project}-${environment}-${run.plan.name}-${target.subject.id}-${stamp}`
    .toLowerCase()
    .replace(/-{2,}/g, '-');
  const tags = tagsFor(run, target, [target.facts]);
  const made = await rds.snapshotDatabase({ database: target.subject.id, name, tags });
  // Somebody made it in this very minute: theirs is as good.
  return made ? [made] : rds.store().get([name]);
}

function tagsFor(
  run: Run,
  target: Target,
  sources: readonly { readonly id: string; readonly encrypted: boolean }[],
): Record<string, string> {
  const { deps, plan } = run;
  const wantsKey = plan.encrypt && sources.some(({ encrypted }) => !encrypted);
  return {
    Name: `${deps.owner.project}-${deps.owner.environment}-${plan.name}`,
    [TAG.project]: deps.owner.project,
    [TAG.environment]: deps.owner.environment,
    [TAG.plan]: plan.name,
    [TAG.subject]: target.subject.id,
    [TAG.backup]: run.id,
    [TAG.taken]: new Date(run.now).toISOString(),
    [TAG.volumes]: String(sources.length),
    // RDS takes no comma in a tag.
    [TAG.policy]: policyWords(plan.policy).replaceAll(', ', ' + '),
    ...(target.kind === 'instance' ? deviceTags(target.facts.volumes) : {}),
    ...(wantsKey && plan.encrypt ? { [TAG.encrypt]: plan.encrypt.key ?? 'default' } : {}),
  };
}

/**
 * Two runs that began at the same moment have each found no backup. The one that AWS dated first stays; the
 * other takes back its own snapshots, and no others.
 */
async function yieldToEarlier(run: Run, made: readonly Made[]): Promise<Made[]> {
  const fresh = made.filter(({ result }) => result.outcome === 'created');
  if (fresh.length === 0) return [...made];
  const stores = await storesOf(run.deps, [{ ...run.plan, copies: [] }]);
  const now = await lookUp(run.deps, stores, { [TAG.plan]: run.plan.name });
  return Promise.all(
    made.map(async (one) => {
      if (one.result.outcome !== 'created') return one;
      const rivals = now.filter(
        ({ subject, state, at }) =>
          subject === one.target.subject.id && state !== 'failed' && run.now - at < run.plan.window,
      );
      const first = rivals.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))[0];
      if (!first || first.id === run.id) return one;
      for (const snapshot of one.snapshots.filter(({ tags }) => tags[TAG.backup] === run.id))
        await (await storeOf(run.deps, snapshot)).remove(snapshot);
      const detail = `${first.id}, made by another run at the same time`;
      const ids = first.snapshots.map(({ id }) => id);
      const result = {
        ...one.result,
        outcome: 'unchanged',
        backup: first.id,
        snapshots: ids,
        state: first.state,
        detail,
      } as const;
      return { ...one, result, snapshots: first.snapshots };
    }),
  );
}

function nothingToTake(instance: string): InfractlError {
  return new InfractlError({
    code: 'NoVolumes',
    message: `${instance} has no volume to take a snapshot of.`,
    suggestions: ['With excludeBoot its only volume is left out: set excludeBoot: false.'],
  });
}

const PENDING_LIMIT =
  /^(PendingSnapshotLimitExceeded|ConcurrentSnapshotLimitExceeded|SnapshotCreationPerVolumeRateExceeded)$/;

function pendingLimit(error: unknown, subject: string): InfractlError | undefined {
  if (!isInfractlError(error) || !PENDING_LIMIT.test(error.code)) return undefined;
  const often = error.code === 'SnapshotCreationPerVolumeRateExceeded';
  return new InfractlError({
    code: error.code,
    message: often
      ? `A snapshot of ${subject} was taken a moment ago: AWS takes one of a volume every 15 seconds.`
      : `${subject} already has as many unfinished snapshots as AWS allows (5 a volume).`,
    suggestions: often
      ? ['Run the same command again in a moment.']
      : ['Wait until they are done: infractl backup list', 'Then run the same command again.'],
    cause: error,
  });
}
