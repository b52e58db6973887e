import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { type Pace, paced, pacers } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/**
 * FilterLogEvents takes 10 calls a second in most regions, 25 in the largest and 5 in some, account and region
 * apart; a pause before lets some go out at once. What it is here is learnt from the first throttled answers:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
 */
const FILTER: Pace = { burst: 25, rate: 10, most: 25, published: [5, 10] };
const OTHERS: Pace = { burst: 5, rate: 5, most: 10 };
/**
 * Following looks by these between two readings. AWS takes 10 to 30 and 25 of them a second
 * (https://docs.aws.amazon.com/general/latest/gr/cwl_region.html); others in the account have their part.
 */
const PACES: Readonly<Record<string, Pace>> = {
  FilterLogEvents: FILTER,
  GetLogEvents: { burst: 10, rate: 10, most: 10 },
  DescribeLogStreams: { burst: 5, rate: 8, most: 8 },
};

/** A client of CloudWatch Logs, traced, each API at its own pace. */
export function logsClient(session: AwsSession): CloudWatchLogsClient {
  return traced(
    paced(new CloudWatchLogsClient(session.config), (api, caller) =>
      (session.pacers ?? pacers).of(session, `logs:${api}`, caller, PACES[api] ?? OTHERS),
    ),
    session,
  );
}
