import {
  DescribeLogGroupsCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandOutput,
} from '@aws-sdk/client-cloudwatch-logs';
import { type Clock, systemClock, throwIfAborted } from '../base/clock.ts';
import type { LogEvent, LogsPort } from '../logs/port.ts';
import type { FunctionLogPort } from '../stacks/diagnosis/function-log.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { badFilter } from './log-filters.ts';
import { logsClient } from './logs-client.ts';
import type { AwsSession } from './session.ts';

/** A window of minutes with more than ten pages is no reading for people. */
const MOST_PAGES = 10;

/**
 * CloudWatch Logs as `logs` reads it.
 *
 * @param clock another one than the system's is taken for AWS's own time
 */
export function logsReader(session: AwsSession, clock: Clock = systemClock): LogsPort {
  const client = logsClient(session);
  /** How far AWS's clock is ahead, in milliseconds. A `Date` has whole seconds, so the largest is nearest. */
  let ahead = Number.NEGATIVE_INFINITY;
  if (clock === systemClock) {
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const { date } = (result.response as { headers?: Record<string, string> } | undefined)?.headers ?? {};
        const told = date ? Date.parse(date) : Number.NaN;
        if (!Number.isNaN(told)) ahead = Math.max(ahead, told - Date.now());
        return result;
      },
      { step: 'deserialize', priority: 'low', name: 'infractlDate' },
    );
  }

  return {
    now: () => clock.now() + (Number.isFinite(ahead) ? ahead : 0),

    async groups(prefix, signal) {
      const found: string[] = [];
      let page: string | undefined;
      do {
        const nextToken = page;
        const answer = await call(session, 'logs:DescribeLogGroups', () =>
          client.send(
            new DescribeLogGroupsCommand({ ...(prefix ? { logGroupNamePrefix: prefix } : {}), nextToken }),
            signal ? { abortSignal: signal } : {},
          ),
        );
        for (const { logGroupName } of answer.logGroups ?? []) if (logGroupName) found.push(logGroupName);
        page = answer.nextToken;
      } while (page);
      return found;
    },

    async page({ group, from, to, pattern, token }, signal) {
      const command = new FilterLogEventsCommand({
        logGroupName: group,
        startTime: from,
        ...(to === undefined ? {} : { endTime: to }),
        ...(pattern ? { filterPattern: pattern } : {}),
        ...(token ? { nextToken: token } : {}),
      });
      const written = asWritten(command);
      try {
        await call(session, 'logs:FilterLogEvents', () =>
          client.send(command, signal ? { abortSignal: signal } : {}),
        );
        const { events: found = [], nextToken } = written();
        const events = found.map(
          ({ eventId, timestamp, logStreamName, message }): LogEvent => ({
            id: eventId ?? '',
            at: timestamp ?? 0,
            group,
            stream: logStreamName ?? '',
            message: message ?? '',
          }),
        );
        return { events: inOrder(events), ...(nextToken ? { next: nextToken } : {}) };
      } catch (error) {
        throwIfAborted(signal);
        const { name, message } = underneath(error);
        if (name === 'ResourceNotFoundException') return undefined;
        if (name === 'InvalidParameterException' && pattern) throw badFilter(pattern, message);
        throw error;
      }
    },
  };
}

/**
 * Takes an answer of a command as it was written: ten thousand events, each read field by field by the SDK's
 * schema, take longer than all else that is done with them. The SDK gets an empty answer to read.
 */
function asWritten(command: FilterLogEventsCommand): () => FilterLogEventsCommandOutput {
  let text = '{}';
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as {
        statusCode: number;
        body: AsyncIterable<Uint8Array> | Uint8Array;
      };
      if (response.statusCode !== 200) return result;
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) chunks.push(chunk);
      text = Buffer.concat(chunks).toString();
      response.body = new Uint8Array(Buffer.from('{}'));
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'infractlAsWritten' },
  );
  return () => JSON.parse(text) as FilterLogEventsCommandOutput;
}

/** AWS sorts a page by time; an emulator may give it stream by stream. */
function inOrder(events: LogEvent[]): LogEvent[] {
  for (let at = 1; at < events.length; at++)
    if ((events[at] as LogEvent).at < (events[at - 1] as LogEvent).at)
      return events.sort((a, b) => a.at - b.at);
  return events;
}

/** CloudWatch Logs, as far as explaining a failure needs it. */
export function logsPort(session: AwsSession): FunctionLogPort {
  const reader = logsReader(session);
  return {
    async lines(group, { from, to }) {
      const found: { at: Date; text: string }[] = [];
      let token: string | undefined;
      for (let pages = 0; pages < MOST_PAGES; pages++) {
        const page = await reader.page({ group, from: from.getTime(), to: to.getTime(), token });
        if (!page) return undefined;
        for (const { at, message } of page.events) found.push({ at: new Date(at), text: message.trimEnd() });
        token = page.next;
        if (!token) break;
      }
      return found;
    },
  };
}
