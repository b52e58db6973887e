import { type AwsSession, openSession } from '../../src/lib/aws/session.ts';
import type { Fake } from './server.ts';

/** A session that talks to the fake as if it were AWS. The SDK's own retries, in real time, are off unless wanted. */
export async function sessionFor(fake: Fake, maxAttempts = 1): Promise<AwsSession> {
  const credentials = { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake-secret-key' };
  const session = await openSession({ region: 'eu-west-3' }, {}, { endpoint: fake.url, credentials }, {});
  return { ...session, sandbox: false, config: { ...session.config, maxAttempts } };
}
