import type { LogEvent } from './port.ts';

/** A line that goes on with the one before it: of a stack, or of a cause. */
const GOES_ON = /^(?:\s+\S|Caused by: |\.\.\. \d+ more)/;
/** Lines of one stack are written within so many milliseconds. */
export const WITHIN = 100;

/** Whether an event goes on with one before it, as the lines of a stack do that are events of their own. */
export function goesOn(event: LogEvent, before: LogEvent | undefined): boolean {
  return (
    before !== undefined &&
    GOES_ON.test(event.message) &&
    before.group === event.group &&
    before.stream === event.stream &&
    event.at >= before.at &&
    event.at - before.at <= WITHIN
  );
}

/**
 * Events with the lines of a stack behind its first one, where each was logged as an event of its own and others wrote
 * in between. All others keep their order.
 */
export function together(events: readonly LogEvent[]): readonly LogEvent[] {
  if (!events.some(({ message }) => GOES_ON.test(message))) return events;
  /** The newest event of each stream, and what goes on with it. */
  const heads = new Map<string, LogEvent>();
  const behind = new Map<LogEvent, LogEvent[]>();
  const firsts = events.filter((event) => {
    const stream = `${event.group}\n${event.stream}`;
    const head = heads.get(stream);
    if (head && goesOn(event, head)) {
      behind.set(head, [...(behind.get(head) ?? []), event]);
      return false;
    }
    heads.set(stream, event);
    return true;
  });
  return firsts.flatMap((event) => [event, ...(behind.get(event) ?? [])]);
}
