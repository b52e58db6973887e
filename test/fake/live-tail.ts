import { EventStreamCodec } from '@smithy/core/event-streams';
import { fromUtf8, toUtf8 } from '@smithy/core/serde';
import type { Context, HttpAnswer } from './server.ts';
import type { StoredEvent } from './state.ts';
import { FakeError, type Parameters } from './wire.ts';

/** A session of Live Tail that runs, for a test to end. */
export interface LiveSession {
  readonly groups: readonly string[];
  /** As a connection that is lost. */
  cut(): void;
  /** As AWS ends it: `SessionTimeoutException`, `SessionStreamingException`. */
  fail(exception: string): void;
  /** From now on it says nothing more, and does not end. */
  stall(): void;
}

export interface LiveTailState {
  /** Events that an update takes; of more, so many are chosen. */
  perUpdate: number;
  sessionMs: number;
  /** Sessions at a time. */
  most: number;
  /** Which events are lost on the way without a word. */
  loses: (event: StoredEvent) => boolean;
  /** Groups of the class INFREQUENT_ACCESS, which have no Live Tail. */
  readonly infrequent: Set<string>;
  readonly open: Set<LiveSession>;
}

export const newLiveTailState = (): LiveTailState => ({
  perUpdate: 500,
  sessionMs: 3 * 3_600_000,
  most: 15,
  loses: () => false,
  infrequent: new Set(),
  open: new Set(),
});

const EVERY = 1000;
const MOST_GROUPS = 10;
const codec = new EventStreamCodec(toUtf8, fromUtf8);

/** StartLiveTail: see README.md. */
export function startLiveTail(
  p: Parameters,
  { state, clock, region }: Context,
  matches: (message: string) => boolean,
): HttpAnswer {
  const arns = (p.logGroupIdentifiers ?? []) as readonly string[];
  const start = `arn:aws:logs:${region}:${state.account}:log-group:`;
  if (arns.length < 1 || arns.length > MOST_GROUPS || arns.some((arn) => !arn.startsWith(start)))
    throw new FakeError(
      'InvalidParameterException',
      'logGroupIdentifiers must be 1 to 10 ARNs of log groups.',
    );
  const groups = arns.map((arn) => arn.slice(start.length));
  const { live } = state.logs;
  for (const group of groups) {
    if (!state.logs.groups.has(group))
      throw new FakeError('ResourceNotFoundException', `The specified log group does not exist: ${group}`);
    if (live.infrequent.has(group))
      throw new FakeError(
        'InvalidOperationException',
        `Live Tail does not support the log class of ${group}.`,
      );
  }
  if (live.open.size >= live.most)
    throw new FakeError('LimitExceededException', 'The account has too many Live Tail sessions.');
  return {
    status: 200,
    headers: { 'content-type': 'application/vnd.amazon.eventstream' },
    stream({ write, end, destroy, onClose }) {
      const began = clock.now();
      const sent = new Set<StoredEvent>();
      const fresh = () =>
        groups.flatMap((group) =>
          (state.logs.groups.get(group) ?? []).flatMap((event) => {
            if (sent.has(event) || (event.readable ?? 0) > clock.now()) return [];
            sent.add(event);
            return [{ group, event }];
          }),
        );
      // What was ingested before is not sent.
      fresh();
      let over = false;
      let stalled = false;
      const close = () => {
        over = true;
        live.open.delete(session);
      };
      const session: LiveSession = {
        groups,
        cut() {
          close();
          destroy();
        },
        fail(exception) {
          write(message('exception', exception, { message: 'The session is over.' }));
          close();
          end();
        },
        stall() {
          stalled = true;
        },
      };
      live.open.add(session);
      onClose(close);
      write(message('event', 'initial-response', {}));
      write(
        message('event', 'sessionStart', {
          requestId: 'request',
          sessionId: 'session',
          logGroupIdentifiers: arns,
        }),
      );
      const tick = () => {
        if (over) return;
        if (clock.now() - began >= live.sessionMs) return session.fail('SessionTimeoutException');
        const found = fresh().filter(({ event }) => matches(event.message) && !live.loses(event));
        if (!stalled) write(message('event', 'sessionUpdate', update(found, live.perUpdate, state.account)));
        clock.after(EVERY, tick);
      };
      clock.after(EVERY, tick);
    },
  };
}

function update(
  found: readonly { readonly group: string; readonly event: StoredEvent }[],
  most: number,
  account: string,
): object {
  const sampled = found.length > most;
  const step = found.length / most;
  const chosen = sampled ? Array.from({ length: most }, (_, n) => found[Math.floor(n * step)]) : found;
  return {
    sessionMetadata: { sampled },
    sessionResults: chosen.flatMap((one) =>
      one
        ? [
            {
              logGroupIdentifier: `${account}:${one.group}`,
              logStreamName: one.event.stream ?? 'stream',
              message: one.event.message,
              timestamp: one.event.at,
              ingestionTime: one.event.readable ?? one.event.at,
            },
          ]
        : [],
    ),
  };
}

function message(type: 'event' | 'exception', name: string, body: object): Uint8Array {
  return codec.encode({
    headers: {
      ':message-type': { type: 'string', value: type },
      [`:${type}-type`]: { type: 'string', value: name },
      ':content-type': { type: 'string', value: 'application/json' },
    },
    body: fromUtf8(JSON.stringify(body)),
  });
}
