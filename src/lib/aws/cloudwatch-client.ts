import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { type Pace, paced, pacers } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/**
 * Requests a second, account and region apart; what is allowed here is learnt from the first throttled answers:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
 */
const PACES: Readonly<Record<string, Pace>> = {
  DescribeAlarms: { burst: 9, rate: 9, most: 9 },
  DescribeAlarmHistory: { burst: 20, rate: 20, most: 20 },
  GetMetricData: { burst: 50, rate: 50, most: 50 },
};
const OTHERS: Pace = { burst: 3, rate: 3, most: 10 };

/** A client of CloudWatch, traced, each API at its own pace. */
export function cloudWatchClient(session: AwsSession): CloudWatchClient {
  return traced(
    paced(new CloudWatchClient(session.config), (api, caller) =>
      (session.pacers ?? pacers).of(session, `cloudwatch:${api}`, caller, PACES[api] ?? OTHERS),
    ),
    session,
  );
}
