import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageReader } from '../../../src/lib/aws/log-pages.ts';

interface Written {
  readonly eventId: string;
  readonly timestamp: number;
  readonly logStreamName: string;
  readonly message: string;
}

/** The answer in pieces of any size, as a network cuts it. */
function read(answer: object, size: number, indent?: number) {
  const bytes = Buffer.from(JSON.stringify(answer, undefined, indent));
  const reader = new PageReader('g');
  for (let at = 0; at < bytes.length; at += size) reader.add(bytes.subarray(at, at + size));
  return reader.page();
}

const eventsOf = (page: ReturnType<typeof read>) => [...page.batches].flat();

/** What could be taken for the end of an event, if one did not look closely. */
const nasty = fc.constantFrom(
  '},{"eventId":"x"',
  '"},{"message":"',
  '}],"nextToken":"x',
  '},{',
  '\\"},{\\"eventId\\":\\"',
  '"timestamp":7',
  'é\u2028\u0000\u001B[2J\uD83D\uDE00',
  '}],',
);
const message = fc.array(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 30 })), { maxLength: 4 });

describe('a page as it was written', () => {
  it('has every event, whatever is in its messages, wherever the network cuts it', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 40 }),
        fc.integer({ min: 1, max: 200_000 }),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (messages, size, next, searched, spaced) => {
          // Long enough to be cut into several pieces.
          const padding = 'x'.repeat(9000);
          const events = messages.map(
            (parts, index): Written => ({
              eventId: `e${index}`,
              timestamp: index,
              logStreamName: `s${index % 2}`,
              message: `${parts.join('')}${index % 3 === 0 ? padding : ''}`,
            }),
          );
          const answer = {
            events,
            ...(next ? { nextToken: 'more' } : {}),
            ...(searched
              ? {
                  searchedLogStreams: [
                    { logStreamName: 'a', searchedCompletely: true },
                    { logStreamName: 'b', searchedCompletely: true },
                  ],
                }
              : {}),
          };
          // A thousand bytes at least: one by one would take long for nothing.
          const page = read(answer, Math.max(size, 1000), spaced ? 1 : undefined);
          expect(page.next).toBe(next ? 'more' : undefined);
          expect(page.span?.last).toBe(events.at(-1)?.timestamp);
          expect(page.span?.first).toBe(events[0]?.timestamp);
          expect(eventsOf(page)).toEqual(
            events.map(({ eventId, timestamp, logStreamName, message: text }) => ({
              id: eventId,
              at: timestamp,
              group: 'g',
              stream: logStreamName,
              message: text,
            })),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is in order where an emulator gives it stream by stream, and empty where nothing is in it', () => {
    const out = { events: [{ timestamp: 2 }, { timestamp: 1 }] };
    expect(eventsOf(read(out, 10)).map(({ at }) => at)).toEqual([1, 2]);
    expect(eventsOf(read({}, 10))).toEqual([]);
    expect(eventsOf(read({ events: [], nextToken: 'more' }, 5))).toEqual([]);
  });

  it('takes what is no UTF-8 for the sign that stands for it', () => {
    const reader = new PageReader('g');
    reader.add(Buffer.from('{"events":[{"eventId":"e","timestamp":1,"logStreamName":"s","message":"a'));
    reader.add(Buffer.from([0xff, 0xfe]));
    reader.add(Buffer.from('b"}]}'));
    expect(eventsOf(reader.page())[0]?.message).toBe('a��b');
  });

  it('has one of 256 KB whole', () => {
    const long = 'y'.repeat(262_118);
    const events = Array.from({ length: 4 }, (_, index) => ({
      eventId: `e${index}`,
      timestamp: index,
      logStreamName: 's',
      message: long,
    }));
    expect(eventsOf(read({ events }, 65_536)).map((one) => one.message.length)).toEqual([
      262_118, 262_118, 262_118, 262_118,
    ]);
  });
});
