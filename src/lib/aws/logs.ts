import { DescribeLogGroupsCommand, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { type Clock, systemClock, throwIfAborted } from '../base/clock.ts';
import type { LogsPort, PeekPort } from '../logs/port.ts';
import type { FunctionLogPort } from '../stacks/diagnosis/function-log.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { badFilter } from './log-filters.ts';
import { asWritten } from './log-pages.ts';
import { logPeeks } from './log-peeks.ts';
import { logsClient } from './logs-client.ts';
import type { AwsSession } from './session.ts';

/** A window of minutes with more than ten pages is no reading for people. */
const MOST_PAGES = 10;

/**
 * CloudWatch Logs as `logs` reads it.
 *
 * @param clock another one than the system's is taken for AWS's own time
 */
export function logsReader(session: AwsSession, clock: Clock = systemClock): LogsPort & PeekPort {
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

  const now = () => clock.now() + (Number.isFinite(ahead) ? ahead : 0);

  return {
    now,
    ...logPeeks(session, client, now),

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
      const written = asWritten(command, group, now);
      try {
        await call(session, 'logs:FilterLogEvents', () =>
          client.send(command, signal ? { abortSignal: signal } : {}),
        );
        return written();
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
        for (const { at, message } of [...page.batches].flat())
          found.push({ at: new Date(at), text: message.trimEnd() });
        token = page.next;
        if (!token) break;
      }
      return found;
    },
  };
}
