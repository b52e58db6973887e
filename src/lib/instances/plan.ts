import { Exit, InfractlError, isInfractlError } from '../base/errors.ts';
import { cannotStop, DAYS_STOPPED } from './databases.ts';
import { capacityToStart, written } from './groups.ts';
import type { InstanceState } from './port.ts';
import { atMost } from './serving.ts';
import { gone, memberOfGroup, refused } from './troubles.ts';
import {
  type ActOptions,
  type DatabaseTarget,
  type GroupTarget,
  type InstanceDeps,
  type InstanceTarget,
  labelOf,
  nameOf,
  type Target,
} from './types.ts';

export type Doing = 'start' | 'stop' | 'restart';

/** What will be done to a target: `wait` for what is under way already, `nothing` where it is as wanted. */
export type Step = 'start' | 'stop' | 'reboot' | 'stop and start' | 'replace members' | 'wait' | 'nothing';

export interface PlannedAct {
  readonly target: Target;
  readonly does: Step;
  /** What changes by it, in sentences. */
  readonly effects: readonly string[];
  /** What is not charged any more while it is stopped; USD a month; undefined when no price is known. */
  readonly saves?: number;
  /** Data is lost by it. */
  readonly severe?: boolean;
  /** Why it will not be done. */
  readonly refusal?: InfractlError;
}

/** What the plan asks of others; each may have no answer. */
export interface Knowledge {
  /** USD a month while it runs. */
  readonly price: (target: Target) => number | undefined;
  /** Who is logged in on a host, a line each. */
  readonly sessions?: (host: string) => Promise<readonly string[] | undefined>;
}

export interface PlanOptions extends Pick<ActOptions, 'hibernate' | 'hard' | 'capacity'> {
  /** Stop what is protected against termination too. */
  readonly force: boolean;
}

const AT_ONCE = 16;

/** What an act will do to each target, what changes by it, and what is refused. Changes nothing. */
export async function planAct(
  deps: InstanceDeps,
  doing: Doing,
  targets: readonly Target[],
  options: PlanOptions,
  knowledge: Knowledge,
): Promise<PlannedAct[]> {
  const instances = targets.filter((one) => one.kind === 'instance');
  const stops = doing === 'stop' || (doing === 'restart' && options.hard);
  const types = [...new Set(instances.filter(({ facts }) => facts.ebsRoot).map(({ facts }) => facts.type))];
  const store = stops && types.length > 0 ? await storeTypes(deps, types) : undefined;
  return atMost(AT_ONCE, targets, async (target): Promise<PlannedAct> => {
    if (target.kind === 'group') return planGroup(target, doing, options, knowledge);
    if (target.kind === 'database') return planDatabase(target, doing, options, knowledge);
    return planInstance(deps, target, doing, options, knowledge, store);
  });
}

/** The types with disks that a stop wipes; undefined when that cannot be asked. */
async function storeTypes(
  deps: InstanceDeps,
  types: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  try {
    return await (await deps.ports.instances()).withInstanceStore(types);
  } catch (error) {
    if (!isInfractlError(error) || error.code === 'Interrupted') throw error;
    deps.reporter.emit({ type: 'warning', message: `Whether disks are lost is not known: ${error.message}` });
    return undefined;
  }
}

async function planInstance(
  deps: InstanceDeps,
  target: InstanceTarget,
  doing: Doing,
  options: PlanOptions,
  knowledge: Knowledge,
  store: ReadonlySet<string> | undefined,
): Promise<PlannedAct> {
  const { facts } = target;
  const does = instanceStep(doing, options.hard, facts.state);
  if (does === 'gone') return { target, does: 'nothing', effects: [], refusal: gone(target) };
  if (does === 'not running')
    return { target, does: 'nothing', effects: [], refusal: notRunning(target, deps.where) };
  if (facts.group !== undefined)
    return { target, does: 'nothing', effects: [], refusal: memberOfGroup(target, doing, deps.where) };
  const stops = does === 'stop' || does === 'stop and start';
  if (!stops)
    return { target, does, effects: does === 'reboot' ? await sessionEffects(target, knowledge) : [] };
  const refusal = await refusalOfStop(deps, target, options.force);
  if (refusal) return { target, does: 'nothing', effects: [], refusal };
  const price = does === 'stop' ? knowledge.price(target) : undefined;
  const severe = store?.has(facts.type) ?? false;
  return {
    target,
    does,
    severe,
    effects: [
      ...stopEffects(target, {
        hibernate: options.hibernate,
        instanceStore: store?.has(facts.type) ?? false,
      }),
      ...(await sessionEffects(target, knowledge)),
    ],
    ...(price === undefined ? {} : { saves: price }),
  };
}

/** What has to be done in a state. Pure. */
export function instanceStep(
  doing: Doing,
  hard: boolean,
  state: InstanceState,
): Step | 'gone' | 'not running' {
  if (state === 'terminated' || state === 'shutting-down') return 'gone';
  if (doing === 'start') return state === 'running' ? 'nothing' : state === 'pending' ? 'wait' : 'start';
  if (doing === 'stop') return state === 'stopped' ? 'nothing' : state === 'stopping' ? 'wait' : 'stop';
  // A hard restart that was killed half-way left it stopped or stopping: it goes on from there.
  if (hard) return state === 'stopped' || state === 'stopping' ? 'start' : 'stop and start';
  if (state === 'pending') return 'wait';
  return state === 'running' ? 'reboot' : 'not running';
}

function notRunning(target: InstanceTarget, where: string): InfractlError {
  return new InfractlError({
    code: 'NotRunning',
    message: `${labelOf(target)} is not restarted.`,
    why: `It is ${target.facts.state}: there is nothing to reboot.`,
    suggestions: [`Start it: infractl manage start --id ${target.id}${where}`],
    exit: Exit.declined,
  });
}

/** What a stop takes away that a start does not bring back. Pure. */
export function stopEffects(
  { facts }: Pick<InstanceTarget, 'facts'>,
  { hibernate, instanceStore }: { readonly hibernate: boolean; readonly instanceStore: boolean },
): string[] {
  const effects: string[] = [];
  if (facts.publicAddress !== undefined && !facts.elastic)
    effects.push(
      `Its public address ${facts.publicAddress} is given up; the next start brings another. An elastic IP would stay.`,
    );
  if (facts.publicAddress !== undefined && facts.elastic)
    effects.push(`Its elastic IP ${facts.publicAddress} stays, and is charged for while it is stopped.`);
  if (instanceStore)
    effects.push(`${facts.type} has disks of its machine (instance store): all data on them is lost.`);
  if (facts.spot) effects.push('It is a spot instance: whether it starts again depends on spare capacity.');
  if (hibernate && !facts.hibernation)
    effects.push(
      'It was not launched for hibernation, which cannot be changed later: it is stopped, its memory is lost.',
    );
  if (hibernate && facts.hibernation)
    effects.push('Its memory is written to its root volume, and is there again after a start.');
  return effects;
}

async function sessionEffects(target: InstanceTarget, knowledge: Knowledge): Promise<string[]> {
  if (target.host === undefined || target.facts.state !== 'running') return [];
  const lines = await knowledge.sessions?.(target.host);
  if (!lines || lines.length === 0) return [];
  const shown = lines.slice(0, 3).map((line) => line.replace(/\s+/g, ' ').trim());
  return [`Logged in on it: ${shown.join('; ')}${lines.length > 3 ? ` and ${lines.length - 3} more` : ''}`];
}

async function refusalOfStop(
  deps: InstanceDeps,
  target: InstanceTarget,
  force: boolean,
): Promise<InfractlError | undefined> {
  if (!target.facts.ebsRoot)
    return refused(
      target,
      'InstanceStoreRoot',
      'Its root is on a disk of its machine (instance store): it cannot be stopped, only terminated.',
      [],
    );
  const protection = await (await deps.ports.instances()).protection(target.id);
  if (protection.stop)
    return refused(target, 'StopProtection', 'It is protected against being stopped (disableApiStop).', [
      `Take that away first: aws ec2 modify-instance-attribute --instance-id ${target.id} --no-disable-api-stop`,
    ]);
  if (protection.termination && !force)
    return refused(
      target,
      'TerminationProtection',
      'It is protected against termination (disableApiTermination): somebody wants it to stay.',
      ['To stop it all the same: --force'],
    );
  return undefined;
}

function planGroup(
  target: GroupTarget,
  doing: Doing,
  options: PlanOptions,
  { price }: Knowledge,
): PlannedAct {
  const { facts } = target;
  if (doing === 'stop') {
    if (facts.desired === 0)
      return { target, does: facts.members.length > 0 ? 'wait' : 'nothing', effects: [] };
    const saves = price(target);
    return {
      target,
      does: 'stop',
      effects: [
        `Its ${facts.members.length} members are terminated: what is on their disks is lost. It remembers ${written(facts)}.`,
      ],
      ...(saves === undefined ? {} : { saves }),
    };
  }
  if (doing === 'start' || facts.desired === 0) {
    try {
      const capacity = capacityToStart(facts, options.capacity);
      return {
        target,
        does: capacity ? 'start' : 'nothing',
        effects: capacity ? [`It gets ${written(capacity)}.`] : [],
      };
    } catch (error) {
      if (!isInfractlError(error)) throw error;
      return { target, does: 'nothing', effects: [], refusal: error };
    }
  }
  if (options.hard)
    return {
      target,
      does: 'stop and start',
      effects: [
        `All of its ${facts.members.length} members are terminated at once, then made anew: it does not serve meanwhile.`,
      ],
    };
  const effects = [`Its ${facts.members.length} members are replaced a few at a time (instance refresh).`];
  return { target, does: 'replace members', effects };
}

function planDatabase(
  target: DatabaseTarget,
  doing: Doing,
  options: PlanOptions,
  { price }: Knowledge,
): PlannedAct {
  const { status } = target.facts;
  if (doing === 'start')
    return {
      target,
      does: status === 'available' ? 'nothing' : status === 'stopped' ? 'start' : 'wait',
      effects: [],
    };
  if (status === 'stopped') return { target, does: doing === 'stop' ? 'nothing' : 'start', effects: [] };
  const hard = doing === 'restart' && options.hard;
  if (doing === 'restart' && !hard)
    return { target, does: 'reboot', effects: ['Its connections are cut for seconds to minutes.'] };
  const refusal = cannotStop(target);
  if (refusal) return { target, does: 'nothing', effects: [], refusal };
  if (hard) return { target, does: 'stop and start', effects: ['It is away for some minutes.'] };
  const saves = price(target);
  return {
    target,
    does: status === 'stopping' ? 'wait' : 'stop',
    effects: [
      `RDS starts it again by itself after ${DAYS_STOPPED} days; its storage and backups are charged on.`,
    ],
    ...(saves === undefined ? {} : { saves }),
  };
}

/** A plan as `--json` has it. */
export function planJson(plan: readonly PlannedAct[]) {
  return plan.map(({ target, does, effects, saves, refusal }) => ({
    kind: target.kind,
    id: target.id,
    name: nameOf(target),
    label: labelOf(target),
    does,
    effects,
    savesUsdMonth: saves ?? null,
    refused: refusal ? { code: refusal.code, message: refusal.message, why: refusal.why ?? null } : null,
  }));
}
