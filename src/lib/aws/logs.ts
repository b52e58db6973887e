import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { FunctionLogPort } from '../stacks/diagnosis/function-log.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** AWS gives up to 10,000 events a page; a window of minutes with more than ten pages is no reading for people. */
const MOST_PAGES = 10;

/** CloudWatch Logs, as far as explaining a failure needs it. */
export function logsPort(session: AwsSession): FunctionLogPort {
  const client = traced(paced(new CloudWatchLogsClient(session.config), pacingOf(session, 'logs')), session);
  return {
    async lines(group, { from, to }) {
      const found: { at: Date; text: string }[] = [];
      let page: string | undefined;
      let pages = 0;
      try {
        do {
          const nextToken = page;
          const answer = await call(session, 'logs:FilterLogEvents', () =>
            client.send(
              new FilterLogEventsCommand({
                logGroupName: group,
                startTime: from.getTime(),
                endTime: to.getTime(),
                nextToken,
              }),
            ),
          );
          for (const { timestamp, message } of answer.events ?? [])
            found.push({ at: new Date(timestamp ?? 0), text: (message ?? '').trimEnd() });
          page = answer.nextToken;
          pages++;
        } while (page && pages < MOST_PAGES);
      } catch (error) {
        if (underneath(error).name === 'ResourceNotFoundException') return undefined;
        throw error;
      }
      return found;
    },
  };
}
