import { jsonService, required } from './json.ts';
import { FakeError } from './wire.ts';

/** CloudWatch Logs: FilterLogEvents of a whole group, by time, paged. No patterns. */
export const logs = jsonService('logs', {
  FilterLogEvents(p, { state }) {
    const name = required(p, 'logGroupName');
    const group = state.logs.groups.get(name);
    if (!group) throw new FakeError('ResourceNotFoundException', 'The specified log group does not exist.');
    const from = Number(p.startTime ?? 0);
    const to = Number(p.endTime ?? Number.POSITIVE_INFINITY);
    const within = group.filter(({ at }) => at >= from && at <= to);
    const start = Number(p.nextToken ?? 0);
    const end = start + state.logs.pageSize;
    return {
      events: within.slice(start, end).map(({ at, message }, index) => ({
        eventId: String(start + index),
        logStreamName: 'stream',
        timestamp: at,
        message,
      })),
      searchedLogStreams: [],
      ...(end < within.length ? { nextToken: String(end) } : {}),
    };
  },
});
