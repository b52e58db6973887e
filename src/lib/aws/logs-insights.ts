import { GetQueryResultsCommand, StartQueryCommand, StopQueryCommand } from '@aws-sdk/client-cloudwatch-logs';
import { UsageError } from '../base/errors.ts';
import type { InsightsPort } from '../logs/insights.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { logsClient } from './logs-client.ts';
import type { AwsSession } from './session.ts';

/** CloudWatch Logs Insights. */
export function insights(session: AwsSession): InsightsPort {
  const client = logsClient(session);
  return {
    async start({ groups, query, from, to, limit }) {
      try {
        const answer = await call(session, 'logs:StartQuery', () =>
          client.send(
            new StartQueryCommand({
              logGroupNames: [...groups],
              queryString: query,
              startTime: Math.floor(from / 1000),
              endTime: Math.ceil(to / 1000),
              ...(limit === undefined ? {} : { limit }),
            }),
          ),
        );
        return answer.queryId ?? '';
      } catch (error) {
        const { name, message } = underneath(error);
        if (name !== 'MalformedQueryException') throw error;
        throw new UsageError({
          code: 'BadQuery',
          message: 'AWS does not understand the query.',
          why: message,
          suggestions: [
            'The language: fields, filter, stats, sort, limit, parse, display, with | between them.',
          ],
        });
      }
    },

    async look(queryId) {
      const answer = await call(session, 'logs:GetQueryResults', () =>
        client.send(new GetQueryResultsCommand({ queryId })),
      );
      return {
        status: answer.status ?? 'Unknown',
        rows: (answer.results ?? []).map((fields) =>
          Object.fromEntries(
            fields.flatMap(({ field, value }) => (field && field !== '@ptr' ? [[field, value ?? '']] : [])),
          ),
        ),
        recordsMatched: answer.statistics?.recordsMatched ?? 0,
        recordsScanned: answer.statistics?.recordsScanned ?? 0,
        bytesScanned: answer.statistics?.bytesScanned ?? 0,
      };
    },

    async stop(queryId) {
      await call(session, 'logs:StopQuery', () => client.send(new StopQueryCommand({ queryId })));
    },
  };
}
