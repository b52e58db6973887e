import { Pacers } from '../../src/lib/aws/pacing.ts';
import { type AwsSession, openSession } from '../../src/lib/aws/session.ts';
import type { Fake } from './server.ts';

/**
 * A session that talks to the fake as if it were AWS. It keeps its pace on the fake's clock: in real time its calls
 * would stand still while virtual time runs on. The SDK's own retries, in real time, are off unless wanted.
 */
export async function sessionFor(fake: Fake, maxAttempts = 1, accessKeyId = 'AKIDFAKE'): Promise<AwsSession> {
  const credentials = { accessKeyId, secretAccessKey: 'fake-secret-key' };
  const session = await openSession({ region: 'eu-west-3' }, {}, { endpoint: fake.url, credentials }, {});
  const config = { ...session.config, maxAttempts };
  return { ...session, sandbox: false, pacers: new Pacers(fake.clock), config };
}
