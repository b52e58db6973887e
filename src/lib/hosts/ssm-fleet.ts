import { randomBytes } from 'node:crypto';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import type { FleetOutcome, HostCommand } from './port.ts';
import { quoteWords } from './quote.ts';
import type { SsmTarget } from './ssm.ts';
import { MOST_TOGETHER, runTogether } from './ssm-engine.ts';
import type { SsmPort } from './ssm-port.ts';
import { followRun } from './ssm-run.ts';
import { runScript } from './ssm-scripts.ts';

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

const HOUR = 3_600_000;

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
    for (let at = 0; at < some.length; at += MOST_TOGETHER)
      outcomes.push(...(await runSome(some.slice(at, at + MOST_TOGETHER), user, order, deps)));
  }
  throwIfAborted(deps.signal);
  const place = new Map(targets.map(({ name }, at) => [name, at]));
  return outcomes.sort((a, b) => (place.get(a.host) ?? 0) - (place.get(b.host) ?? 0));
}

function runSome(
  targets: readonly SsmTarget[],
  user: string | undefined,
  { argv, timeout = HOUR, concurrency, errors, onLine }: FleetOrder,
  { port, clock, signal }: FleetDeps,
): Promise<FleetOutcome[]> {
  const folder = `/run/infractl-ssm-${randomBytes(8).toString('hex')}`;
  const mark = randomBytes(6).toString('hex');
  return runTogether(
    targets,
    {
      script: runScript({ folder, mark, argv, user, watched: 0, together: true }),
      comment: `infractl: ${quoteWords(argv)}`,
      seconds: Math.ceil(timeout / 1000),
      concurrency,
      errors,
      signal,
      follow: ({ name, instance }, id, stop) =>
        followRun(
          { name, instance, folder, port, clock },
          {
            mark,
            id,
            quiet: true,
            command: { argv, keep: 1, signal: stop, onLine: (line, stream) => onLine(name, line, stream) },
          },
        ),
    },
    { port, clock },
  );
}
