import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { throwIfAborted } from '../base/clock.ts';
import type { ParametersPort } from '../secrets/types.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** Parameter Store for `lib/secrets`. */
export function parameterStorePort(session: AwsSession, signal?: AbortSignal): ParametersPort {
  const client = traced(new SSMClient(session.config), session);
  return {
    async parameter(Name) {
      try {
        const { Parameter } = await call(session, 'ssm:GetParameter', () =>
          client.send(
            new GetParameterCommand({ Name, WithDecryption: true }),
            signal ? { abortSignal: signal } : {},
          ),
        );
        return { value: Parameter?.Value ?? '', secure: Parameter?.Type === 'SecureString' };
      } catch (error) {
        throwIfAborted(signal);
        if (/^Parameter(Version)?NotFound$/.test(underneath(error).name)) return undefined;
        throw error;
      }
    },
  };
}
