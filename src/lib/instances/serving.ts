import { throwIfAborted } from '../base/clock.ts';
import type { InfractlError } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import type { InstanceFacts, InstancesPort, StatusChecks } from './port.ts';
import { gone, stageTimedOut, startFailed } from './troubles.ts';
import {
  type InstanceDeps,
  type InstanceTarget,
  STAGES,
  type Stage,
  type StageTime,
  type Timeouts,
} from './types.ts';

/** Milliseconds between two looks: short while a start is young. */
const PAUSE = 2_000;
const LATER_PAUSE = 5_000;
/** More for each that is followed: a thousand are asked for every 12 s. */
const PAUSE_EACH = 10;
const YOUNG = 90_000;
const ONE_KNOCK = 4_000;
/** Doors that are knocked on at once. */
const AT_ONCE = 32;
/** AWS may describe an instance as it was before the start for so long. Milliseconds. */
const STALE = 45_000;

export interface Served {
  readonly stages: readonly StageTime[];
  readonly error: InfractlError | undefined;
}

export interface ServingOrder {
  readonly until: Stage;
  readonly timeouts: Timeouts;
  /** Told of each target's way. */
  readonly onStatus: (target: InstanceTarget, status: string) => void;
  readonly onEnd: (target: InstanceTarget, served: Served) => void;
}

interface Way {
  readonly target: InstanceTarget;
  readonly stages: StageTime[];
  /** The stages that it has to pass, the current one first. */
  readonly ahead: Stage[];
  since: number;
  seenPending: boolean;
  last: string;
}

/** What a look says of a stage. */
export type Verdict =
  | { readonly is: 'waiting'; readonly words: string }
  | { readonly is: 'passed' }
  | { readonly is: 'fallen'; readonly reason: { readonly code: string; readonly message: string } }
  | { readonly is: 'gone' };

/**
 * Follows instances from pending to serving, all of them with one DescribeInstances and one
 * DescribeInstanceStatus a look. Each has its own clock for each stage.
 */
export async function untilServing(
  deps: InstanceDeps,
  targets: readonly InstanceTarget[],
  order: ServingOrder,
): Promise<void> {
  const { clock, signal } = deps;
  const port = await deps.ports.instances();
  const began = clock.now();
  let ways = targets.map(
    (target): Way => ({
      target,
      stages: [],
      ahead: stagesOf(target, order.until),
      since: began,
      seenPending: target.facts.state !== 'stopped',
      last: '',
    }),
  );
  for (;;) {
    throwIfAborted(signal);
    const looked = await look(port, ways);
    const verdicts = await atMost(AT_ONCE, ways, (way) => verdictOn(deps, way, looked));
    await Promise.all(ways.map((way, at) => advance(deps, port, way, verdicts[at] as Verdict, order)));
    ways = ways.filter(({ ahead }) => ahead.length > 0);
    if (ways.length === 0) return;
    // What has passed a stage is looked at for the next one at once.
    if (verdicts.some(({ is }) => is === 'passed')) continue;
    const pause = clock.now() - began < YOUNG ? PAUSE : LATER_PAUSE;
    await clock.sleep(pause + ways.length * PAUSE_EACH, signal);
  }
}

/** The stages of a target: a door or an application that nobody named is not waited for. */
function stagesOf({ serving }: InstanceTarget, until: Stage): Stage[] {
  return STAGES.slice(0, STAGES.indexOf(until) + 1).filter(
    (stage) =>
      (stage !== 'port' || serving.ports.length > 0) && (stage !== 'health' || serving.url !== undefined),
  );
}

interface Looked {
  readonly facts: ReadonlyMap<string, InstanceFacts>;
  readonly checks: ReadonlyMap<string, StatusChecks>;
}

async function look(port: InstancesPort, ways: readonly Way[]): Promise<Looked> {
  const ids = ways.map(({ target }) => target.id);
  const inChecks = ways.filter(({ ahead }) => ahead[0] === 'checks').map(({ target }) => target.id);
  const [facts, checks] = await Promise.all([
    port.byIds(ids),
    inChecks.length > 0 ? port.checks(inChecks) : new Map<string, StatusChecks>(),
  ]);
  return { facts: new Map(facts.map((one) => [one.id, one])), checks };
}

async function verdictOn(deps: InstanceDeps, way: Way, { facts, checks }: Looked): Promise<Verdict> {
  const { target } = way;
  const now = facts.get(target.id);
  if (now?.state === 'pending') way.seenPending = true;
  const stale = !way.seenPending && deps.clock.now() - way.since < STALE;
  const state = judgeState(now, target.facts, stale);
  if (state.is !== 'passed') return state;
  if (way.ahead[0] === 'checks') return judgeChecks(checks.get(target.id));
  const address = target.serving.address ?? now?.publicAddress ?? now?.privateAddress;
  if (way.ahead[0] === 'port') {
    const shut = await Promise.all(
      target.serving.ports.map(async (port) => {
        const trouble = address ? await deps.probe.tcp(address, port, ONE_KNOCK) : 'it has no address';
        return trouble && `port ${port}: ${trouble}`;
      }),
    );
    const closed = shut.filter((one) => one !== undefined && one !== '');
    return closed.length > 0 ? { is: 'waiting', words: listed(closed as string[]) } : { is: 'passed' };
  }
  if (way.ahead[0] === 'health' && target.serving.url) {
    const answer = await deps.probe.http(target.serving.url, ONE_KNOCK);
    if (answer.status !== undefined && answer.status < 400) return { is: 'passed' };
    return { is: 'waiting', words: answer.trouble ?? `${answer.url} answers ${answer.status}` };
  }
  return { is: 'passed' };
}

/** Whether an instance runs; pure. `stale`: what is said may be from before the start. */
export function judgeState(now: InstanceFacts | undefined, before: InstanceFacts, stale: boolean): Verdict {
  if (!now) return stale ? { is: 'waiting', words: 'pending' } : { is: 'gone' };
  if (now.state === 'running') return { is: 'passed' };
  if (now.state === 'terminated' || now.state === 'shutting-down') return { is: 'gone' };
  if (now.state === 'pending') return { is: 'waiting', words: 'pending' };
  const changed = now.reason?.code !== before.reason?.code || now.reason?.message !== before.reason?.message;
  if (stale && !changed) return { is: 'waiting', words: 'pending' };
  const reason = now.reason ?? { code: 'Unknown', message: `It is ${now.state}, and AWS gives no reason.` };
  return { is: 'fallen', reason };
}

/** Both checks of AWS; pure. */
export function judgeChecks(checks: StatusChecks | undefined): Verdict {
  if (checks?.system === 'ok' && checks.instance === 'ok') return { is: 'passed' };
  const words = checks
    ? `status checks: system ${checks.system}, instance ${checks.instance}`
    : 'status checks: no answer yet';
  return { is: 'waiting', words };
}

async function advance(
  deps: InstanceDeps,
  port: InstancesPort,
  way: Way,
  verdict: Verdict,
  { timeouts, onStatus, onEnd }: ServingOrder,
): Promise<void> {
  const { target, stages, ahead } = way;
  const now = deps.clock.now();
  const stage = ahead[0] as Stage;
  const end = (error: InfractlError | undefined) => {
    ahead.length = 0;
    onEnd(target, { stages, error });
  };
  if (verdict.is === 'gone') return end(gone(target));
  if (verdict.is === 'fallen') return end(await startFailed(port, target, verdict.reason));
  if (verdict.is === 'passed') {
    stages.push({ stage, ms: now - way.since });
    ahead.shift();
    way.since = now;
    if (ahead.length === 0) end(undefined);
    else onStatus(target, WAITING_FOR[ahead[0] as Stage]);
    return;
  }
  way.last = verdict.words;
  if (now - way.since >= timeouts[stage])
    return end(stageTimedOut(target, stage, timeouts[stage], verdict.words, deps.where));
  onStatus(target, verdict.words);
}

const WAITING_FOR: Readonly<Record<Stage, string>> = {
  running: 'pending',
  checks: 'running, waiting for its status checks',
  port: 'waiting for its port',
  health: 'waiting for its application',
};

/** `work` on each item, a limited number of them at once; the results in the items' order. */
export async function atMost<T, R>(
  limit: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      results[at] = await work(items[at] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
