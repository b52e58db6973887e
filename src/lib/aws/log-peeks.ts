import {
  type CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { PeekPort } from '../logs/port.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';

/**
 * The newest events of single streams, as a look between two readings wants them.
 *
 * DescribeLogStreams tells of a stream that begins at once, of one that goes on late: `lastEventTimestamp` "typically
 * updates in less than an hour" (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogStream.html;
 * https://github.com/jorgebastida/awslogs/pull/185). GetLogEvents may end a page early, or give an empty one; only the
 * token that was given, come back, is the end
 * (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html).
 *
 * @param now AWS's clock
 */
export function logPeeks(session: AwsSession, client: CloudWatchLogsClient, now: () => number): PeekPort {
  return {
    async streams(group, signal) {
      const command = new DescribeLogStreamsCommand({
        logGroupName: group,
        orderBy: 'LastEventTime',
        descending: true,
      });
      const sent = sentOf(command, now);
      const answer = await unlessGone(() =>
        call(session, 'logs:DescribeLogStreams', () =>
          client.send(command, signal ? { abortSignal: signal } : {}),
        ),
      );
      return (
        answer && {
          sent: sent(),
          streams: (answer.logStreams ?? []).map(
            ({ logStreamName = '', creationTime = 0, lastEventTimestamp = 0, lastIngestionTime = 0 }) => ({
              name: logStreamName,
              newest: Math.max(creationTime, lastEventTimestamp, lastIngestionTime),
            }),
          ),
        }
      );
    },

    async events({ group, stream, from, token }, signal) {
      const command = new GetLogEventsCommand({
        logGroupName: group,
        logStreamName: stream,
        startTime: from,
        startFromHead: true,
        ...(token ? { nextToken: token } : {}),
      });
      const sent = sentOf(command, now);
      const answer = await unlessGone(() =>
        call(session, 'logs:GetLogEvents', () => client.send(command, signal ? { abortSignal: signal } : {})),
      );
      return (
        answer && {
          sent: sent(),
          next: answer.nextForwardToken,
          events: (answer.events ?? []).map(({ timestamp = 0, ingestionTime, message = '' }) => ({
            id: '',
            at: timestamp,
            ingested: ingestionTime,
            group,
            stream,
            message,
          })),
        }
      );
    },
  };
}

async function unlessGone<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (underneath(error).name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

/** When the last attempt of a command went out, once it is done: its turn may have been waited for. */
function sentOf(command: DescribeLogStreamsCommand | GetLogEventsCommand, now: () => number): () => number {
  let sent = now();
  (command as DescribeLogStreamsCommand).middlewareStack.add(
    (next) => (args) => {
      sent = now();
      return next(args);
    },
    { step: 'deserialize', priority: 'low', name: 'infractlSent' },
  );
  return () => sent;
}
