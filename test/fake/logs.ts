import { jsonService, required } from './json.ts';
import { startLiveTail } from './live-tail.ts';
import type { Service } from './server.ts';
import type { LogsState, StoredEvent } from './state.ts';
import { FakeError, type Parameters } from './wire.ts';

const MOST_EVENTS = 10_000;
const MOST_BYTES = 1_048_576;

const api = jsonService('logs', {
  DescribeLogGroups(p, { state, region }) {
    const prefix = String(p.logGroupNamePrefix ?? '');
    const names = [...state.logs.groups.keys()].filter((name) => name.startsWith(prefix)).toSorted();
    const start = Number(p.nextToken ?? 0);
    const end = start + Number(p.limit ?? 50);
    return {
      logGroups: names.slice(start, end).map((logGroupName) => ({
        logGroupName,
        arn: `arn:aws:logs:${region}:${state.account}:log-group:${logGroupName}:*`,
      })),
      ...(end < names.length ? { nextToken: String(end) } : {}),
    };
  },

  FilterLogEvents(p, { state, clock, buckets }) {
    if (!buckets.take('logs:FilterLogEvents', clock.now()))
      throw new FakeError('ThrottlingException', 'Rate exceeded');
    const name = required(p, 'logGroupName');
    const group = groupOf(state.logs, name);
    const matches = matcher(String(p.filterPattern ?? ''));
    const from = Number(p.startTime ?? 0);
    const to = Number(p.endTime ?? Number.POSITIVE_INFINITY);
    const found = readable(group, name, clock.now()).filter(({ at }) => at >= from && at <= to);
    return page(found, p, state.logs, matches);
  },

  DescribeLogStreams(p, { state, clock, buckets }) {
    if (!buckets.take('logs:DescribeLogStreams', clock.now()))
      throw new FakeError('ThrottlingException', 'Rate exceeded');
    const name = required(p, 'logGroupName');
    const byTime = p.orderBy === 'LastEventTime';
    if (byTime && p.logStreamNamePrefix !== undefined)
      throw new FakeError(
        'InvalidParameterException',
        'Cannot order by LastEventTime with a logStreamNamePrefix.',
      );
    const streams = streamsOf(groupOf(state.logs, name), clock.now(), state.logs.streamLagMs)
      .filter(({ logStreamName }) => logStreamName.startsWith(String(p.logStreamNamePrefix ?? '')))
      .sort((a, b) => (byTime ? a.newest - b.newest : a.logStreamName < b.logStreamName ? -1 : 1));
    if (p.descending === true) streams.reverse();
    const start = Number(p.nextToken ?? 0);
    const end = start + Number(p.limit ?? 50);
    return {
      logStreams: streams.slice(start, end).map(({ newest: _, ...stream }) => stream),
      ...(end < streams.length ? { nextToken: String(end) } : {}),
    };
  },

  GetLogEvents(p, { state, clock, buckets }) {
    if (!buckets.take('logs:GetLogEvents', clock.now()))
      throw new FakeError('ThrottlingException', 'Rate exceeded');
    const name = required(p, 'logGroupName');
    const stream = required(p, 'logStreamName');
    const written = readable(groupOf(state.logs, name), name, clock.now()).filter(
      (event) => (event.stream ?? 'stream') === stream,
    );
    if (written.length === 0)
      throw new FakeError('ResourceNotFoundException', 'The specified log stream does not exist.');
    return streamPage(onceEach(written), p, state.logs);
  },

  StartQuery(p, { state, clock }) {
    const groups = p.logGroupNames as readonly string[];
    for (const name of groups)
      if (!state.logs.groups.has(name))
        throw new FakeError('ResourceNotFoundException', `Log group '${name}' does not exist`);
    if (!/^\s*(?:fields|filter|stats|sort|limit|parse|display)\b/.test(String(p.queryString)))
      throw new FakeError('MalformedQueryException', 'unexpected symbol found at line 1 and position 1');
    const queryId = `query-${state.logs.queries.size + 1}`;
    const events = groups.flatMap((name) => state.logs.groups.get(name) ?? []);
    const within = events.filter(
      ({ at }) => at >= Number(p.startTime) * 1000 && at <= Number(p.endTime) * 1000,
    );
    state.logs.queries.set(queryId, { from: clock.now(), events: within, stopped: false });
    return { queryId };
  },

  GetQueryResults(p, { state, clock }) {
    const query = state.logs.queries.get(required(p, 'queryId'));
    if (!query) throw new FakeError('ResourceNotFoundException', 'Query not found');
    const done = clock.now() - query.from >= state.logs.queryMs;
    const bytes = query.events.reduce((sum, { message }) => sum + message.length, 0);
    return {
      status: query.stopped ? 'Cancelled' : done ? 'Complete' : 'Running',
      results: done
        ? query.events.map(({ at, message }) => [
            { field: '@timestamp', value: new Date(at).toISOString() },
            { field: '@message', value: message },
            { field: '@ptr', value: 'opaque' },
          ])
        : [],
      statistics: {
        recordsMatched: query.events.length,
        recordsScanned: query.events.length,
        bytesScanned: bytes,
      },
    };
  },

  StopQuery(p, { state }) {
    const query = state.logs.queries.get(required(p, 'queryId'));
    if (query) query.stopped = true;
    return { success: query !== undefined };
  },
});

/** CloudWatch Logs: groups and their events. See README.md. */
export const logs: Service = {
  ...api,
  handle(action, p, context, request) {
    if (action !== 'StartLiveTail') return api.handle(action, p, context, request);
    return startLiveTail(p, context, matcher(String(p.logEventFilterPattern ?? '')));
  },
};

function groupOf({ groups }: LogsState, name: string): readonly StoredEvent[] {
  const group = groups.get(name);
  if (!group) throw new FakeError('ResourceNotFoundException', 'The specified log group does not exist.');
  return group;
}

/** What can be read by now, in the order of time. */
function readable(group: readonly StoredEvent[], name: string, now: number): Found[] {
  return group
    .map((event, index) => ({ ...event, id: event.id ?? `${name}#${index}`, index }))
    .filter((event) => (event.readable ?? 0) <= now)
    .sort((a, b) => a.at - b.at || a.index - b.index);
}

/** What FilterLogEvents gives a second time is stored once. */
function onceEach(events: readonly Found[]): Found[] {
  return [...new Map(events.toReversed().map((event) => [event.id, event])).values()].toReversed();
}

/** The streams of a group; a stream is made when its first event can be read. */
function streamsOf(group: readonly StoredEvent[], now: number, lag: number) {
  const streams = new Map<string, StoredEvent[]>();
  for (const event of group) {
    if ((event.readable ?? 0) > now) continue;
    const name = event.stream ?? 'stream';
    const events = streams.get(name) ?? [];
    streams.set(name, events);
    events.push(event);
  }
  return [...streams].map(([logStreamName, events]) => {
    const ingested = events.map((event) => event.readable ?? event.at);
    const creationTime = Math.min(...ingested);
    const known = events.filter((event) => (event.readable ?? event.at) + lag <= now);
    const times = known.map(({ at }) => at);
    return {
      logStreamName,
      creationTime,
      newest: Math.max(creationTime, ...times),
      ...(known.length > 0
        ? {
            firstEventTimestamp: Math.min(...times),
            lastEventTimestamp: Math.max(...times),
            lastIngestionTime: Math.max(...known.map((event) => event.readable ?? event.at)),
          }
        : {}),
    };
  });
}

/** A page of one stream from its head on. At the end the token that was given comes back. */
function streamPage(events: readonly Found[], p: Parameters, { pageSize, emptyPages }: LogsState) {
  if (p.startFromHead !== true) throw new Error('the fake reads streams from their head');
  // Like AWS's, a token is a place in time: what is written before it later is behind it.
  const [, at, index, empty] = /^f\/(\d+)\/(-?\d+)\/(e?)$/.exec(String(p.nextToken ?? '')) ?? [];
  const rest = events.filter((event) =>
    at === undefined
      ? event.at >= Number(p.startTime ?? 0) && event.at < Number(p.endTime ?? Number.POSITIVE_INFINITY)
      : event.at > Number(at) || (event.at === Number(at) && event.index > Number(index)),
  );
  const place = at === undefined ? `${Number(p.startTime ?? 0)}/-1` : `${at}/${index}`;
  if (rest.length === 0)
    return { events: [], nextForwardToken: p.nextToken ?? `f/${place}/`, nextBackwardToken: 'b/0/s' };
  if (emptyPages && empty !== 'e')
    return { events: [], nextForwardToken: `f/${place}/e`, nextBackwardToken: 'b/0/s' };
  const shown: Found[] = [];
  let bytes = 0;
  for (const event of rest.slice(0, Math.min(pageSize, MOST_EVENTS))) {
    if (bytes > 0 && bytes + event.message.length > MOST_BYTES) break;
    bytes += event.message.length;
    shown.push(event);
  }
  const last = shown.at(-1) as Found;
  return {
    events: shown.map(({ at: timestamp, readable: ingestionTime = timestamp, message }) => ({
      timestamp,
      ingestionTime,
      message,
    })),
    nextForwardToken: `f/${last.at}/${last.index}/`,
    nextBackwardToken: 'b/0/s',
  };
}

type Found = StoredEvent & { readonly id: string; readonly index: number };

/** One page: it ends at what was looked at, so with a pattern it may be empty and have a next one. */
function page(found: readonly Found[], p: Parameters, state: LogsState, matches: (m: string) => boolean) {
  const token = p.nextToken === undefined ? undefined : JSON.parse(String(p.nextToken));
  const start = token
    ? found.findIndex(({ at, index }) => at > token.at || (at === token.at && index >= token.index))
    : 0;
  const events: object[] = [];
  let bytes = 0;
  let next = start === -1 ? found.length : start;
  for (; next < found.length && next - Math.max(start, 0) < Math.min(state.pageSize, MOST_EVENTS); next++) {
    const { id, at, stream, message, readable } = found[next] as Found;
    if (bytes > 0 && bytes + message.length > MOST_BYTES) break;
    bytes += message.length;
    if (matches(message))
      events.push({
        eventId: id,
        logStreamName: stream ?? 'stream',
        timestamp: at,
        ingestionTime: readable ?? at,
        message,
      });
  }
  const more = found[next];
  return {
    events,
    searchedLogStreams: [],
    ...(more ? { nextToken: JSON.stringify({ at: more.at, index: more.index }) } : {}),
  };
}

/** Terms that must all be there, and `-term` that must not: what the tests use of the pattern syntax. */
function matcher(pattern: string): (message: string) => boolean {
  if (/^[{[%]/.test(pattern.trim()) && !/[}\]%]\s*$/.test(pattern))
    throw new FakeError('InvalidParameterException', 'Invalid filter pattern');
  const terms = [...pattern.matchAll(/(-)?(?:"([^"]*)"|(\S+))/g)].map(([, not, quoted, word]) => ({
    not: not !== undefined,
    text: quoted ?? word ?? '',
  }));
  return (message) => terms.every(({ not, text }) => message.includes(text) !== not);
}
