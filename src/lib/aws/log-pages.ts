import type { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { LogEvent, LogPage } from '../logs/port.ts';

/** An event as FilterLogEvents writes it. */
interface Written {
  readonly eventId?: string;
  readonly timestamp?: number;
  readonly ingestionTime?: number;
  readonly logStreamName?: string;
  readonly message?: string;
}

const BEGINNING = '{"events":[';
/** Between two events: what stands in a message has its quotes escaped, and no quote that ends one comes before a letter. */
const BETWEEN = Buffer.from('},{"');
/** Behind the last one. */
const END = Buffer.from('}],"');
/** A quote within a message is escaped: what is found is a key. */
const TIME = /"timestamp":(\d+)/;
const KEY = /^(?:eventId|ingestionTime|logStreamName|message|timestamp)":/;
const OPEN = '['.charCodeAt(0);
const CLOSE = ']'.charCodeAt(0);
/** Events are made of about so many bytes at a time. */
const PIECE = 49_152;
/** More than most pages have: AWS ends them at 1 MB of messages. */
const PAGE = 3 * 1_048_576;

/** Buffers of pages that were gone through, for the next ones: what is thrown away is long in memory. */
const spare: Buffer[] = [];
const MOST_SPARE = 8;

/**
 * Keeps an answer of FilterLogEvents as the bytes that came in, cut where events end, so that they are made of it some
 * hundred at a time when they are wanted: ten thousand, several pages ahead, would fill the memory with what is not
 * looked at yet. An answer that is written in another way than AWS writes it is read as a whole.
 */
export class PageReader {
  readonly #group: string;
  readonly #sent: number | undefined;
  #bytes = spare.pop() ?? Buffer.allocUnsafeSlow(PAGE);
  #length = 0;
  /** Where pieces begin and end; each is whole events with commas between them. */
  readonly #pieces: (readonly [from: number, to: number])[] = [];
  /** Where that begins which was not cut yet. */
  #rest = 0;
  #cutting = true;

  /** @param sent when the page was asked for */
  constructor(group: string, sent?: number) {
    this.#group = group;
    this.#sent = sent;
  }

  add(chunk: Uint8Array): void {
    const before = this.#length;
    this.#append(chunk);
    if (!this.#cutting || this.#length < BEGINNING.length) return;
    if (this.#rest === 0) {
      this.#cutting = this.#bytes.toString('latin1', 0, BEGINNING.length) === BEGINNING;
      this.#rest = BEGINNING.length;
    }
    // Behind the events there may be lists of other things.
    const fresh = this.#bytes.subarray(Math.max(this.#rest, before - END.length), this.#length);
    if (fresh.includes(END)) this.#cutting = false;
    if (this.#cutting && this.#length - this.#rest >= PIECE) this.#cut();
  }

  /** @throws SyntaxError where it is no JSON */
  page(): LogPage {
    const cut = this.#pieces.length > 0;
    const text = this.#text(cut ? this.#rest : 0, this.#length);
    const { events = [], nextToken } = JSON.parse(cut ? BEGINNING + text : text || '{}') as {
      events?: Written[];
      nextToken?: string;
    };
    const tail = this.#read(events);
    if (!cut) {
      this.#release();
      return { ...pageOf(inOrder(tail), nextToken, this.#length), sent: this.#sent };
    }
    const head = this.#text(...(this.#pieces[0] as readonly [number, number]));
    return {
      batches: this.#batches(tail),
      size: this.#length,
      sent: this.#sent,
      span: { first: Number(TIME.exec(head)?.[1] ?? 0), last: tail.at(-1)?.at ?? 0 },
      ...(nextToken ? { next: nextToken } : {}),
    };
  }

  *#batches(tail: readonly LogEvent[]): Generator<readonly LogEvent[]> {
    for (const [from, to] of this.#pieces) {
      // In place of what stands around them: putting texts together would copy them.
      this.#bytes[from - 1] = OPEN;
      this.#bytes[to] = CLOSE;
      yield this.#read(JSON.parse(this.#text(from - 1, to + 1)) as Written[]);
    }
    this.#release();
    yield tail;
  }

  #text(from: number, to: number): string {
    return this.#bytes.toString('utf8', from, to);
  }

  #append(chunk: Uint8Array): void {
    if (this.#length + chunk.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow((this.#length + chunk.length) * 2);
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length += chunk.length;
  }

  /** Cuts behind the last event that is there as a whole. */
  #cut(): void {
    const end = lastEnd(this.#bytes.subarray(this.#rest, this.#length));
    if (end === -1) return;
    this.#pieces.push([this.#rest, this.#rest + end + 1]);
    this.#rest += end + 2;
  }

  #release(): void {
    if (this.#bytes.length === PAGE && spare.length < MOST_SPARE) spare.push(this.#bytes);
    this.#bytes = Buffer.alloc(0);
  }

  #read(written: readonly Written[]): LogEvent[] {
    const group = this.#group;
    let stream = '';
    return written.map(({ eventId = '', timestamp = 0, ingestionTime, logStreamName = '', message = '' }) => {
      // One text for all events of a stream that come together.
      if (logStreamName !== stream) stream = logStreamName;
      return { id: eventId, at: timestamp, ingested: ingestionTime, group, stream, message };
    });
  }
}

/** A page of events that are there. */
export function pageOf(events: readonly LogEvent[], next?: string, size = events.length): LogPage {
  const [first, last] = [events[0], events.at(-1)];
  return {
    batches: first ? [events] : [],
    size,
    ...(first && last ? { span: { first: first.at, last: last.at } } : {}),
    ...(next ? { next } : {}),
  };
}

/** Where the last event that is followed by another one ends; -1 where none does. */
function lastEnd(bytes: Buffer): number {
  for (let at = bytes.lastIndexOf(BETWEEN); at > 0; at = bytes.lastIndexOf(BETWEEN, at - 1)) {
    const key = at + BETWEEN.length;
    if (KEY.test(bytes.toString('latin1', key, key + 16))) return at;
  }
  return -1;
}

/** AWS sorts a page by time; an emulator may give it stream by stream. */
function inOrder(events: LogEvent[]): LogEvent[] {
  for (let at = 1; at < events.length; at++)
    if ((events[at] as LogEvent).at < (events[at - 1] as LogEvent).at)
      return events.sort((a, b) => a.at - b.at);
  return events;
}

/**
 * Takes the answer of a command as it was written: ten thousand events, each read field by field by the SDK's
 * schema, take longer than all else that is done with them. The SDK gets an empty answer to read.
 *
 * @param now AWS's clock
 * @returns what was answered, once the command is done
 */
export function asWritten(command: FilterLogEventsCommand, group: string, now: () => number): () => LogPage {
  let reader: PageReader | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const sent = now();
      const result = await next(args);
      const response = result.response as {
        statusCode: number;
        body: AsyncIterable<Uint8Array> | Uint8Array;
      };
      if (response.statusCode !== 200) return result;
      // Each attempt has its own: one that broke off may have left something.
      reader = new PageReader(group, sent);
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) reader.add(chunk);
      response.body = new Uint8Array(Buffer.from('{}'));
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'infractlAsWritten' },
  );
  return () => reader?.page() ?? pageOf([]);
}
