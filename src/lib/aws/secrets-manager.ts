import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { throwIfAborted } from '../base/clock.ts';
import { InfractlError } from '../base/errors.ts';
import type { SecretsPort } from '../secrets/types.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** Secrets Manager for `lib/secrets`. A secret named by ARN is asked for in its own region. */
export function secretsManagerPort(session: AwsSession, signal?: AbortSignal): SecretsPort {
  return {
    async value(SecretId) {
      const client = secretsManagerClient(session, SecretId);
      try {
        const answer = await call(session, 'secretsmanager:GetSecretValue', () =>
          client.send(new GetSecretValueCommand({ SecretId }), signal ? { abortSignal: signal } : {}),
        );
        return answer.SecretString ?? answer.SecretBinary;
      } catch (error) {
        throwIfAborted(signal);
        const { name, message } = underneath(error);
        if (name === 'ResourceNotFoundException') return undefined;
        if (name === 'InvalidRequestException' && /marked (for deletion|deleted)/i.test(message))
          throw deleted(SecretId);
        throw error;
      }
    },
  };
}

/** A client of the region that the secret's ARN names; by a name it is of the session's. */
export function secretsManagerClient(session: AwsSession, id: string): SecretsManagerClient {
  const region = /^arn:[^:]*:secretsmanager:([^:]+):/.exec(id)?.[1] ?? session.region;
  return traced(new SecretsManagerClient({ ...session.config, region }), session);
}

function deleted(name: string): InfractlError {
  return new InfractlError({
    code: 'SecretDeleted',
    message: `The secret ${name} is marked for deletion.`,
    suggestions: [`Bring it back: aws secretsmanager restore-secret --secret-id ${name}`],
  });
}
