import { basename } from 'node:path';
import { type ErrorFacts, InfractlError } from '../../base/errors.ts';
import { typed } from '../commands.ts';
import type { StackEvent } from '../port.ts';
import type { TemplateFacts } from '../template/template.ts';
import { isStackLevel, pathWords } from '../watch/events.ts';
import { adviceFor, causeOf, cleanReason } from './causes.ts';

const STACK_TYPE = 'AWS::CloudFormation::Stack';

/** An event with its place in the tree of nested stacks, where that is known. */
export type FailedEvent = StackEvent & { readonly path?: readonly string[] };

export interface Failure {
  /** The part's name in messages: `stack app`. */
  readonly part: string;
  /** See `Target`. */
  readonly where?: string | undefined;
  readonly stackName: string;
  readonly act: 'create' | 'update' | 'delete';
  /** What the stack ended in. Undefined: it is gone. */
  readonly status: string | undefined;
  /** Of this operation, nested stacks included, oldest first. */
  readonly events: readonly FailedEvent[];
  readonly template?: Pick<TemplateFacts, 'file' | 'resources'> | undefined;
}

/** Failures that only follow from another one. */
const CANCELLED =
  /^(?:Resource (?:creation|update|deletion) cancelled|.*(?:creation|update|deletion) cancelled\.?$|The following resource\(s\) failed to)/i;

/**
 * The event that everything else follows from: the earliest failure of a resource that was not merely
 * cancelled, in the nested stacks too. Where no resource failed, what the stack itself complains of.
 */
export function firstCause(events: readonly FailedEvent[]): FailedEvent | undefined {
  const inOrder = [...events].sort((a, b) => a.at.getTime() - b.at.getTime());
  const failed = inOrder.filter((event) => event.status.endsWith('_FAILED') && !isStackLevel(event));
  const own = failed.filter((event) => !CANCELLED.test(event.reason ?? ''));
  // "Embedded stack … was not successfully created" is told better by that stack itself.
  const inside = own.find((event) => event.resourceType !== STACK_TYPE);
  const complaint = inOrder.find(
    (event) =>
      isStackLevel(event) &&
      event.reason !== undefined &&
      /ROLLBACK_IN_PROGRESS$|_FAILED$/.test(event.status) &&
      !/user initiated/i.test(event.reason),
  );
  return inside ?? own[0] ?? complaint ?? failed[0];
}

/**
 * Why an operation failed: its first cause, then what else failed by itself before it was taken back; where
 * taking it back failed too, what stands in its way; of a deletion all that does.
 */
export function failedEvents(failure: Pick<Failure, 'act' | 'events' | 'status'>): FailedEvent[] {
  const { act, events, status } = failure;
  const blockers = act === 'delete' ? blockersOf(events, 'DELETE_FAILED') : [];
  if (blockers.length > 0) return blockers;
  const cause = firstCause(events);
  const stuck = /ROLLBACK_FAILED$/.test(status ?? '')
    ? blockersOf(events.filter((event) => isOfRollback(event, failure)))
    : [];
  if (!cause || wasCancelled(events, cause)) return stuck;
  const own = ownFailures(events.filter((event) => !isOfRollback(event, failure)));
  return [...new Set([cause, ...own, ...stuck])];
}

/**
 * Whether an event belongs to taking the operation back. What fails in the moment when that begins is what it
 * began for; a creation is taken back by deletions alone.
 */
export function isOfRollback(event: FailedEvent, { act, events }: Pick<Failure, 'act' | 'events'>): boolean {
  const root = events.find(isStackLevel)?.stackId;
  const turn = events.find(
    (one) => isStackLevel(one) && one.stackId === root && one.status.endsWith('ROLLBACK_IN_PROGRESS'),
  );
  if (!turn || event.at <= turn.at) return false;
  return act !== 'create' || event.status.startsWith('DELETE');
}

/** Resources that failed by themselves; a nested stack says no more than what is in it. */
function ownFailures(events: readonly FailedEvent[]): FailedEvent[] {
  const own = events.filter(
    (event) =>
      event.status.endsWith('_FAILED') && !isStackLevel(event) && !CANCELLED.test(event.reason ?? ''),
  );
  const inside = own.filter(({ resourceType }) => resourceType !== STACK_TYPE);
  return inside.length > 0 ? inside : own;
}

/** A failed operation, with what it was made of: so that more can be looked up about it. */
export class StackFailure extends InfractlError {
  readonly failure: Failure;

  constructor(facts: Omit<ErrorFacts, 'code'>, failure: Failure) {
    super({ ...facts, code: 'StackFailed' });
    this.failure = failure;
  }
}

/** A failed operation as an error: the first cause in words, what state the stack is in, what to do. */
export function explainFailure(failure: Failure): StackFailure {
  const told = failedEvents(failure);
  return failureOf(failure, {
    causes: told.flatMap((event) => {
      const why = causeOf(event)?.why;
      return [describe(event, failure), ...(why ? [why] : [])];
    }),
    advice: [
      ...told.flatMap(adviceFor),
      ...(told.some(isCustom) ? [`Its log, if it is a Lambda function: ${typed('explain', failure)}`] : []),
    ],
  });
}

/** @param told the causes in lines, and what to do about them */
export function failureOf(
  failure: Failure,
  told: { readonly causes: readonly string[]; readonly advice: readonly string[] },
): StackFailure {
  const none = wasCancelled(failure.events)
    ? ['Somebody cancelled it.']
    : isGoing(failure)
      ? []
      : ['AWS gives no reason in its events.'];
  return new StackFailure(
    {
      message: `The stack ${failure.stackName} could not be ${DONE[failure.act]}.`,
      why: [...(told.causes.length > 0 ? told.causes : none), stateWords(failure)].join('\n'),
      suggestions: [...new Set(told.advice), ...wayOut(failure)],
    },
    failure,
  );
}

/**
 * Whether a person ended the operation, and no resource had failed before: CancelUpdateStack, or DeleteStack
 * during a creation.
 */
export function wasCancelled(events: readonly StackEvent[], cause = firstCause(events)): boolean {
  if (cause && !isStackLevel(cause) && !CANCELLED.test(cause.reason ?? '')) return false;
  const begun = events.find(isStackLevel);
  return events.some(
    (event) =>
      event !== begun &&
      isStackLevel(event) &&
      event.stackId === begun?.stackId &&
      /^(?:UPDATE_ROLLBACK|DELETE)_IN_PROGRESS$/.test(event.status) &&
      /^User Initiated/i.test(event.reason ?? ''),
  );
}

/** Whether a resource is made by code of the template's own. */
export function isCustom({ resourceType }: Pick<StackEvent, 'resourceType'>): boolean {
  return resourceType.startsWith('Custom::') || resourceType === 'AWS::CloudFormation::CustomResource';
}

const DONE = { create: 'created', update: 'updated', delete: 'deleted' } as const;

/** What stands in the way, each resource once: its last word. */
function blockersOf(events: readonly FailedEvent[], status?: string): FailedEvent[] {
  const last = new Map<string, FailedEvent>();
  for (const event of events) {
    if (isStackLevel(event)) continue;
    const key = `${event.stackId} ${event.logicalId}`;
    const failed = status ? event.status === status : event.status.endsWith('_FAILED');
    if (failed && !CANCELLED.test(event.reason ?? '')) last.set(key, event);
    else last.delete(key);
  }
  const resources = [...last.values()].filter((event) => event.resourceType !== STACK_TYPE);
  return resources.length > 0 ? resources : [...last.values()];
}

/** `Api (AWS::Lambda::Function, template.yaml:12): what AWS says.` */
function describe(event: FailedEvent, failure: Failure): string {
  const nested = event.stackName !== failure.stackName;
  return causeLine(event, failure, nested ? '' : place(event.logicalId, failure));
}

/** @param place where it is in a template, each after a comma; empty where that is not known */
export function causeLine(event: FailedEvent, failure: Failure, place: string): string {
  const { text } = cleanReason(event.reason);
  const words = text || event.status;
  if (isStackLevel(event)) return words;
  const nested = event.stackName !== failure.stackName && !place ? ` in ${event.stackName}` : '';
  const back = isOfRollback(event, failure) ? 'Taking it back failed at ' : '';
  const name = event.path ? pathWords(event.path) : event.logicalId;
  return `${back}${name} (${event.resourceType}${nested || place}): ${words}`;
}

function place(logicalId: string, { template }: Failure): string {
  const found = template && findInTemplate(logicalId, template);
  if (!found) return '';
  const line = `${basename(template.file)}:${found.line}`;
  return found.id === logicalId ? `, ${line}` : `, made from ${found.id}, ${line}`;
}

/** The resource in the template, or the one that SAM or a macro made it from. */
export function findInTemplate(
  logicalId: string,
  { resources }: Pick<TemplateFacts, 'resources'>,
): { readonly id: string; readonly line: number } | undefined {
  const own = resources.get(logicalId);
  if (own) return { id: logicalId, line: own.line };
  let from = '';
  for (const id of resources.keys()) if (logicalId.startsWith(id) && id.length > from.length) from = id;
  const line = resources.get(from)?.line;
  return line === undefined ? undefined : { id: from, line };
}

/** What a stack is in after a failure, in words. */
export const STATE_WORDS: Readonly<Record<string, string>> = {
  ROLLBACK_IN_PROGRESS: 'AWS removes what was made of it.',
  UPDATE_ROLLBACK_IN_PROGRESS: 'AWS brings it back to what it was before.',
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS:
    'It is back to what it was before; AWS removes what the update made.',
  IMPORT_ROLLBACK_IN_PROGRESS: 'AWS takes the import back.',
  ROLLBACK_COMPLETE: 'What was made of it was removed again; the next deploy makes it anew.',
  ROLLBACK_FAILED: 'Removing what was made of it failed too; the next deploy deletes it first.',
  CREATE_FAILED: 'What was made of it is still there; the next deploy deletes it first.',
  UPDATE_ROLLBACK_COMPLETE: 'It is back to what it was before.',
  UPDATE_ROLLBACK_FAILED: 'Taking it back failed too: it stands between the old and the new.',
  UPDATE_FAILED: 'It stands between the old and the new.',
  DELETE_FAILED: 'What else belonged to it is deleted; what stands in the way is left.',
  DELETE_IN_PROGRESS: 'Somebody deletes it.',
  DELETE_COMPLETE: 'It was deleted by somebody meanwhile.',
};

function stateWords({ status }: Failure): string {
  const words = STATE_WORDS[status ?? 'DELETE_COMPLETE'];
  return words ? `Now: ${status ?? 'gone'}. ${words}` : `Now: ${status}.`;
}

/** Whether somebody deleted the stack from under what was done to it. */
function isGoing({ act, status = 'DELETE_COMPLETE' }: Failure): boolean {
  return act !== 'delete' && /^DELETE_(?:COMPLETE|IN_PROGRESS)$/.test(status);
}

function wayOut(failure: Failure): string[] {
  const { part, status, where = '' } = failure;
  if (isGoing(failure))
    return [
      ...(status === 'DELETE_IN_PROGRESS' ? [`See how it ends: ${typed('attach', { part, where })}`] : []),
      `If that was not meant, create it anew: infractl deploy --create-stack${where}`,
    ];
  if (status === 'UPDATE_ROLLBACK_FAILED')
    return [
      `When that is mended, finish taking it back and deploy: infractl deploy --create-stack${where} --continue-rollback`,
    ];
  if (status === 'DELETE_FAILED') return ['Then run the same command again.'];
  return [];
}
