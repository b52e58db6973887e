import { GetMetricDataCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import type { Datapoint, MetricName, MetricsPort } from '../monitoring/port.ts';
import { call } from './call.ts';
import { cloudWatchClient } from './cloudwatch-client.ts';
import type { AwsSession } from './session.ts';

/** As many queries as GetMetricData takes at once. */
const QUERIES = 500;

/** CloudWatch's metrics, as `monitoring` reads them. */
export function metricsPort(session: AwsSession, signal?: AbortSignal, region = session.region): MetricsPort {
  const client = cloudWatchClient({ ...session, region, config: { ...session.config, region } });
  const options = signal ? { abortSignal: signal } : {};
  return {
    async values(queries, { from, to, period }) {
      const found = new Map<string, Datapoint[]>();
      for (let start = 0; start < queries.length; start += QUERIES) {
        const batch = queries.slice(start, start + QUERIES);
        let page: string | undefined;
        do {
          const NextToken = page;
          const answer = await call(session, 'cloudwatch:GetMetricData', () =>
            client.send(
              new GetMetricDataCommand({
                StartTime: new Date(from),
                EndTime: new Date(to),
                ScanBy: 'TimestampAscending',
                NextToken,
                // Ids must begin with a small letter: ours are their places.
                MetricDataQueries: batch.map(({ metric, statistic }, at) => ({
                  Id: `m${at}`,
                  MetricStat: {
                    Metric: {
                      Namespace: metric.namespace,
                      MetricName: metric.metric,
                      Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
                    },
                    Period: period / 1000,
                    Stat: statistic,
                  },
                })),
              }),
              options,
            ),
          );
          for (const { Id = '', Timestamps = [], Values = [] } of answer.MetricDataResults ?? []) {
            const id = batch[Number(Id.slice(1))]?.id;
            if (id === undefined) continue;
            const points = Timestamps.map((at, index) => ({ at: at.getTime(), value: Values[index] ?? 0 }));
            // A series may be told over several pages.
            found.set(id, [...(found.get(id) ?? []), ...points]);
          }
          page = answer.NextToken;
        } while (page);
      }
      for (const points of found.values()) points.sort((a, b) => a.at - b.at);
      return found;
    },

    async find(namespace, [Name, Value]) {
      const found: MetricName[] = [];
      let page: string | undefined;
      do {
        const NextToken = page;
        const answer = await call(session, 'cloudwatch:ListMetrics', () =>
          client.send(
            new ListMetricsCommand({ Namespace: namespace, Dimensions: [{ Name, Value }], NextToken }),
            options,
          ),
        );
        for (const { MetricName: metric, Dimensions = [] } of answer.Metrics ?? []) {
          const dimensions = Object.fromEntries(Dimensions.map((one) => [one.Name ?? '', one.Value ?? '']));
          if (metric) found.push({ namespace, metric, dimensions });
        }
        page = answer.NextToken;
      } while (page);
      return found;
    },
  };
}
