import { InfractlError } from '../base/errors.ts';
import type { LeaseStore } from './lease.ts';
import { holderWords, judge, type LeaseRecord } from './record.ts';
import { keyOf, type LeaseScope } from './words.ts';

/** The lock as it is now. */
export type LeaseState =
  | { readonly held: false }
  | {
      readonly held: true;
      /** Its owner gave no sign of life for so long that the next command takes it over. */
      readonly dead: boolean;
      /** Undefined where the record cannot be read. */
      readonly record: LeaseRecord | undefined;
      /** Who, where, since when, what: a sentence without its full stop. */
      readonly holder: string;
      /** Since the last sign of life, in milliseconds. */
      readonly age: number | undefined;
    };

/** Looks at the lock of an environment. GetObject. */
export async function readLease(store: LeaseStore, scope: LeaseScope): Promise<LeaseState> {
  const sight = await store.look(keyOf(scope));
  const verdict = judge(sight);
  if (verdict.free && verdict.why !== 'dead') return { held: false };
  const { record } = verdict;
  return {
    held: true,
    dead: verdict.free,
    record,
    holder: holderWords(record, sight.now),
    age: sight.age,
  };
}

/** Its owner writes to it meanwhile: a few turns hit a gap between two signs of life. */
const TRIES = 10;

/**
 * Breaks a lock by hand. Its owner finds out before it begins anything further, and stops there.
 *
 * @param id of the holding that was looked at; one that another command took since is left alone
 * @param by the ARN of who breaks it
 * @returns whether it was broken; false when that holding is over.
 * @throws InfractlError `LockBusy` when somebody else kept writing to it
 */
export async function breakLease(
  store: LeaseStore,
  scope: LeaseScope,
  id: string | undefined,
  by: string,
): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { object } = await store.look(keyOf(scope));
    const verdict = judge(object ? { object } : {});
    if (!object || verdict.free || verdict.record?.id !== id) return false;
    const record = verdict.record ?? unreadable(scope);
    const broken = { ...record, released: { how: 'broken', by } };
    const text = `${JSON.stringify(broken, undefined, 2)}\n`;
    if ((await store.swap(keyOf(scope), text, object.etag)) !== undefined) return true;
  }
  throw new InfractlError({
    code: 'LockBusy',
    message: 'The lock could not be broken: somebody writes to it all the time.',
    suggestions: ['Run the same command again.'],
  });
}

function unreadable({ project, environment }: LeaseScope): Omit<LeaseRecord, 'released'> {
  const owner = { who: 'unknown', host: 'unknown', user: 'unknown', pid: 0, command: '' };
  const since = new Date(0).toISOString();
  return { format: 1, id: '', project, environment, owner, since, beat: 0, expiresAfterSeconds: 0 };
}
