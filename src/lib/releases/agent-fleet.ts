import type { InfractlError } from '../base/errors.ts';
import type { FleetPort } from '../hosts/index.ts';
import {
  AGENT,
  type AgentCall,
  type AgentEvent,
  agentError,
  brokenAgent,
  type Ending,
  orderBytes,
  parsed,
} from './agent.ts';
import { archiveOf } from './bringing.ts';

/** One order for several hosts. */
export interface AgentsCall extends Pick<AgentCall, 'order' | 'parcel' | 'grace'> {
  /** On so many at a time; on no further one after more failures than `errors`. */
  readonly concurrency: number;
  readonly errors: number;
  readonly signal: AbortSignal;
  /** What is done here for all of them. */
  readonly say: (text: string) => void;
  readonly onSent?: ((command: string) => void) | undefined;
  readonly onBegin: (host: string) => void;
  readonly onEvent: (host: string, event: AgentEvent) => void;
}

export type AgentAnswer =
  | { readonly host: string; readonly result: unknown }
  | { readonly host: string; readonly error: InfractlError };

/**
 * Runs infractl's program on several hosts with one order, as one command of Systems Manager; each has an answer.
 *
 * @throws InfractlError what AWS refuses for all of them
 */
export async function callAgents(
  fleet: FleetPort,
  targets: Parameters<FleetPort['run']>[0],
  call: AgentsCall,
): Promise<AgentAnswer[]> {
  const { order, parcel, concurrency, errors, grace, signal, say, onSent, onBegin, onEvent } = call;
  const endings = new Map<string, Ending>();
  const input = Buffer.concat([orderBytes(order), ...(parcel ? [await archiveOf(parcel, say)] : [])]);
  const outcomes = await fleet.run(targets, {
    argv: AGENT,
    input,
    concurrency,
    errors,
    grace,
    keep: 10_000,
    signal,
    ...(onSent ? { onSent } : {}),
    onBegin,
    onLine(host, line, stream) {
      const event = stream === 'stdout' ? parsed(line) : undefined;
      if (event?.t === 'done' || event?.t === 'error') endings.set(host, event);
      // What it asks for came with the order.
      else if (event && event.t !== 'wants' && event.t !== 'ready') onEvent(host, event);
    },
  });
  return outcomes.map((outcome): AgentAnswer => {
    const { host } = outcome;
    // Also of one that was stopped it counts how it ended.
    const ending = endings.get(host);
    if (ending?.t === 'done') return { host, result: ending.result };
    if (ending) return { host, error: agentError(ending) };
    if ('error' in outcome) return outcome;
    const where = targets.find(({ name }) => name === host)?.instance ?? host;
    const { exitCode, stderr } = outcome.result;
    return { host, error: brokenAgent({ name: host, where }, exitCode, stderr) };
  });
}
