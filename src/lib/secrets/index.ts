/** Values from AWS Secrets Manager and Systems Manager Parameter Store, each asked for once a run. */
import type { AwsSession } from '../aws/session.ts';
import { SecretReader } from './reader.ts';

export { type ReadValue, SecretReader } from './reader.ts';
export type { ParameterValue, SecretsPort, SecretValue } from './types.ts';

/** A reader on the session's AWS; a client is loaded when the first value is asked for. */
export function createSecretReader(session: AwsSession): SecretReader {
  return new SecretReader({
    secretValue: async (name) => (await import('../aws/secrets-manager.ts')).getSecretValue(session, name),
    parameter: async (path) => (await import('../aws/ssm.ts')).getParameter(session, path),
  });
}
