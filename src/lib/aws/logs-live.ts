import { CloudWatchLogsClient, StartLiveTailCommand } from '@aws-sdk/client-cloudwatch-logs';
import { throwIfAborted } from '../base/clock.ts';
import type { LiveTailPort, LogEvent } from '../logs/port.ts';
import { call } from './call.ts';
import { awsError, underneath } from './errors.ts';
import { badFilter } from './log-filters.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

const ACTION = 'logs:StartLiveTail';

/**
 * Live Tail. AWS serves it at a host of its own, whose name the SDK makes by itself; where an endpoint is set, it is
 * that one's host that is asked.
 */
export function liveTail(session: AwsSession): LiveTailPort {
  async function arns(groups: readonly string[]): Promise<string[]> {
    const { account, arn } = await session.identity();
    const partition = arn.split(':')[1] ?? 'aws';
    return groups.map((group) => `arn:${partition}:logs:${session.region}:${account}:log-group:${group}`);
  }

  return {
    async *session(groups, pattern, signal) {
      // A client of its own: its connection stays open, and ends with it.
      const client = traced(
        new CloudWatchLogsClient({ ...session.config, disableHostPrefix: session.endpoint !== undefined }),
        session,
      );
      const close = () => client.destroy();
      signal?.addEventListener('abort', close, { once: true });
      try {
        const command = new StartLiveTailCommand({
          logGroupIdentifiers: await arns(groups),
          ...(pattern ? { logEventFilterPattern: pattern } : {}),
        });
        const { responseStream } = await call(session, ACTION, () =>
          client.send(command, signal ? { abortSignal: signal } : {}),
        );
        for await (const { sessionUpdate } of responseStream ?? []) {
          if (!sessionUpdate) continue;
          const { sessionResults = [], sessionMetadata } = sessionUpdate;
          const events = sessionResults.map(
            ({
              logGroupIdentifier = '',
              logStreamName = '',
              timestamp = 0,
              ingestionTime,
              message = '',
            }): LogEvent => ({
              id: '',
              at: timestamp,
              ingested: ingestionTime,
              group: groupOf(logGroupIdentifier),
              stream: logStreamName,
              message,
            }),
          );
          yield { events, sampled: sessionMetadata?.sampled ?? false };
        }
        throw brokenOff('The stream ended before its time.');
      } catch (error) {
        throwIfAborted(signal);
        const { name, message } = underneath(error);
        if (name === 'SessionTimeoutException') return;
        if (name === 'InvalidParameterException' && pattern && /pattern/i.test(message))
          throw badFilter(pattern, message);
        throw awsError(isBrokenOff(name) ? brokenOff(message, error) : error, ACTION, session);
      } finally {
        signal?.removeEventListener('abort', close);
        close();
      }
    },
  };
}

/** `name`, `123456789012:name`, or an ARN: names have no colon. */
function groupOf(identifier: string): string {
  return identifier.replace(/:\*$/, '').split(':').at(-1) ?? '';
}

/** What ends a stream in the middle: Node names a connection that closed early so, AWS a failure of its own. */
function isBrokenOff(name: string): boolean {
  return name === 'SessionStreamingException' || name === 'Error' || name === 'AbortError';
}

/** As a connection that was cut, which is what it is: it is begun again. */
function brokenOff(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { name: 'TimeoutError' });
}
