import { relative } from 'node:path';
import { typed } from '../commands.ts';
import type { StackEvent, StackState, StacksPort } from '../port.ts';
import { actOf, isRunning, type WatchOrder } from '../watch/attach.ts';
import { EventLog } from '../watch/events.ts';
import { statusWords, wayOutOf } from '../watch/status-words.ts';
import { cleanReason } from './causes.ts';
import { failedEvents, isOfRollback, STATE_WORDS, wasCancelled } from './explain.ts';
import type { FunctionLog } from './function-log.ts';
import type { Evidence, Lookups } from './lookups.ts';
import { adviceOf, type Told, tell, whyOf } from './tell.ts';

/** What the newest operation on a stack came to, and why. Times are ISO 8601 in UTC. */
export interface Diagnosis {
  readonly stack: string;
  readonly stackName: string;
  readonly status: string;
  /** Whether the operation failed, or is being taken back now. */
  readonly failed: boolean;
  /** Whether it still runs. */
  readonly running: boolean;
  readonly act: 'create' | 'update' | 'delete';
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** In one sentence. */
  readonly message: string;
  readonly causes: readonly DiagnosedCause[];
  /** What state the stack is in; empty where there is no more to say. */
  readonly state: string;
  /** What to do, the likeliest first. */
  readonly suggestions: readonly string[];
  /** Of the function behind the first cause: a custom resource's, or itself; null for all else. */
  readonly log: FunctionLog | null;
}

export interface DiagnosedCause {
  readonly logicalId: string;
  /** Logical ids from the outermost stack down. */
  readonly path: readonly string[];
  readonly resourceType: string;
  /** The stack that it is in: the nested one, where it is nested. */
  readonly stackName: string;
  readonly reason: string;
  readonly at: string;
  /** Where it is in the template of this machine; null where it is not. */
  readonly file: string | null;
  readonly line: number | null;
  /** The resource that SAM or a macro made it from; null where it is in the template itself. */
  readonly madeFrom: string | null;
  /** The kind of cause, where it is a known one: `NameTaken`, `AccessDenied`. */
  readonly code: string | null;
  /** Why, in words; null where AWS's own say all. */
  readonly why: string | null;
  /** Whether it failed while the operation was taken back. */
  readonly duringRollback: boolean;
  /** What AWS keeps beside the events: stopped tasks of ECS, the state of a function, a refusal decoded. */
  readonly evidence: readonly Evidence[];
}

export interface DiagnoseDeps {
  readonly port: StacksPort;
  readonly lookups: Lookups;
  readonly where?: string | undefined;
}

/**
 * Why the newest operation on a stack failed, from its events (DescribeStackEvents). Reading calls only.
 *
 * @returns undefined when there is no such stack
 */
export async function diagnose(
  deps: DiagnoseDeps,
  order: Omit<WatchOrder, 'timeout'>,
): Promise<Diagnosis | undefined> {
  const { port, where } = deps;
  const state = await port.stack(order.stackName);
  if (!state) return undefined;
  const log = new EventLog(port, state.stackId, 'operation');
  await log.read();
  const events = log.all;
  const act = actOf(events[0]?.status ?? state.status);
  const failed = /FAILED|ROLLBACK/.test(state.status);
  const running = isRunning(state);
  const causes = failed ? failedEvents({ act, events, status: state.status }) : [];
  const told = await tell(deps, causes, events, order.templateFile);
  return {
    stack: order.part.replace(/^stack /, ''),
    stackName: state.stackName,
    status: state.status,
    failed,
    running,
    act,
    startedAt: events[0]?.at.toISOString() ?? null,
    endedAt: log.end?.at.toISOString() ?? null,
    message: messageFor(state, act, failed),
    causes: told.map((one) => toldCause(one, isOfRollback(one.event, { act, events }))),
    state: failed ? stateOf(state, events, causes) : '',
    suggestions: [
      ...new Set(told.flatMap(adviceOf)),
      ...wayOutOf(state.status, state.stackName, where),
      ...(running ? [`To see how it goes on: ${typed('attach', { part: order.part, where })}`] : []),
    ],
    log: told.find(({ log }) => log !== undefined)?.log ?? null,
  };
}

const ACT = { create: 'creation', update: 'update', delete: 'deletion' } as const;

function messageFor({ stackName, status }: StackState, act: Diagnosis['act'], failed: boolean): string {
  if (failed) return `The ${ACT[act]} of the stack ${stackName} failed.`;
  const { words, mood } = statusWords(status);
  if (mood === 'busy') return `The stack ${stackName} is ${words}; it did not fail so far.`;
  if (status === 'REVIEW_IN_PROGRESS') return `The stack ${stackName} did not fail: it is ${words}.`;
  return `The newest operation on the stack ${stackName}, its ${ACT[act]}, did not fail.`;
}

function stateOf(state: StackState, events: readonly StackEvent[], told: readonly StackEvent[]): string {
  const none = wasCancelled(events) ? 'Somebody cancelled it.' : 'AWS gives no reason in its events.';
  const now = [`Now: ${state.status}.`, STATE_WORDS[state.status] ?? ''].join(' ').trim();
  return told.length > 0 ? now : `${none} ${now}`;
}

function toldCause(told: Told, duringRollback: boolean): DiagnosedCause {
  const { event, place, known, evidence } = told;
  return {
    logicalId: event.logicalId,
    path: event.path ?? [event.logicalId],
    resourceType: event.resourceType,
    stackName: event.stackName,
    reason: cleanReason(event.reason).text || event.status,
    at: event.at.toISOString(),
    file: place ? relative(process.cwd(), place.file) : null,
    line: place?.line ?? null,
    madeFrom: place?.from ?? null,
    code: known?.code ?? null,
    why: whyOf(told),
    duringRollback,
    evidence,
  };
}
