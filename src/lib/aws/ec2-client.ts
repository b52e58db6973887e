import { EC2Client } from '@aws-sdk/client-ec2';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Caller, type Pace, Pacer, paced, pacers } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/**
 * Each of EC2's APIs has a token bucket of its own, account and region apart:
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
const PACES: Readonly<Record<string, Pace>> = {
  StartInstances: { burst: 5, rate: 2, most: 2 },
  CreateSnapshot: { burst: 100, rate: 5, most: 5 },
  CreateSnapshots: { burst: 100, rate: 5, most: 5 },
  DeleteSnapshot: { burst: 100, rate: 5, most: 5 },
};
const READING: Pace = { burst: 100, rate: 20, most: 20 };
const CHANGING: Pace = { burst: 50, rate: 5, most: 5 };

/**
 * The client that all of infractl's EC2 files share: traced, and each API paced as AWS publishes it.
 *
 * @param clock for the pacing; another one than the system's brings pacers of its own
 */
export function ec2Client(session: AwsSession, clock: Clock = systemClock): EC2Client {
  const own = new Map<string, Pacer>();
  const pacer = (api: string, caller: Caller): Pacer => {
    const pace = PACES[api] ?? (/^(Describe|Get)/.test(api) ? READING : CHANGING);
    if (clock === systemClock) return pacers.of(session, `ec2:${api}`, caller, pace);
    let known = own.get(api);
    if (!known) {
      known = new Pacer(clock, pace);
      own.set(api, known);
    }
    return known;
  };
  return traced(paced(new EC2Client(session.config), pacer), session);
}
