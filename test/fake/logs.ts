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
    const group = state.logs.groups.get(name);
    if (!group) throw new FakeError('ResourceNotFoundException', 'The specified log group does not exist.');
    const matches = matcher(String(p.filterPattern ?? ''));
    const from = Number(p.startTime ?? 0);
    const to = Number(p.endTime ?? Number.POSITIVE_INFINITY);
    const now = clock.now();
    const found = group
      .map((event, index) => ({ ...event, id: event.id ?? `${name}#${index}`, index }))
      .filter(({ at, readable }) => at >= from && at <= to && (readable ?? 0) <= now)
      .sort((a, b) => a.at - b.at || a.index - b.index);
    return page(found, p, state.logs, matches);
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
