import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { AwsSession } from '../../src/lib/aws/session.ts';
import type { FakeClock } from './clock.ts';

/**
 * A session whose requests take `ms` of the fake's time each, and nothing else of it: virtual time stands still while
 * one is on its real way through sockets, however slow the machine is. Not for requests that wait for the clock
 * themselves.
 */
export function inFlight(session: AwsSession, clock: FakeClock, ms: number): AwsSession {
  const handler = new NodeHttpHandler();
  const handle: NodeHttpHandler['handle'] = async (request, options) => {
    await clock.sleep(ms);
    clock.requestStarted();
    try {
      const answer = await handler.handle(request, options);
      answer.response.body.once('close', () => clock.requestEnded());
      return answer;
    } catch (error) {
      clock.requestEnded();
      throw error;
    }
  };
  const requestHandler = { metadata: handler.metadata, handle, destroy: () => handler.destroy() };
  return { ...session, config: { ...session.config, requestHandler: requestHandler as never } };
}
