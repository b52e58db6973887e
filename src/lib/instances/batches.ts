import { isTransient } from '../aws/errors.ts';
import { type InfractlError, isInfractlError } from '../base/errors.ts';

/** Ids of one StartInstances or StopInstances. */
const BATCH = 100;

/**
 * Sends a request for many ids. AWS refuses the whole of it for one bad id, so a refused batch is halved
 * until the bad ones stand alone: every good one is done, every bad one has its own reason.
 *
 * @returns id → why it was refused
 * @throws what is about the caller and not about the ids: credentials, permissions, a network that is gone
 */
export async function inBatches(
  ids: readonly string[],
  send: (ids: readonly string[]) => Promise<void>,
): Promise<Map<string, InfractlError>> {
  const refused = new Map<string, InfractlError>();
  const halve = async (part: readonly string[]): Promise<void> => {
    const [first] = part;
    if (first === undefined) return;
    try {
      await send(part);
    } catch (error) {
      if (!isInfractlError(error) || aboutCaller(error)) throw error;
      if (part.length === 1) {
        refused.set(first, error);
        return;
      }
      const named = part.filter((id) => mentioned(error, id));
      // AWS mostly names the culprits: the others need not be halved to find them.
      const halves =
        named.length > 0 && named.length < part.length
          ? [part.filter((id) => !named.includes(id)), ...named.map((id) => [id])]
          : [part.slice(0, Math.ceil(part.length / 2)), part.slice(Math.ceil(part.length / 2))];
      for (const half of halves) await halve(half);
    }
  };
  for (let at = 0; at < ids.length; at += BATCH) await halve(ids.slice(at, at + BATCH));
  return refused;
}

const CALLER = new Set([
  'AccessDenied',
  'ExpiredToken',
  'InvalidCredentials',
  'NoCredentials',
  'Network',
  'SandboxNotRunning',
  'Interrupted',
  'Throttling',
]);

function aboutCaller(error: InfractlError): boolean {
  // A lack of capacity is answered with a 5xx, and is about the instance all the same.
  return CALLER.has(error.code) || (isTransient(error) && !/Capacity/.test(error.code));
}

function mentioned(error: InfractlError, id: string): boolean {
  return `${error.message} ${error.why ?? ''}`.includes(id);
}
