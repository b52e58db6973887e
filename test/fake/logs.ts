import { jsonService, required } from './json.ts';
import type { LogsState, StoredEvent } from './state.ts';
import { FakeError, type Parameters } from './wire.ts';

const MOST_EVENTS = 10_000;
const MOST_BYTES = 1_048_576;

/** CloudWatch Logs: groups and their events. See README.md. */
export const logs = jsonService('logs', {
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
      .filter(({ at, readable }) => at >= from && at <= to && (readable ?? at) <= now)
      .sort((a, b) => a.at - b.at || a.index - b.index);
    return page(found, p, state.logs, matches);
  },
});

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
