import { InfractlError } from '../base/errors.ts';
import type { DatabaseFacts } from './port.ts';
import type { Track } from './track.ts';
import { goalOf, refused, stageTimedOut } from './troubles.ts';
import type { ActOptions, DatabaseTarget, InstanceDeps, StageTime } from './types.ts';

const PAUSE = 10_000;
/** RDS takes its time: backups before a stop, recovery after a start. */
const SLOWER = 3;

/** RDS starts a stopped database by itself after so many days. */
export const DAYS_STOPPED = 7;

/**
 * Why RDS would not stop it; undefined when it would. Pure.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
 */
export function cannotStop(target: DatabaseTarget): InfractlError | undefined {
  const { cluster, replicaOf, replicas, engine, multiZone } = target.facts;
  if (cluster !== undefined)
    return refused(
      target,
      'DatabaseInCluster',
      `It is a part of the cluster ${cluster}, which stops as a whole.`,
      [`aws rds stop-db-cluster --db-cluster-identifier ${cluster}`],
    );
  if (replicaOf !== undefined)
    return refused(
      target,
      'ReadReplica',
      `It is a read replica of ${replicaOf}: RDS does not stop those.`,
      [],
    );
  if (replicas.length > 0)
    return refused(
      target,
      'HasReplicas',
      `It has read replicas (${replicas.join(', ')}): RDS does not stop it.`,
      [],
    );
  if (multiZone && /^sqlserver/.test(engine))
    return refused(target, 'MultiZoneSqlServer', 'RDS does not stop SQL Server in several zones.', []);
  return undefined;
}

export async function startDatabase(
  deps: InstanceDeps,
  track: Track,
  target: DatabaseTarget,
  options: ActOptions,
): Promise<void> {
  const port = await deps.ports.databases();
  broken(target.facts);
  let began = deps.clock.now();
  if (target.facts.status === 'available') return track.done(target, 'unchanged', [], 'available already');
  const settled = await untilStatus(
    deps,
    track,
    target,
    /^(available|stopped|starting)$/,
    options,
    'running',
  );
  if (settled.status === 'stopped') {
    began = deps.clock.now();
    await port.start(target.id);
  }
  if (options.until === undefined) return track.done(target, 'asked');
  await untilStatus(deps, track, target, /^available$/, options, 'running');
  track.done(target, 'started', time(deps, 'running', began));
}

export async function stopDatabase(
  deps: InstanceDeps,
  track: Track,
  target: DatabaseTarget,
  options: ActOptions,
): Promise<void> {
  const port = await deps.ports.databases();
  if (target.facts.status === 'stopped') return track.done(target, 'unchanged', [], 'stopped already');
  broken(target.facts);
  const began = deps.clock.now();
  const settled = await untilStatus(deps, track, target, /^(available|stopped|stopping)$/, options, 'stop');
  if (settled.status === 'available') await port.stop(target.id);
  const again = `RDS starts it again after ${DAYS_STOPPED} days`;
  if (options.until === undefined) return track.done(target, 'asked', [], again);
  const end = await untilStatus(deps, track, target, /^stopped$/, options, 'stop');
  const day = end.startsAgainAt ? new Date(end.startsAgainAt).toISOString().slice(0, 10) : undefined;
  track.done(target, 'stopped', time(deps, 'stop', began), day ? `RDS starts it again on ${day}` : again);
}

export async function restartDatabase(
  deps: InstanceDeps,
  track: Track,
  target: DatabaseTarget,
  options: ActOptions,
): Promise<void> {
  const port = await deps.ports.databases();
  broken(target.facts);
  const began = deps.clock.now();
  // Asked for by a run that was killed, or by somebody else: once is enough.
  const underWay = target.facts.status === 'rebooting';
  const settled = await untilStatus(deps, track, target, /^(available|stopped)$/, options, 'running');
  if (settled.status === 'stopped') await port.start(target.id);
  else if (options.hard) {
    const impossible = cannotStop(target);
    if (impossible) throw impossible;
    await port.stop(target.id);
    await untilStatus(deps, track, target, /^stopped$/, options, 'stop');
    await port.start(target.id);
  } else if (!underWay) {
    await port.reboot(target.id);
    // The status follows the request a moment later.
    if (options.until !== undefined) await deps.clock.sleep(PAUSE, deps.signal);
  }
  if (options.until === undefined) return track.done(target, 'asked');
  await untilStatus(deps, track, target, /^available$/, options, 'running');
  track.done(target, settled.status === 'stopped' ? 'started' : 'restarted', time(deps, 'running', began));
}

const time = ({ clock }: InstanceDeps, stage: StageTime['stage'], began: number): StageTime[] => [
  { stage, ms: clock.now() - began },
];

async function untilStatus(
  deps: InstanceDeps,
  track: Track,
  target: DatabaseTarget,
  wanted: RegExp,
  options: ActOptions,
  stage: 'running' | 'stop',
): Promise<DatabaseFacts> {
  const port = await deps.ports.databases();
  const { clock, signal } = deps;
  const timeout = options.timeouts[stage] * SLOWER;
  const began = clock.now();
  for (;;) {
    const [now] = await port.byIds([target.id]);
    if (!now)
      throw new InfractlError({
        code: 'DatabaseGone',
        message: `The database ${target.id} was deleted meanwhile.`,
      });
    if (wanted.test(now.status)) return now;
    broken(now);
    if (clock.now() - began >= timeout)
      throw stageTimedOut(target, stage, timeout, `It is ${now.status}.`, deps.where, goalOf(stage, options));
    track.status(target, now.status);
    await clock.sleep(PAUSE, signal);
  }
}

/** Statuses that nothing here leads out of. */
function broken({ id, status }: DatabaseFacts): void {
  if (!/^(deleting|failed|incompatible|storage-full|inaccessible)/.test(status)) return;
  throw new InfractlError({
    code: 'DatabaseBroken',
    message: `The database ${id} is ${status}.`,
    suggestions: [
      `What happened to it: aws rds describe-events --source-type db-instance --source-identifier ${id} --duration 1440`,
    ],
  });
}
