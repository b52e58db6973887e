import type { StackEvent, StacksPort } from '../port.ts';
import { succeeded } from '../states.ts';
import { isStackLevel } from './events.ts';

/** How an operation on a stack ended. */
export interface OperationEnd {
  /** What it did; undefined: it failed, was taken back or was cancelled. */
  readonly outcome: 'created' | 'updated' | undefined;
  /** The stack's status right after it. */
  readonly status: string;
  readonly at: Date;
}

/** So many pages of a stack's events are read at the most: AWS gives 100 on each. */
const MOST_PAGES = 50;

/**
 * How an operation ended that nobody followed: from the stack's own events, from the one that began it (by its
 * client request token) to the first final status after it. DescribeStackEvents.
 *
 * @param stackId the ARN: by it events are found for 90 days, also of a stack that is deleted
 * @returns undefined while it runs, and where its events are not there any more
 */
export async function operationEnd(
  port: Pick<StacksPort, 'events'>,
  stackId: string,
  token: string,
): Promise<OperationEnd | undefined> {
  let end: StackEvent | undefined;
  let page: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const answer = await port.events(stackId, page);
    for (const event of answer.events.filter(isStackLevel)) {
      // Newest first: what is seen last before the beginning is the first one after it.
      if (!event.status.endsWith('_IN_PROGRESS')) end = event;
      if (event.token !== token || !/^(?:CREATE|UPDATE)_IN_PROGRESS$/.test(event.status)) continue;
      if (!end) return undefined;
      const did = event.status.startsWith('CREATE') ? 'created' : 'updated';
      return { outcome: succeeded(end.status) ? did : undefined, status: end.status, at: end.at };
    }
    page = answer.next;
    if (!page) return undefined;
  }
  return undefined;
}
