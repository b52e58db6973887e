import { throwIfAborted } from '../../base/clock.ts';
import { Exit, InfractlError, Interrupted, messageOf } from '../../base/errors.ts';
import { duration, listed, plural } from '../../base/text.ts';
import { typed } from '../commands.ts';
import { serviceIn } from '../diagnosis/ecs-tasks.ts';
import type { Lookups } from '../diagnosis/lookups.ts';
import type { StackDeps, StackSpec } from '../types.ts';
import { isStackLevel, type PlacedEvent, pathWords } from '../watch/events.ts';
import { lookDelay } from '../watch/waiting.ts';

/** Whether a resource works, as its own service tells. */
type Readiness = { readonly is: 'ready' } | { readonly is: 'pending' | 'failed'; readonly words: string };

type Probe = (lookups: Lookups, physicalId: string) => Promise<Readiness>;

/** The types whose service tells whether they work. CloudFormation itself does not, after express mode. */
const PROBES: Readonly<Record<string, Probe>> = {
  /** GetFunctionConfiguration. */
  'AWS::Lambda::Function': async (lookups, name) => {
    const found = await (await lookups.functions()).configuration(name);
    if (!found) return { is: 'failed', words: 'there is no such function' };
    const { state, stateReason, updateStatus, updateReason } = found;
    if (state === 'Failed') return { is: 'failed', words: stateReason.text ?? 'its state is Failed' };
    if (updateStatus === 'Failed')
      return { is: 'failed', words: updateReason.text ?? 'its update has failed' };
    if (state === 'Pending') return { is: 'pending', words: 'being made' };
    return updateStatus === 'InProgress' ? { is: 'pending', words: 'being updated' } : READY;
  },
  /** DescribeServices: the rollout of its newest deployment. */
  'AWS::ECS::Service': async (lookups, arn) => {
    const { cluster, service } = serviceIn(arn) ?? { cluster: 'default', service: arn };
    const found = await (await lookups.ecs()).service(cluster, service);
    if (!found) return { is: 'failed', words: 'there is no such service' };
    const [newest] = found.deployments;
    if (newest?.state === 'FAILED')
      return { is: 'failed', words: newest.reason ?? 'its deployment has failed' };
    return newest?.state === 'IN_PROGRESS' ? { is: 'pending', words: 'starting its tasks' } : READY;
  },
  /** DescribeInstanceStatus: that it runs, and both status checks. */
  'AWS::EC2::Instance': async (lookups, id) => {
    const checks = (await (await lookups.instances()).checks([id])).get(id);
    if (checks && !/^(?:pending|running)$/.test(checks.state))
      return { is: 'failed', words: `it is ${checks.state}` };
    const all = [checks?.system, checks?.instance];
    if (all.includes('impaired')) return { is: 'failed', words: 'a status check has failed' };
    return all.every((one) => one === 'ok') ? READY : { is: 'pending', words: 'passing its status checks' };
  },
};
const READY = { is: 'ready' } as const;

/** So many names are said of those that cannot be asked. */
const MOST_NAMED = 5;

/**
 * Waits until what an operation in express mode made works, where its service tells that; says of all else
 * that nothing does. AWS: "any resource might require additional time to become fully ready".
 *
 * @param events of the operation, nested stacks included
 * @param deadline milliseconds since 1970
 * @throws InfractlError `NotReady`: exit 8 for one that failed, 7 when the time is over; Interrupted (130).
 * The stack is deployed in each case.
 */
export async function awaitReadiness(
  deps: StackDeps,
  spec: Pick<StackSpec, 'part' | 'stackName'>,
  events: readonly PlacedEvent[],
  deadline: number,
): Promise<void> {
  const made = madeBy(events);
  const asked = made.filter(({ resourceType }) => deps.lookups && PROBES[resourceType]);
  const untold = made.filter((one) => !asked.includes(one)).map(named);
  const waits = asked.map(async (event) => {
    const trouble = await untilReady(deps, spec, event, deadline);
    if (trouble) untold.push(`${named(event)} (${trouble})`);
  });
  // Each has its word before the first failure ends the deploy.
  const ended = await Promise.allSettled(waits);
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  const ready = asked.length - (untold.length - (made.length - asked.length));
  deps.reporter.emit({
    type: 'note',
    message: [
      `The stack ${spec.stackName} was deployed in express mode: AWS did not wait until its resources work.`,
      ...(ready > 0
        ? [`${plural(ready, 'resource')} that can be asked ${ready === 1 ? 'is' : 'are'} ready.`]
        : []),
      ...(untold.length > 0
        ? [`Nothing tells whether these are: ${shortList(untold)}; the project's checks ask.`]
        : []),
    ].join(' '),
  });
}

/** What was created or updated: the last word on each resource. */
function madeBy(events: readonly PlacedEvent[]): PlacedEvent[] {
  const last = new Map<string, PlacedEvent>();
  for (const event of events)
    if (!isStackLevel(event) && event.resourceType !== 'AWS::CloudFormation::Stack')
      last.set(`${event.stackId} ${event.logicalId}`, event);
  return [...last.values()].filter(({ status }) => /^(?:CREATE|UPDATE)_COMPLETE$/.test(status));
}

/** @returns why it cannot be told; undefined when it is ready */
async function untilReady(
  { clock, signal, reporter, lookups, where }: StackDeps,
  { part, stackName }: Pick<StackSpec, 'part' | 'stackName'>,
  event: PlacedEvent,
  deadline: number,
): Promise<string | undefined> {
  const began = clock.now();
  const name = named(event);
  const deployed = `The stack ${stackName} is deployed in express mode, but ${name}`;
  try {
    for (;;) {
      const found = await (PROBES[event.resourceType] as Probe)(lookups as Lookups, event.physicalId).catch(
        (error: unknown) => messageOf(error),
      );
      throwIfAborted(signal);
      if (typeof found === 'string') return found;
      if (found.is === 'ready') return undefined;
      if (found.is === 'failed')
        throw new InfractlError({
          code: 'NotReady',
          message: `${deployed} does not work.`,
          why: `${found.words}. The stack was not taken back: for CloudFormation the operation has ended well.`,
          suggestions: [`Mend it and deploy again, or go back: infractl rollback${where ?? ''}`],
          exit: Exit.unhealthy,
        });
      const waited = clock.now() - began;
      if (clock.now() >= deadline)
        throw new InfractlError({
          code: 'NotReady',
          message: `${deployed} was not ready after ${duration(waited)}: ${found.words}.`,
          suggestions: [
            `See its stack: ${typed('events', { part, where })}`,
            'Give the stack a longer `timeout` in infractl.yaml.',
          ],
          exit: Exit.timedOut,
        });
      reporter.emit({ type: 'part.status', part, status: `waiting for ${name}: ${found.words}` });
      await clock.sleep(lookDelay(waited), signal);
    }
  } catch (error) {
    if (signal?.aborted) throw new Interrupted(`Interrupted. ${deployed} was not ready yet.`);
    throw error;
  }
}

function named({ path, resourceType }: PlacedEvent): string {
  return `${pathWords(path)} (${resourceType})`;
}

function shortList(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return listed(more > 0 ? [...names.slice(0, MOST_NAMED), `${more} more`] : names);
}
