import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Pace, Pacer, paced, pacerOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/**
 * FilterLogEvents takes 10 calls a second in most regions, 25 in the largest and 5 in some, account and region
 * apart; a pause before lets some go out at once. What it is here is learnt from the first throttled answers:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
 */
const PACES: Readonly<Record<string, Pace>> = {
  FilterLogEvents: { burst: 25, rate: 10, most: 25 },
  GetQueryResults: { burst: 5, rate: 5, most: 10 },
};
const OTHERS: Pace = { burst: 5, rate: 5, most: 10 };

/** A client of CloudWatch Logs, traced, each API at its own pace. */
export function logsClient(session: AwsSession, clock: Clock = systemClock): CloudWatchLogsClient {
  const own = new Map<string, Pacer>();
  const pacer = (api: string): Pacer => {
    const pace = PACES[api] ?? OTHERS;
    if (clock === systemClock) return pacerOf(session, `logs:${api}`, pace);
    const known = own.get(api) ?? new Pacer(clock, pace);
    own.set(api, known);
    return known;
  };
  return traced(paced(new CloudWatchLogsClient(session.config), pacer), session);
}
