import { throwIfAborted } from '../base/clock.ts';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import { inBatches } from './batches.ts';
import { restartDatabase, startDatabase, stopDatabase } from './databases.ts';
import { refreshGroup, startGroup, stopGroup } from './groups.ts';
import type { Doing, PlannedAct } from './plan.ts';
import { atMost, untilServing } from './serving.ts';
import { Track } from './track.ts';
import { goalOf, gone, reasonOf, stageTimedOut, startFailed } from './troubles.ts';
import type {
  ActOptions,
  ActResult,
  DatabaseTarget,
  GroupTarget,
  InstanceDeps,
  InstanceTarget,
  StageTime,
  Target,
} from './types.ts';

const PAUSE = 3_000;
/** Groups and databases that are worked on at once. */
const AT_ONCE = 8;
/** What a reboot takes to begin: before that the old system still answers. Milliseconds. */
const REBOOT_BEGINS = 10_000;

/**
 * Does what was planned. What depends on others comes after them: databases are started first and stopped
 * last. Every step may be repeated, so a run that was killed is run again.
 *
 * @returns one result for each target, in the plan's order; a failure of one keeps no other from being done
 * @throws what concerns all: credentials, permissions, an interruption
 */
export async function act(
  deps: InstanceDeps,
  doing: Doing,
  plan: readonly PlannedAct[],
  options: ActOptions,
): Promise<ActResult[]> {
  const targets = plan.map(({ target }) => target);
  const open = plan.filter(({ refusal }) => !refusal);
  const track = new Track(deps, targets, DOING[doing]);
  for (const { target, refusal } of plan) if (refusal) track.failed(target, refusal);
  const databases = open.map(({ target }) => target).filter((one) => one.kind === 'database');
  const groups = open.map(({ target }) => target).filter((one) => one.kind === 'group');
  const instances = open.flatMap(({ target, does }) =>
    target.kind === 'instance' ? [{ target, does }] : [],
  );
  const first = () => eachDatabase(deps, track, databases, doing, options);
  const rest = () =>
    Promise.all([
      eachGroup(deps, track, groups, doing, options),
      doInstances(deps, track, instances, doing, options),
    ]);
  try {
    if (doing === 'stop') {
      await rest();
      await first();
    } else {
      await first();
      await rest();
    }
  } catch (error) {
    throw stillRunning(error, doing, targets, deps.where);
  }
  return track.results(targets);
}

const DOING: Readonly<Record<Doing, string>> = { start: 'starting', stop: 'stopping', restart: 'restarting' };

async function eachDatabase(
  deps: InstanceDeps,
  track: Track,
  all: readonly DatabaseTarget[],
  doing: Doing,
  options: ActOptions,
): Promise<void> {
  const work = { start: startDatabase, stop: stopDatabase, restart: restartDatabase }[doing];
  await atMost(AT_ONCE, all, (target) => track.one(target, () => work(deps, track, target, options)));
}

async function eachGroup(
  deps: InstanceDeps,
  track: Track,
  all: readonly GroupTarget[],
  doing: Doing,
  options: ActOptions,
): Promise<void> {
  await atMost(AT_ONCE, all, (target) =>
    track.one(target, async () => {
      if (doing === 'start') return startGroup(deps, track, target, options);
      if (doing === 'stop') return stopGroup(deps, track, target, options);
      if (target.facts.desired === 0) return startGroup(deps, track, target, options);
      if (!options.hard) return refreshGroup(deps, track, target, options);
      return hardGroup(deps, track, target, options);
    }),
  );
}

/** Down to nothing and back, in two acts of which only the second one is told. */
async function hardGroup(
  deps: InstanceDeps,
  track: Track,
  target: GroupTarget,
  options: ActOptions,
): Promise<void> {
  const down = new Track({ ...deps, reporter: { emit: () => {} } }, [], '');
  await stopGroup(deps, down, target, { ...options, until: options.until ?? 'running' });
  const [facts] = await (await deps.ports.groups()).byNames([target.id]);
  if (facts) await startGroup(deps, track, { ...target, facts }, options);
}

interface Planned {
  readonly target: InstanceTarget;
  readonly does: PlannedAct['does'];
}

async function doInstances(
  deps: InstanceDeps,
  track: Track,
  all: readonly Planned[],
  doing: Doing,
  options: ActOptions,
): Promise<void> {
  if (all.length === 0) return;
  if (doing === 'stop') return stopAll(deps, track, all, options);
  const down = all.filter(({ does }) => does === 'stop and start');
  if (down.length > 0)
    await halt(
      deps,
      track,
      down.map(({ target }) => target),
      options,
    );
  const toStart = all.filter(({ does, target }) => /start/.test(does) && !track.isSettled(target));
  // AWS does not start what is still stopping.
  const stopping = toStart
    .filter(({ target }) => target.facts.state === 'stopping')
    .map(({ target }) => target);
  await untilStopped(deps, track, stopping, options, 'start');
  await startAll(
    deps,
    track,
    toStart.map(({ target }) => target).filter((one) => !track.isSettled(one)),
  );
  await reboot(
    deps,
    track,
    all.filter(({ does }) => does === 'reboot').map(({ target }) => target),
    options,
  );
  const left = all.filter(({ target }) => !track.isSettled(target));
  const { until } = options;
  if (until === undefined) {
    for (const { target, does } of left) track.done(target, does === 'nothing' ? 'unchanged' : 'asked');
    return;
  }
  const how = new Map(left.map(({ target, does }) => [target.id, does]));
  const before = new Map(
    down.map(({ target }) => [target.id, { ...target.facts, state: 'stopped' as const }]),
  );
  await untilServing(
    deps,
    left.map(({ target }) => ({ ...target, facts: before.get(target.id) ?? target.facts })),
    {
      until,
      timeouts: options.timeouts,
      onStatus: (target, status) => track.status(target, status),
      onEnd(target, { stages, error }) {
        if (error) return track.failed(target, error, stages);
        const does = how.get(target.id);
        if (does === 'nothing') return track.done(target, 'unchanged', stages, 'runs already');
        track.done(target, doing === 'restart' && does !== 'start' ? 'restarted' : 'started', stages);
      },
    },
  );
}

async function startAll(deps: InstanceDeps, track: Track, targets: readonly InstanceTarget[]): Promise<void> {
  const port = await deps.ports.instances();
  const ids = targets.map(({ id }) => id);
  const refusals = await inBatches(ids, (batch) => {
    throwIfAborted(deps.signal);
    return port.start(batch);
  });
  await atMost(AT_ONCE, targets, async (target) => {
    const error = refusals.get(target.id);
    if (error) track.failed(target, await startFailed(port, target, reasonOf(error), error));
  });
}

async function reboot(
  deps: InstanceDeps,
  track: Track,
  targets: readonly InstanceTarget[],
  { until }: ActOptions,
): Promise<void> {
  if (targets.length === 0) return;
  const port = await deps.ports.instances();
  const refusals = await inBatches(
    targets.map(({ id }) => id),
    (batch) => port.reboot(batch),
  );
  for (const target of targets) {
    const error = refusals.get(target.id);
    if (error) track.failed(target, error);
  }
  if (until !== undefined && refusals.size < targets.length)
    await deps.clock.sleep(REBOOT_BEGINS, deps.signal);
}

async function stopAll(
  deps: InstanceDeps,
  track: Track,
  all: readonly Planned[],
  options: ActOptions,
): Promise<void> {
  const began = deps.clock.now();
  for (const { target, does } of all)
    if (does === 'nothing') track.done(target, 'unchanged', [], 'stopped already');
  const left = all.filter(({ target }) => !track.isSettled(target));
  const toStop = left.filter(({ does }) => does === 'stop').map(({ target }) => target);
  if (options.until === undefined) {
    await askToStop(deps, track, toStop, options);
    for (const { target } of left) track.done(target, 'asked');
    return;
  }
  await halt(deps, track, toStop, options);
  const waiting = left.filter(({ does, target }) => does === 'wait' && !track.isSettled(target));
  await untilStopped(
    deps,
    track,
    waiting.map(({ target }) => target),
    options,
    'stop',
  );
  const stages: StageTime[] = [{ stage: 'stop', ms: deps.clock.now() - began }];
  for (const { target } of left) track.done(target, 'stopped', stages);
}

/** Stops instances and waits until they are stopped. Those that are still pending are let run first. */
async function halt(
  deps: InstanceDeps,
  track: Track,
  targets: readonly InstanceTarget[],
  options: ActOptions,
): Promise<void> {
  const pending = targets.filter(({ facts }) => facts.state === 'pending');
  if (pending.length > 0) {
    await untilServing(deps, pending, {
      until: 'running',
      timeouts: options.timeouts,
      onStatus: (target, status) => track.status(target, status),
      onEnd: (target, { error }) => error && error.code !== 'StartFailed' && track.failed(target, error),
    });
  }
  const running = targets.filter((one) => !track.isSettled(one));
  await askToStop(deps, track, running, options);
  await untilStopped(
    deps,
    track,
    running.filter((one) => !track.isSettled(one)),
    options,
    goalOf('stop', options),
  );
}

async function askToStop(
  deps: InstanceDeps,
  track: Track,
  targets: readonly InstanceTarget[],
  { hibernate }: ActOptions,
): Promise<void> {
  const port = await deps.ports.instances();
  const able = (one: InstanceTarget) => Boolean(hibernate) && one.facts.hibernation;
  for (const way of [true, false]) {
    const some = targets.filter((one) => able(one) === way);
    const refusals = await inBatches(
      some.map(({ id }) => id),
      (batch) => {
        throwIfAborted(deps.signal);
        return port.stop(batch, { hibernate: way });
      },
    );
    for (const target of some) {
      const error = refusals.get(target.id);
      if (error) track.failed(target, error);
    }
  }
}

async function untilStopped(
  deps: InstanceDeps,
  track: Track,
  targets: readonly InstanceTarget[],
  { timeouts }: ActOptions,
  goal: 'stop' | 'start',
): Promise<void> {
  const port = await deps.ports.instances();
  const { clock, signal } = deps;
  const began = clock.now();
  let left = [...targets];
  while (left.length > 0) {
    const facts = new Map((await port.byIds(left.map(({ id }) => id))).map((one) => [one.id, one]));
    const late = clock.now() - began >= timeouts.stop;
    left = left.filter((target) => {
      const state = facts.get(target.id)?.state ?? 'terminated';
      if (state === 'stopped') return false;
      if (state === 'terminated' || state === 'shutting-down') track.failed(target, gone(target));
      else if (late)
        track.failed(
          target,
          stageTimedOut(target, 'stop', timeouts.stop, `It is ${state}.`, deps.where, goal),
        );
      else track.status(target, state);
      return !track.isSettled(target);
    });
    if (left.length > 0) await clock.sleep(PAUSE, signal);
  }
}

/** More of them are not named: nobody reads the command. */
const NAMED = 20;

/** An interruption says what AWS goes on with, and how to go on without touching anything else. */
function stillRunning(error: unknown, doing: Doing, targets: readonly Target[], where: string): unknown {
  if (!isInfractlError(error) || error.code !== 'Interrupted') return error;
  // A restart that is begun is one start away from its end, and must not begin anew.
  const rest = doing === 'stop' ? 'stop' : 'start';
  const ids = targets.map(({ id }) => id).join(',');
  return new InfractlError({
    code: 'Interrupted',
    message: `Interrupted. What was asked of AWS goes on: it is ${DOING[doing]} what it was told to.`,
    suggestions: [
      `See how it is: infractl manage status${where}`,
      targets.length > NAMED
        ? `Go on waiting, with the same targets: infractl manage ${rest}${where}`
        : `Go on waiting: infractl manage ${rest} --id ${ids}${where}`,
    ],
    exit: error.exit,
  });
}
