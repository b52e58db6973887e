import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { ParameterValue } from '../secrets/types.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';

/** SSM GetParameter, decrypted. Undefined when there is no such parameter. */
export async function getParameter(session: AwsSession, path: string): Promise<ParameterValue | undefined> {
  const client = new SSMClient(session.config);
  try {
    const { Parameter } = await call(session, 'ssm:GetParameter', () =>
      client.send(new GetParameterCommand({ Name: path, WithDecryption: true })),
    );
    if (Parameter?.Value === undefined) return undefined;
    return { text: Parameter.Value, secure: Parameter.Type === 'SecureString' };
  } catch (error) {
    if (underneath(error).name === 'ParameterNotFound') return undefined;
    throw error;
  } finally {
    client.destroy();
  }
}
