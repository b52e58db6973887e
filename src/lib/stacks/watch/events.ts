import { isTransient } from '../../aws/errors.ts';
import type { ReportEvent } from '../../base/report.ts';
import type { StackEvent, StacksPort } from '../port.ts';
import { isFinal } from '../states.ts';

const STACK_TYPE = 'AWS::CloudFormation::Stack';

/** Whether an event is about its stack as a whole. */
export function isStackLevel(event: StackEvent): boolean {
  return event.resourceType === STACK_TYPE && event.physicalId === event.stackId;
}

/** Whether an event of one stack is about another that is nested in it. */
export function isNestedStack(event: StackEvent): boolean {
  return event.resourceType === STACK_TYPE && !isStackLevel(event) && event.physicalId.startsWith('arn:');
}

/** An event, and where in the tree of nested stacks it happened. */
export interface PlacedEvent extends StackEvent {
  /** Logical ids from the outermost stack down to the resource; empty: that stack itself. */
  readonly path: readonly string[];
}

/** An event of a stack that is nested as `stackPath` says. */
export function placed(event: StackEvent, stackPath: readonly string[]): PlacedEvent {
  return { ...event, path: isStackLevel(event) ? stackPath : [...stackPath, event.logicalId] };
}

/** A resource in its nested stacks, as people read it: `Database › Instance`. */
export function pathWords(path: readonly string[]): string {
  return path.join(' › ');
}

/** An event as progress reports it, of a part of the project. */
export function reportedEvent(
  part: string,
  event: PlacedEvent,
): Extract<ReportEvent, { type: 'stack.event' }> {
  return {
    type: 'stack.event',
    part,
    stack: event.stackName,
    path: event.path,
    logicalId: event.logicalId,
    resourceType: event.resourceType,
    status: event.status,
    ...(event.reason ? { reason: event.reason } : {}),
    at: event.at.toISOString(),
  };
}

/** Where to begin: behind an event, or with the event that began the newest operation. */
export type From = { readonly after: StackEvent | undefined } | 'operation';

/** A nested stack is read from the time when the operation on the stack around it began. */
type CursorFrom = From | { readonly since: Date };

/** Reads a stack's events, each once, oldest first. */
class Cursor {
  readonly stackId: string;
  readonly #from: CursorFrom;
  readonly #seen = new Set<string>();

  constructor(stackId: string, from: CursorFrom) {
    this.stackId = stackId;
    this.#from = from;
  }

  /** Events that came since the last look. What was read counts as seen only when every page of it was. */
  async fresh(port: StacksPort): Promise<StackEvent[]> {
    const found: StackEvent[] = [];
    let page: string | undefined;
    let done = false;
    do {
      const answer = await port.events(this.stackId, page);
      for (const event of answer.events) {
        done = this.#seen.has(event.eventId) || this.#isBefore(event);
        if (done) break;
        found.push(event);
        done = this.#from === 'operation' && this.#seen.size === 0 && isStart(event);
        if (done) break;
      }
      page = answer.next;
    } while (page && !done);
    for (const event of found) this.#seen.add(event.eventId);
    return found.reverse();
  }

  #isBefore(event: StackEvent): boolean {
    if (this.#from === 'operation') return false;
    if ('since' in this.#from) return event.at < this.#from.since;
    // Of a new stack all is new but the change set that made it.
    if (!this.#from.after) return event.status === 'REVIEW_IN_PROGRESS';
    const { after } = this.#from;
    // A nested stack has other ids, but everything of an older operation is older than the parent's end.
    return event.stackId === after.stackId
      ? event.eventId === after.eventId || event.at < after.at
      : event.at <= after.at;
  }
}

function isStart(event: StackEvent): boolean {
  return isStackLevel(event) && /^(CREATE|UPDATE|DELETE|IMPORT)_IN_PROGRESS$/.test(event.status);
}

/** A stack in an operation, and its place in the tree. */
interface Nested {
  readonly cursor: Cursor;
  readonly path: readonly string[];
  active: boolean;
}

/** The events of one operation on a stack and on the stacks nested in it, as they come. */
export class EventLog {
  /** Everything read so far, in the order in which it was read. */
  readonly all: PlacedEvent[] = [];
  readonly #port: StacksPort;
  readonly #root: Cursor;
  readonly #from: From;
  readonly #nested = new Map<string, Nested>();
  readonly #working = new Map<string, PlacedEvent>();
  readonly #pending: PlacedEvent[] = [];
  #end: StackEvent | undefined;
  #began: Date | undefined;

  constructor(port: StacksPort, stackId: string, from: From) {
    this.#port = port;
    this.#from = from;
    this.#root = new Cursor(stackId, from);
  }

  /** The event that ended the operation. */
  get end(): StackEvent | undefined {
    return this.#end;
  }

  /** The stack's own newest status. */
  get status(): string | undefined {
    return this.all.findLast((event) => isStackLevel(event) && event.stackId === this.#root.stackId)?.status;
  }

  /**
   * The resources that AWS works on now, each by the event that began it, the oldest first. Of a nested stack
   * what is worked on inside it, where something is.
   */
  get working(): PlacedEvent[] {
    const all = [...this.#working.values()];
    const holds = (outer: PlacedEvent) => all.some(({ stackId }) => stackId === outer.physicalId);
    return all.filter((event) => !isNestedStack(event) || !holds(event));
  }

  /**
   * What is new, oldest first, nested stacks included. Nothing after the operation's end. When a call
   * fails, what the others gave is kept for the next time.
   */
  async read(): Promise<PlacedEvent[]> {
    this.#note(await this.#root.fresh(this.#port), []);
    // A nested stack that appears in these events may hold stacks itself.
    for (const read = new Set<string>(); ; ) {
      const due = [...this.#nested.values()].filter(
        ({ active, cursor }) => active && !read.has(cursor.stackId),
      );
      if (due.length === 0) break;
      for (const { cursor } of due) read.add(cursor.stackId);
      await Promise.all(due.map((nested) => this.#readNested(nested)));
    }
    // Sorting is stable: events of one instant stay in AWS's order.
    const fresh = this.#pending.splice(0).sort((a, b) => a.at.getTime() - b.at.getTime());
    this.all.push(...fresh);
    return fresh;
  }

  async #readNested(nested: Nested): Promise<void> {
    const { stackId } = nested.cursor;
    let events: StackEvent[];
    try {
      events = await nested.cursor.fresh(this.#port);
    } catch (error) {
      if (isTransient(error)) throw error;
      // What happens inside it only adds detail: its parent tells how it ends.
      nested.active = false;
      return;
    }
    this.#note(events, nested.path);
    if (events.some((event) => isStackLevel(event) && event.stackId === stackId && isFinal(event.status)))
      nested.active = false;
  }

  #note(events: readonly StackEvent[], stackPath: readonly string[]): void {
    const root = stackPath.length === 0;
    for (const event of events) {
      if (root && this.#end && !this.#isResumed(event)) return;
      const here = placed(event, stackPath);
      this.#pending.push(here);
      if (root) this.#began ??= event.at;
      if (isStackLevel(event)) {
        if (root) this.#end = isFinal(event.status) ? event : undefined;
        continue;
      }
      this.#noteWork(here);
      if (isNestedStack(event)) this.#noteNested(here);
    }
  }

  #noteWork(event: PlacedEvent): void {
    const key = `${event.stackId} ${event.logicalId}`;
    const began = this.#working.get(key);
    if (isFinal(event.status)) this.#working.delete(key);
    // A second event of the same work only brings the physical id.
    else if (began?.status === event.status) this.#working.set(key, { ...event, at: began.at });
    else this.#working.set(key, event);
  }

  /** A rollback that failed and was told to go on belongs to the operation that it takes back. */
  #isResumed(event: StackEvent): boolean {
    return this.#from === 'operation' && isStackLevel(event) && /ROLLBACK_IN_PROGRESS$/.test(event.status);
  }

  /** A rollback or a deletion wakes a nested stack again. */
  #noteNested(event: PlacedEvent): void {
    const known = this.#nested.get(event.physicalId);
    if (known) known.active ||= !isFinal(event.status);
    else {
      const after = this.#from === 'operation' ? undefined : this.#from.after;
      // Its own newest operation may be the deletion that followed its failure.
      const from = after ? { after } : { since: this.#began ?? event.at };
      this.#nested.set(event.physicalId, {
        cursor: new Cursor(event.physicalId, from),
        path: event.path,
        active: true,
      });
    }
  }
}
