import { isTransient } from '../../aws/errors.ts';
import type { StackEvent, StacksPort } from '../port.ts';
import { isNestedStack, type PlacedEvent, placed } from './events.ts';

export interface EventQuery {
  /** How many, the newest. */
  readonly limit: number;
  /** Failures only. */
  readonly failed: boolean;
}

/**
 * The newest events of a stack and of the stacks nested in it, oldest first. AWS keeps events for 90 days;
 * of a stack that is deleted they are found by its ID only.
 */
export async function recentEvents(
  port: Pick<StacksPort, 'events'>,
  stack: string,
  query: EventQuery,
  path: readonly string[] = [],
): Promise<PlacedEvent[]> {
  const own: PlacedEvent[] = [];
  const nested = new Map<string, readonly string[]>();
  let page: string | undefined;
  do {
    const answer = await port.events(stack, page);
    for (const event of answer.events) {
      // The event around a nested stack's own is newer than those, so a page that is not read hides none.
      const here = placed(event, path);
      if (isNestedStack(event)) nested.set(event.physicalId, here.path);
      if (!query.failed || isFailure(event)) own.push(here);
    }
    page = answer.next;
  } while (page && own.length < query.limit);
  const inside = await Promise.all(
    [...nested].map(([id, inner]) =>
      recentEvents(port, id, query, inner).catch((error: unknown) => {
        if (isTransient(error)) throw error;
        // What happened inside only adds detail: the stack around it tells how it ended.
        return [];
      }),
    ),
  );
  return newest([own.reverse(), ...inside], query.limit);
}

/** Several lists of events, each oldest first, as one in time; the newest of it. */
export function newest(lists: readonly (readonly PlacedEvent[])[], limit: number): PlacedEvent[] {
  // Sorting is stable: events of one instant stay in AWS's order.
  return lists
    .flat()
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .slice(-limit);
}

export function isFailure({ status }: Pick<StackEvent, 'status'>): boolean {
  return status.endsWith('_FAILED');
}
