import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SecretValue } from '../secrets/types.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';

/** Secrets Manager GetSecretValue of the current version. Undefined when there is no such secret. */
export async function getSecretValue(session: AwsSession, name: string): Promise<SecretValue | undefined> {
  const client = new SecretsManagerClient(session.config);
  try {
    const answer = await call(session, 'secretsmanager:GetSecretValue', () =>
      client.send(new GetSecretValueCommand({ SecretId: name })),
    );
    return answer.SecretString === undefined ? { binary: true } : { text: answer.SecretString };
  } catch (error) {
    if (underneath(error).name === 'ResourceNotFoundException') return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}
