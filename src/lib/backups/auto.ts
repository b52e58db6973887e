import { Exit, type ExitCode, type InfractlError, Interrupted, isInfractlError } from '../base/errors.ts';
import { age, plural } from '../base/text.ts';
import { carryOut, planCleanup } from './cleanup.ts';
import { type CreatedBackup, createBackups } from './create.ts';
import type { BackupDeps, Plan } from './deps.ts';
import { lookUp, storesOf } from './look.ts';
import { LogTail, type Moment, type NotifyPort, ping } from './notify.ts';
import { findTargets } from './targets.ts';
import { TAG } from './types.ts';

/** One plan's night. */
export interface AutoResult {
  readonly plan: string;
  readonly created: number;
  readonly recent: number;
  readonly failed: number;
  readonly deleted: number;
  /** Milliseconds; the oldest among the newest good ones of all subjects. Null where one has none. */
  readonly newestGood: number | null;
  /** What is wrong, in sentences; empty when all is well. */
  readonly problems: readonly string[];
  /** One line that says it all. */
  readonly summary: string;
  readonly exit: ExitCode;
}

export interface AutoOptions {
  /** Milliseconds to wait for AWS. */
  readonly wait: number;
  /** Look, decide, and change nothing. */
  readonly dryRun: boolean;
  readonly notify: () => Promise<NotifyPort>;
  /** Takes away what the drills of machines that are gone have left. */
  readonly sweep?: () => Promise<unknown>;
}

/**
 * Backs up, then cleans up, then checks that the newest good backup of everything is young enough. When a
 * backup failed, nothing is deleted. The watchers of the plan are told of start, success and failure.
 */
export async function autoRun(deps: BackupDeps, plan: Plan, options: AutoOptions): Promise<AutoResult> {
  const log = new LogTail(deps.reporter);
  const work = { ...deps, reporter: log };
  if (!options.dryRun) await tellPing(work, plan, 'start', '');
  let result: AutoResult;
  try {
    result = await night(work, plan, options);
  } catch (error) {
    if (!isInfractlError(error)) throw error;
    log.add(error.why ? `${error.message} ${error.why}` : error.message);
    const summary = `${title(deps, plan)}: failed: ${error.message}`;
    if (!options.dryRun) await tell(work, plan, 'fail', summary, log, options);
    throw error;
  }
  if (!options.dryRun) await sweepQuietly(work, options);
  const moment = result.problems.length > 0 ? 'fail' : 'success';
  const words = [result.summary, ...result.problems.slice(1)].join('\n');
  if (!options.dryRun) await tell(work, plan, moment, words, log, options);
  return result;
}

/**
 * Plan after plan: one that fails keeps no other from its night.
 *
 * @param night an `autoRun`, under the lock of its plan
 * @throws InfractlError the first, where no plan came to its end; `Interrupted`
 */
export async function autoRuns(
  deps: BackupDeps,
  plans: readonly Plan[],
  night: (plan: Plan) => Promise<AutoResult>,
): Promise<AutoResult[]> {
  const results: AutoResult[] = [];
  const errors: InfractlError[] = [];
  for (const plan of plans) {
    try {
      results.push(await night(plan));
    } catch (error) {
      if (!isInfractlError(error) || error instanceof Interrupted) throw error;
      errors.push(error);
      results.push(brokenNight(deps, plan, error));
    }
  }
  if (errors[0] && errors.length === plans.length) throw errors[0];
  return results;
}

function brokenNight(deps: BackupDeps, plan: Plan, { message, why, exit }: InfractlError): AutoResult {
  return {
    plan: plan.name,
    ...{ created: 0, recent: 0, failed: 0, deleted: 0, newestGood: null },
    problems: [why ? `${message} ${why}` : message],
    summary: `${title(deps, plan)}: failed: ${message}`,
    exit,
  };
}

/** A night is good without it: who may not delete volumes has no drills either. */
async function sweepQuietly({ reporter }: BackupDeps, { sweep }: AutoOptions): Promise<void> {
  try {
    await sweep?.();
  } catch (error) {
    if (!isInfractlError(error) || error instanceof Interrupted) throw error;
    reporter.emit({
      type: 'warning',
      message: `What an earlier drill left could not be looked for: ${error.message}`,
    });
  }
}

async function night(deps: BackupDeps, plan: Plan, options: AutoOptions): Promise<AutoResult> {
  const problems: string[] = [];
  let created: CreatedBackup[] = [];
  let broken: InfractlError | undefined;
  try {
    const how = options.dryRun ? {} : { wait: options.wait };
    created = await createBackups(deps, plan, { force: false, dryRun: options.dryRun, ...how });
  } catch (error) {
    if (!isInfractlError(error) || error instanceof Interrupted || error.exit === Exit.credentials)
      throw error;
    broken = error;
    problems.push(error.why ? `${error.message} ${error.why}` : error.message);
  }
  const failed = created.filter(({ outcome }) => outcome === 'failed');
  problems.push(...failed.map(({ subject, detail }) => `${subject}: ${detail}`));
  let deleted = 0;
  if (problems.length > 0)
    deps.reporter.emit({ type: 'warning', message: 'A backup failed: nothing is deleted.' });
  else deleted = await clean(deps, plan, options.dryRun, problems);
  const newestGood = await ageOfNewest(deps, plan, problems, options.dryRun);
  const made = created.filter(({ outcome }) => outcome === 'created').length;
  const recent = created.filter(({ outcome }) => outcome === 'unchanged').length;
  const facts = [
    `${made} backed up`,
    ...(recent > 0 ? [`${recent} recent`] : []),
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    `${plural(deleted, 'snapshot')} ${options.dryRun ? 'would go' : 'deleted'}`,
    newestGood === null ? 'no good backup' : `newest good ${age(newestGood)} old`,
    ...problems.slice(0, 1),
  ];
  const counts = { created: made, recent, failed: failed.length, deleted };
  const summary = `${title(deps, plan)}: ${facts.join(', ')}`;
  const some = failed.length > 0 && failed.length < created.length;
  const exit = problems.length === 0 ? Exit.ok : some ? Exit.partial : (broken?.exit ?? Exit.failed);
  return { plan: plan.name, ...counts, newestGood, problems, summary, exit };
}

async function clean(deps: BackupDeps, plan: Plan, dryRun: boolean, problems: string[]): Promise<number> {
  try {
    const all = await planCleanup(deps, [plan]);
    const cleanup = { ...all, going: all.going.filter((one) => one.plan === plan.name) };
    for (const message of cleanup.warnings) deps.reporter.emit({ type: 'warning', message });
    if (dryRun) return cleanup.going.reduce((sum, { snapshots }) => sum + snapshots.length, 0);
    const { snapshots, failures } = await carryOut(deps, cleanup.going);
    problems.push(...failures.map(({ snapshot, why }) => `${snapshot} was not deleted: ${why}`));
    return snapshots.length;
  } catch (error) {
    if (!isInfractlError(error) || error instanceof Interrupted) throw error;
    problems.push(error.why ? `${error.message} ${error.why}` : error.message);
    return 0;
  }
}

/** How old the newest good backup is, of the subject where it is oldest. */
async function ageOfNewest(
  deps: BackupDeps,
  plan: Plan,
  problems: string[],
  dryRun: boolean,
): Promise<number | null> {
  const targets = await findTargets(deps, plan).then(
    (found) => found.targets,
    (error: unknown) => {
      if (!isInfractlError(error) || error instanceof Interrupted) throw error;
      return [];
    },
  );
  const stores = await storesOf(deps, [{ ...plan, copies: [] }]);
  const good = (await lookUp(deps, stores, { [TAG.plan]: plan.name })).filter(
    ({ state }) => state === 'good',
  );
  const { aws: now } = await deps.ebs.clocks();
  let oldest: number | null = targets.length > 0 ? 0 : null;
  for (const { subject } of targets) {
    const newest = good.find((one) => one.subject === subject.id);
    if (newest && oldest !== null) oldest = Math.max(oldest, now - newest.at);
    if (!newest) oldest = null;
    // What a dry run has not made is not missing.
    if (dryRun && !newest) continue;
    if (!newest) problems.push(`${subject.id} has no good backup`);
    else if (now - newest.at > plan.maxAge)
      problems.push(`the newest good backup of ${subject.id} is ${age(now - newest.at)} old`);
  }
  return oldest;
}

const title = ({ owner }: BackupDeps, plan: Plan) =>
  `backup ${owner.project}-${owner.environment} ${plan.name}`;

async function tell(
  deps: BackupDeps,
  plan: Plan,
  moment: Moment,
  summary: string,
  log: LogTail,
  options: AutoOptions,
): Promise<void> {
  const text = `${summary}\n\n${log.text}`;
  await tellPing(deps, plan, moment, text);
  if (plan.topic === undefined) return;
  try {
    // SNS takes 100 characters as the subject of a mail.
    const subject = `${moment === 'fail' ? 'FAILED: ' : ''}${title(deps, plan)}`.slice(0, 100);
    await (await options.notify()).publish(plan.topic, subject, text);
  } catch (error) {
    if (!isInfractlError(error)) throw error;
    deps.reporter.emit({ type: 'warning', message: `The topic could not be told: ${error.message}` });
  }
}

async function tellPing(deps: BackupDeps, plan: Plan, moment: Moment, log: string): Promise<void> {
  if (plan.ping === undefined) return;
  const why = await ping(plan.ping, moment, log, deps.clock);
  if (why) deps.reporter.emit({ type: 'warning', message: why });
}
