import type { AwsSession } from '../aws/session.ts';
import { type SecretReader, secretReader } from './reader.ts';

export { type KnownSecret, type Leak, leaksInFiles, leaksInHistory, searchable } from './leaks.ts';
export { type OddLine, oddLines } from './lines.ts';
export { randomValue } from './random.ts';
export { type FoundValue, type SecretReader, secretReader } from './reader.ts';
export {
  checkValue,
  fieldOf,
  STORE_WORDS,
  type StoredFacts,
  type StoreName,
  type StorePort,
  textOf,
  withField,
} from './stores.ts';
export type { SecretsPorts } from './types.ts';

/** Secrets Manager and Parameter Store of the session. The clients are loaded on first use. */
export function createSecretReader(session: AwsSession, signal?: AbortSignal): SecretReader {
  return secretReader({
    region: session.region,
    secrets: async () => (await import('../aws/secrets-manager.ts')).secretsManagerPort(session, signal),
    parameters: async () => (await import('../aws/ssm.ts')).parameterStorePort(session, signal),
  });
}
