import { throwIfAborted } from '../base/clock.ts';
import { awsError } from './errors.ts';
import type { AwsSession } from './session.ts';

/**
 * Runs one AWS call; whatever it throws leaves as an `InfractlError` that names the action.
 *
 * @throws Interrupted when the signal was aborted, whatever the call says of that
 */
export async function call<T>(
  session: AwsSession,
  action: string,
  send: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throwIfAborted(signal);
    throw awsError(error, action, session);
  }
}
