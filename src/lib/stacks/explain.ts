import { basename } from 'node:path';
import { InfractlError } from '../base/errors.ts';
import { adviceFor, cleanReason } from './causes.ts';
import { isStackLevel } from './events.ts';
import type { StackEvent } from './port.ts';
import type { TemplateFacts } from './template.ts';

export interface Failure {
  readonly stackName: string;
  readonly act: 'create' | 'update' | 'delete';
  /** What the stack ended in. Undefined: it is gone. */
  readonly status: string | undefined;
  /** Of this operation, nested stacks included, oldest first. */
  readonly events: readonly StackEvent[];
  readonly template?: Pick<TemplateFacts, 'file' | 'resources'> | undefined;
}

/** Failures that only follow from another one. */
const CANCELLED =
  /^(?:Resource (?:creation|update|deletion) cancelled|.*(?:creation|update|deletion) cancelled\.?$|The following resource\(s\) failed to)/i;

/**
 * The event that everything else follows from: the earliest failure of a resource that was not merely
 * cancelled, in the nested stacks too. Where no resource failed, what the stack itself complains of.
 */
export function firstCause(events: readonly StackEvent[]): StackEvent | undefined {
  const inOrder = [...events].sort((a, b) => a.at.getTime() - b.at.getTime());
  const failed = inOrder.filter((event) => event.status.endsWith('_FAILED') && !isStackLevel(event));
  const own = failed.filter((event) => !CANCELLED.test(event.reason ?? ''));
  // "Embedded stack … was not successfully created" is told better by that stack itself.
  const inside = own.find((event) => event.resourceType !== 'AWS::CloudFormation::Stack');
  const complaint = inOrder.find(
    (event) =>
      isStackLevel(event) &&
      event.reason !== undefined &&
      /ROLLBACK_IN_PROGRESS$|_FAILED$/.test(event.status) &&
      !/user initiated/i.test(event.reason),
  );
  return inside ?? own[0] ?? complaint ?? failed[0];
}

/** A failed operation as an error: the first cause in words, what state the stack is in, what to do. */
export function explainFailure(failure: Failure): InfractlError {
  const cause = firstCause(failure.events);
  const blockers = failure.act === 'delete' ? blockersOf(failure.events) : [];
  const told = blockers.length > 0 ? blockers : cause ? [cause] : [];
  return new InfractlError({
    code: 'StackFailed',
    message: `The stack ${failure.stackName} could not be ${DONE[failure.act]}.`,
    why: [
      ...(told.length > 0
        ? told.map((event) => describe(event, failure))
        : ['AWS gives no reason in its events.']),
      stateWords(failure),
    ].join('\n'),
    suggestions: [...new Set(told.flatMap(adviceFor)), ...wayOut(failure)],
  });
}

const DONE = { create: 'created', update: 'updated', delete: 'deleted' } as const;

/** What keeps a stack from being deleted, each resource once: its last word. */
function blockersOf(events: readonly StackEvent[]): StackEvent[] {
  const last = new Map<string, StackEvent>();
  for (const event of events) {
    if (isStackLevel(event)) continue;
    const key = `${event.stackId} ${event.logicalId}`;
    if (event.status === 'DELETE_FAILED' && !CANCELLED.test(event.reason ?? '')) last.set(key, event);
    else last.delete(key);
  }
  const resources = [...last.values()].filter((event) => event.resourceType !== 'AWS::CloudFormation::Stack');
  return resources.length > 0 ? resources : [...last.values()];
}

/** `Api (AWS::Lambda::Function, template.yaml:12): what AWS says.` */
function describe(event: StackEvent, failure: Failure): string {
  const { text } = cleanReason(event.reason);
  const words = text || event.status;
  if (isStackLevel(event)) return words;
  const nested = event.stackName !== failure.stackName ? ` in ${event.stackName}` : '';
  return `${event.logicalId} (${event.resourceType}${nested || place(event.logicalId, failure)}): ${words}`;
}

/** The template's line of a resource, or of the one that SAM or a macro made it from. */
function place(logicalId: string, { template }: Failure): string {
  if (!template) return '';
  const file = basename(template.file);
  const own = template.resources.get(logicalId);
  if (own) return `, ${file}:${own.line}`;
  let from = '';
  for (const id of template.resources.keys())
    if (logicalId.startsWith(id) && id.length > from.length) from = id;
  return from ? `, made from ${from}, ${file}:${template.resources.get(from)?.line}` : '';
}

const STATE_WORDS: Readonly<Record<string, string>> = {
  ROLLBACK_COMPLETE: 'What was made of it was removed again; the next deploy makes it anew.',
  ROLLBACK_FAILED: 'Removing what was made of it failed too; the next deploy deletes it first.',
  CREATE_FAILED: 'What was made of it is still there; the next deploy deletes it first.',
  UPDATE_ROLLBACK_COMPLETE: 'It is back to what it was before.',
  UPDATE_ROLLBACK_FAILED: 'Taking it back failed too: it stands between the old and the new.',
  UPDATE_FAILED: 'It stands between the old and the new.',
  DELETE_FAILED: 'What else belonged to it is deleted; what stands in the way is left.',
  DELETE_COMPLETE: 'It was deleted by somebody meanwhile.',
};

function stateWords({ status }: Failure): string {
  const words = STATE_WORDS[status ?? 'DELETE_COMPLETE'];
  return words ? `Now: ${status ?? 'gone'}. ${words}` : `Now: ${status}.`;
}

function wayOut({ status, stackName }: Failure): string[] {
  if (status === 'UPDATE_ROLLBACK_FAILED')
    return [
      `Then finish taking it back: aws cloudformation continue-update-rollback --stack-name ${stackName}`,
    ];
  if (status === 'DELETE_FAILED') return ['Then run the same command again.'];
  return [];
}
