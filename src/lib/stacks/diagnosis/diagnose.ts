import { relative } from 'node:path';
import { typed } from '../commands.ts';
import type { StackEvent, StackState, StacksPort } from '../port.ts';
import type { Template } from '../template/template.ts';
import { actOf, isRunning, templateOf, type WatchOrder } from '../watch/attach.ts';
import { EventLog } from '../watch/events.ts';
import { statusWords, wayOutOf } from '../watch/status-words.ts';
import { adviceFor, cleanReason } from './causes.ts';
import { failedEvents, findInTemplate, STATE_WORDS, wasCancelled } from './explain.ts';
import { customResourceLog, type FunctionLog, type LogDeps } from './function-log.ts';

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
  /** Of the function behind a failed custom resource; null for all else. */
  readonly log: FunctionLog | null;
}

export interface DiagnosedCause {
  readonly logicalId: string;
  readonly resourceType: string;
  /** The stack that it is in: the nested one, where it is nested. */
  readonly stackName: string;
  readonly reason: string;
  readonly at: string;
  /** Where it is in the template of this machine; null where it is not. */
  readonly file: string | null;
  readonly line: number | null;
}

export interface DiagnoseDeps extends LogDeps {
  readonly port: StacksPort;
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
  const told = failed ? failedEvents({ act, events }) : [];
  const [template, functionLog] = await Promise.all([
    told.length > 0 ? templateOf(order) : undefined,
    told[0] ? customResourceLog(deps, told[0], events) : undefined,
  ]);
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
    causes: told.map((event) => causeOf(event, order.stackName, template)),
    state: failed ? stateOf(state, events, told) : '',
    suggestions: [
      ...new Set(told.flatMap(adviceFor)),
      ...wayOutOf(state.status, state.stackName, where),
      ...(running ? [`To see how it goes on: ${typed('attach', { part: order.part, where })}`] : []),
    ],
    log: functionLog ?? null,
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

function causeOf(event: StackEvent, stackName: string, template: Template | undefined): DiagnosedCause {
  const own = event.stackName === stackName && template;
  const found = own ? findInTemplate(event.logicalId, template) : undefined;
  return {
    logicalId: event.logicalId,
    resourceType: event.resourceType,
    stackName: event.stackName,
    reason: cleanReason(event.reason).text || event.status,
    at: event.at.toISOString(),
    file: own && found ? relative(process.cwd(), template.file) : null,
    line: found?.line ?? null,
  };
}
