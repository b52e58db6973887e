import { type InfractlError, isInfractlError } from '../base/errors.ts';
import { NOTHING_KNOWN, type StatusRow } from './status.ts';
import type { ActResult } from './types.ts';

/** A host of the configuration that has no instance: never made, terminated, or not to be told from others. */
export interface Absent {
  readonly host: string;
  readonly error: InfractlError;
}

/** What is wrong with one host alone; whatever else fails, such as credentials, concerns all. */
const OF_ONE = new Set(['NoSuchInstance', 'AmbiguousHost', 'MissingReference']);

/**
 * Looks a host up where all of the configuration is meant: one that is not there keeps no other from being found.
 *
 * @param absent told of it
 */
export async function orAbsent<T>(
  host: string,
  absent: Absent[],
  look: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!isInfractlError(error) || !OF_ONE.has(error.code)) throw error;
    absent.push({ host, error });
    return undefined;
  }
}

export const NOT_THERE = 'not there';

/** How it is. */
export function absentRow({ host, error }: Absent): StatusRow {
  return {
    ...NOTHING_KNOWN,
    kind: 'instance',
    id: host,
    name: host,
    state: NOT_THERE,
    mood: 'bad',
    costUsdMonth: 0,
    detail: error.message,
  };
}

/** What became of it: nothing, which is named. */
export function absentResult({ host, error }: Absent): ActResult {
  const { code, message, why, suggestions, exit } = error;
  return {
    kind: 'instance',
    id: host,
    name: host,
    outcome: 'failed',
    detail: null,
    stages: [],
    error: { code, message, why: why ?? null, suggestions, exit },
  };
}
