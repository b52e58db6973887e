import { awsError } from './errors.ts';
import type { AwsSession } from './session.ts';

/** Runs one AWS call; whatever it throws leaves as an `InfractlError` that names the action. */
export async function call<T>(session: AwsSession, action: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw awsError(error, action, session);
  }
}
