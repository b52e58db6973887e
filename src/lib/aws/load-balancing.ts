import {
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  type TargetHealthDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { TargetsPort } from '../monitoring/port.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { type Pacing, paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** Elastic Load Balancing, as far as `monitoring` asks how targets are. */
export function targetsPort(session: AwsSession, signal?: AbortSignal): TargetsPort {
  const health = targetHealth(session, { signal });
  return {
    async targets(arn) {
      try {
        return (await health(arn)).map(({ Target, TargetHealth }) => ({
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

/**
 * DescribeTargetHealth: how the targets of a target group are, all or those named.
 *
 * @param options `pacing`: by default the one that all of the service share
 */
export function targetHealth(
  session: AwsSession,
  options: { readonly signal?: AbortSignal | undefined; readonly pacing?: Pacing },
): (arn: string, targets?: readonly string[]) => Promise<readonly TargetHealthDescription[]> {
  const { signal, pacing = pacingOf(session, 'elasticloadbalancing') } = options;
  const client = traced(paced(new ElasticLoadBalancingV2Client(session.config), pacing), session);
  return async (TargetGroupArn, targets) => {
    const input = { TargetGroupArn, ...(targets ? { Targets: targets.map((Id) => ({ Id })) } : {}) };
    const { TargetHealthDescriptions = [] } = await call(
      session,
      'elasticloadbalancing:DescribeTargetHealth',
      () => client.send(new DescribeTargetHealthCommand(input), signal ? { abortSignal: signal } : {}),
    );
    return TargetHealthDescriptions;
  };
}
