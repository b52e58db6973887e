import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InfractlError } from '../../../src/lib/base/errors.ts';
import type { StackEvent, StacksPort } from '../../../src/lib/stacks/port.ts';
import { EventLog } from '../../../src/lib/stacks/watch/events.ts';

const ROOT = 'arn:aws:cloudformation:eu-west-3:1:stack/app/1';
const CHILD = 'arn:aws:cloudformation:eu-west-3:1:stack/app-Child/2';

/** AWS's log of two stacks: newest first, in pages whose tokens stay good while events are added. */
class Log {
  readonly events: StackEvent[] = [];
  pageSize = 2;
  /** The calls, by number, that fail as a throttled one does. */
  failing: ReadonlySet<number> = new Set();
  #calls = 0;

  add(stackId: string, logicalId: string, status: string, physicalId = ''): StackEvent {
    const event: StackEvent = {
      eventId: `e${this.events.length}`,
      stackId,
      stackName: stackId === ROOT ? 'app' : 'app-Child',
      logicalId,
      physicalId,
      resourceType: physicalId.startsWith('arn:') ? 'AWS::CloudFormation::Stack' : 'AWS::SNS::Topic',
      status,
      at: new Date(1000 * this.events.length),
    };
    this.events.push(event);
    return event;
  }

  readonly port = {
    events: async (stackId: string, page?: string) => {
      if (this.failing.has(this.#calls++))
        throw Object.assign(new Error('Rate exceeded'), { name: 'Throttling' });
      const own = this.events.filter((event) => event.stackId === stackId);
      // A token says where the page ends, counted from the oldest event, so that new ones do not shift it.
      const end = page === undefined ? own.length : Number(page);
      const start = Math.max(0, end - this.pageSize);
      const events = own.slice(start, end).reverse();
      return start > 0 ? { events, next: String(start) } : { events };
    },
  } as unknown as StacksPort;
}

/** Reads until it succeeds. */
async function read(log: EventLog): Promise<StackEvent[]> {
  for (;;) {
    try {
      return await log.read();
    } catch (error) {
      if (error instanceof InfractlError || (error as Error).name !== 'Throttling') throw error;
    }
  }
}

describe('the log of one operation', () => {
  it('gives every event of both stacks once, whatever the pages, pauses and failures', async () => {
    const batch = fc.array(fc.boolean(), { maxLength: 7 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(batch, { maxLength: 8 }),
        fc.integer({ min: 1, max: 5 }),
        fc.uniqueArray(fc.nat(60), { maxLength: 20 }),
        async (batches, pageSize, failing) => {
          const aws = new Log();
          aws.pageSize = pageSize;
          aws.add(ROOT, 'Old', 'CREATE_COMPLETE');
          aws.add(CHILD, 'OldInside', 'CREATE_COMPLETE');
          const marker = aws.add(ROOT, 'app', 'CREATE_COMPLETE', ROOT);
          const log = new EventLog(aws.port, ROOT, { after: marker });
          aws.failing = new Set(failing);
          aws.add(ROOT, 'app', 'UPDATE_IN_PROGRESS', ROOT);
          aws.add(ROOT, 'Child', 'UPDATE_IN_PROGRESS', CHILD);
          const given: StackEvent[] = [];
          let count = 0;
          for (const inChild of batches) {
            for (const child of inChild) aws.add(child ? CHILD : ROOT, `R${count++}`, 'UPDATE_COMPLETE');
            given.push(...(await read(log)));
          }
          aws.add(CHILD, 'app-Child', 'UPDATE_COMPLETE', CHILD);
          aws.add(ROOT, 'Child', 'UPDATE_COMPLETE', CHILD);
          aws.add(ROOT, 'app', 'UPDATE_COMPLETE', ROOT);
          given.push(...(await read(log)));
          const expected = aws.events.slice(3).map(({ eventId }) => eventId);
          expect(given.map(({ eventId }) => eventId).sort()).toEqual(expected.sort());
          expect(log.end?.status).toBe('UPDATE_COMPLETE');
          expect(log.working).toEqual([]);
        },
      ),
    );
  });

  it('ends with its own end, although another operation began since', async () => {
    const aws = new Log();
    const log = new EventLog(aws.port, ROOT, { after: undefined });
    aws.add(ROOT, 'app', 'UPDATE_IN_PROGRESS', ROOT);
    aws.add(ROOT, 'app', 'UPDATE_ROLLBACK_COMPLETE', ROOT);
    aws.add(ROOT, 'app', 'UPDATE_IN_PROGRESS', ROOT);
    aws.add(ROOT, 'Other', 'UPDATE_IN_PROGRESS');
    expect((await log.read()).map(({ status }) => status)).toEqual([
      'UPDATE_IN_PROGRESS',
      'UPDATE_ROLLBACK_COMPLETE',
    ]);
    expect(log.end?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  it('joined in the middle begins with the event that began it', async () => {
    const aws = new Log();
    aws.add(ROOT, 'app', 'CREATE_IN_PROGRESS', ROOT);
    aws.add(ROOT, 'app', 'CREATE_COMPLETE', ROOT);
    aws.add(ROOT, 'app', 'DELETE_IN_PROGRESS', ROOT);
    aws.add(ROOT, 'A', 'DELETE_IN_PROGRESS');
    const log = new EventLog(aws.port, ROOT, 'operation');
    expect((await log.read()).map(({ logicalId, status }) => `${logicalId} ${status}`)).toEqual([
      'app DELETE_IN_PROGRESS',
      'A DELETE_IN_PROGRESS',
    ]);
    expect(log.working.map(({ path }) => path)).toEqual([['A']]);
    aws.add(ROOT, 'A', 'DELETE_COMPLETE');
    aws.add(ROOT, 'app', 'DELETE_COMPLETE', ROOT);
    expect(await log.read()).toHaveLength(2);
    expect(log.end?.status).toBe('DELETE_COMPLETE');
  });

  it('waits for a nested stack again when a rollback wakes it', async () => {
    const aws = new Log();
    const log = new EventLog(aws.port, ROOT, { after: undefined });
    aws.add(ROOT, 'Child', 'CREATE_IN_PROGRESS', CHILD);
    aws.add(CHILD, 'app-Child', 'CREATE_COMPLETE', CHILD);
    await log.read();
    aws.add(ROOT, 'Child', 'DELETE_IN_PROGRESS', CHILD);
    aws.add(CHILD, 'Inside', 'DELETE_COMPLETE');
    expect((await log.read()).map(({ logicalId }) => logicalId)).toEqual(['Child', 'Inside']);
  });
});
