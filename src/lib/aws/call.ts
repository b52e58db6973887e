import { throwIfAborted } from '../base/clock.ts';
import { Interrupted } from '../base/errors.ts';
import { awsError, underneath } from './errors.ts';
import type { AwsSession } from './session.ts';

/**
 * Runs one AWS call; whatever it throws leaves as an `InfractlError` that names the action.
 *
 * @throws Interrupted when the signal was aborted, whatever the call says of that, and when the request was cut off by
 *   its own signal
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
    if (underneath(error).name === 'AbortError') throw new Interrupted();
    throw awsError(error, action, session);
  }
}
