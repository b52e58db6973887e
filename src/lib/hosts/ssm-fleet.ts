import { randomBytes } from 'node:crypto';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import type { HostCommand, HostResult } from './port.ts';
import { quoteWords } from './quote.ts';
import type { SsmTarget } from './ssm.ts';
import { hasEnded, type SsmPort } from './ssm-port.ts';
import { followRun } from './ssm-run.ts';
import { killScript, runScript } from './ssm-scripts.ts';
import { brokenOff, notManaged } from './ssm-words.ts';

export interface FleetOrder {
  readonly argv: HostCommand['argv'];
  readonly sudo?: boolean;
  /** Milliseconds on each host; Systems Manager then kills the command. */
  readonly timeout?: number;
  /** How many hosts at a time, and after how many failures no further one is begun: `10`, `25%`. */
  readonly concurrency?: string | undefined;
  readonly errors?: string | undefined;
  readonly onLine: (host: string, line: string, stream: 'stdout' | 'stderr') => void;
}

export interface FleetDeps {
  readonly port: SsmPort;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type FleetOutcome =
  | { readonly host: string; readonly result: HostResult }
  | { readonly host: string; readonly error: InfractlError };

/** SendCommand names at most so many instances. */
const MOST = 50;
/** Milliseconds. */
const PAUSE = 1_500;
const GRACE = 5_000;

/**
 * Runs one command on many hosts as one command of Systems Manager, whose own engine keeps to the limits of
 * concurrency and errors. What a host printed is told when it has ended there.
 *
 * @throws InfractlError `Interrupted`; what AWS refuses for all of them
 */
export async function runFleet(
  targets: readonly SsmTarget[],
  order: FleetOrder,
  deps: FleetDeps,
): Promise<FleetOutcome[]> {
  const outcomes: FleetOutcome[] = [];
  // Whoever is to run it stands in the command itself.
  const users = new Set(targets.map(({ reach }) => (order.sudo ? undefined : reach.user)));
  for (const user of users) {
    const some = targets.filter(({ reach }) => (order.sudo ? undefined : reach.user) === user);
    for (let at = 0; at < some.length; at += MOST)
      outcomes.push(...(await runSome(some.slice(at, at + MOST), user, order, deps)));
  }
  const place = new Map(targets.map(({ name }, at) => [name, at]));
  return outcomes.sort((a, b) => (place.get(a.host) ?? 0) - (place.get(b.host) ?? 0));
}

async function runSome(
  targets: readonly SsmTarget[],
  user: string | undefined,
  order: FleetOrder,
  deps: FleetDeps,
): Promise<FleetOutcome[]> {
  const { port, clock, signal } = deps;
  throwIfAborted(signal);
  const known = await port.managed(targets.map(({ instance }) => instance));
  const lost: FleetOutcome[] = targets
    .filter(({ instance }) => known.get(instance)?.ping !== 'Online')
    .map(({ name, instance }) => ({
      host: name,
      error: notManaged(name, instance, known.get(instance), clock),
    }));
  const online = targets.filter(({ instance }) => known.get(instance)?.ping === 'Online');
  if (online.length === 0) return lost;
  const run = {
    folder: `/run/infractl-ssm-${randomBytes(8).toString('hex')}`,
    mark: randomBytes(6).toString('hex'),
  };
  const id = await port.send({
    instances: online.map(({ instance }) => instance),
    script: runScript({ ...run, argv: order.argv, user, watched: 0 }),
    comment: `infractl: ${quoteWords(order.argv)}`,
    seconds: Math.ceil((order.timeout ?? 3_600_000) / 1000),
    concurrency: order.concurrency,
    errors: order.errors,
  });
  const waiting = new Map(online.map((target) => [target.instance, target]));
  const collected: Promise<FleetOutcome>[] = [];
  try {
    while (waiting.size > 0) {
      await clock.sleep(PAUSE, signal);
      for (const [instance, seen] of await port.statuses(id)) {
        const target = waiting.get(instance);
        if (!target || !hasEnded(seen)) continue;
        waiting.delete(instance);
        collected.push(collect({ ...run, id }, target, seen, order, deps));
      }
    }
    return [...(await Promise.all(collected)), ...lost];
  } catch (error) {
    await stop(id, run, [...waiting.keys()], deps);
    await Promise.allSettled(collected);
    throw error;
  }
}

async function collect(
  run: { readonly folder: string; readonly mark: string; readonly id: string },
  { name, instance }: SsmTarget,
  seen: { readonly status: string; readonly detail: string },
  { argv, onLine }: FleetOrder,
  { port, clock }: FleetDeps,
): Promise<FleetOutcome> {
  try {
    if (seen.detail === 'Terminated') throw notBegun(name, instance);
    if (!/^(Success|Failed)$/.test(seen.status))
      throw brokenOff(name, instance, { ...seen, exitCode: -1, stdout: '', stderr: '' });
    const result = await followRun(
      { name, instance, folder: run.folder, port, clock },
      {
        mark: run.mark,
        id: run.id,
        command: { argv, keep: 1, onLine: (line, stream) => onLine(name, line, stream) },
      },
    );
    return { host: name, result };
  } catch (error) {
    if (!isInfractlError(error)) throw error;
    return { host: name, error };
  }
}

/** Those that run get a moment to end by themselves; then all that is left is cancelled. */
async function stop(
  id: string,
  run: { readonly folder: string; readonly mark: string },
  instances: readonly string[],
  { port, clock }: FleetDeps,
): Promise<void> {
  const script = killScript(run, 'TERM');
  const quiet = () => {};
  if (instances.length > 0)
    await port.send({ instances, script, comment: 'infractl: TERM', seconds: 60 }).catch(quiet);
  await clock.sleep(GRACE);
  await port.cancel(id).catch(quiet);
}

function notBegun(name: string, instance: string): InfractlError {
  return new InfractlError({
    code: 'HostNotBegun',
    message: `The command was not begun on the host ${name} (${instance}).`,
    why: 'It had failed on more hosts than --max-errors allows.',
  });
}
