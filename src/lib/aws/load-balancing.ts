import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetsPort } from '../monitoring/port.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** Elastic Load Balancing, as far as `monitoring` asks how targets are. */
export function targetsPort(session: AwsSession, signal?: AbortSignal): TargetsPort {
  const client = traced(
    paced(new ElasticLoadBalancingV2Client(session.config), pacingOf(session, 'elasticloadbalancing')),
    session,
  );
  return {
    async targets(TargetGroupArn) {
      try {
        const { TargetHealthDescriptions = [] } = await call(
          session,
          'elasticloadbalancing:DescribeTargetHealth',
          () =>
            client.send(
              new DescribeTargetHealthCommand({ TargetGroupArn }),
              signal ? { abortSignal: signal } : {},
            ),
        );
        return TargetHealthDescriptions.map(({ Target, TargetHealth }) => ({
          id: Target?.Id ?? '',
          ...(Target?.Port === undefined ? {} : { port: Target.Port }),
          state: TargetHealth?.State ?? '',
          ...(TargetHealth?.Reason ? { reason: TargetHealth.Reason } : {}),
          ...(TargetHealth?.Description ? { said: TargetHealth.Description } : {}),
        }));
      } catch (error) {
        if (/^TargetGroupNotFound/.test(underneath(error).name)) return undefined;
        throw error;
      }
    },
  };
}
