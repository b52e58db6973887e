import type { ArtifactStore } from '../artifacts/store.ts';
import { InfractlError, UsageError } from '../base/errors.ts';
import { machine } from '../base/machine.ts';
import type { Redactor } from '../base/redact.ts';
import { nearest } from '../base/text.ts';
import { isEntryId, type JournalEntry, parseEntry, serializeEntry } from './entry.ts';
import type { Witness } from './fate.ts';
import { makesState } from './past.ts';

export { machine } from '../base/machine.ts';
export {
  finishEntry,
  type JournalAct,
  type JournalEnd,
  type JournalEntry,
  type JournalPart,
  type JournalResult,
  type JournalStart,
  newJournalEntry,
  parameterFacts,
} from './entry.ts';
export { asItIs, type Witness } from './fate.ts';
export {
  actOf,
  chooseTarget,
  leftState,
  makesState,
  type PastPart,
  type Standing,
  standingAt,
  type Target,
} from './past.ts';

/** How many entries are read side by side. */
const AT_ONCE = 10;

const folder = (environment: string) => `journal/${environment}/`;
const keyOf = (environment: string, id: string) => `${folder(environment)}${id}.json`;

/** Whoever looks at the journal from here, now. */
export function witness(now: number): Witness {
  const lives = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch (error) {
      // It is there, and somebody else's.
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  };
  return { now, host: machine().host, lives };
}

/** Writes an entry; the one that was there under its id is replaced. S3 PutObject. */
export async function writeJournal(
  store: ArtifactStore,
  entry: JournalEntry,
  redactor: Pick<Redactor, 'redact'>,
): Promise<void> {
  await store.put(keyOf(entry.environment, entry.id), serializeEntry(entry, redactor), {
    contentType: 'application/json',
  });
}

/** The newest entries of an environment, newest first. Lists names, reads `limit` entries; damaged ones are left out. */
export async function listJournal(
  store: ArtifactStore,
  environment: string,
  limit: number,
): Promise<JournalEntry[]> {
  const ids = (await entryIds(store, environment)).toReversed();
  const entries: JournalEntry[] = [];
  for (let from = 0; from < ids.length && entries.length < limit; ) {
    const some = ids.slice(from, from + Math.min(AT_ONCE, limit - entries.length));
    from += some.length;
    const read = await Promise.all(some.map((id) => load(store, environment, id)));
    entries.push(...read.filter((entry) => entry !== undefined));
  }
  return entries;
}

/** So many entries are read to find one that made a state: cancels, starts and stops come between. */
const BACK = 20;

/** The newest run of an environment that made a state; undefined where none of the newest entries did. */
export async function newestRun(
  store: ArtifactStore,
  environment: string,
): Promise<JournalEntry | undefined> {
  return (await listJournal(store, environment, BACK)).find(makesState);
}

/**
 * One entry. Without a store there is none.
 *
 * @param wanted its id, or the six characters that it ends with
 * @throws UsageError `JournalEntryNotFound`; InfractlError `JournalEntryDamaged`
 */
export async function readJournal(
  store: ArtifactStore | undefined,
  environment: string,
  wanted: string,
): Promise<JournalEntry> {
  const short = store && /^[0-9a-f]{6}$/.test(wanted);
  const id =
    (short && (await entryIds(store, environment)).findLast((one) => one.endsWith(wanted))) || wanted;
  const text = store && isEntryId(id) ? await store.get(keyOf(environment, id)) : undefined;
  if (!store || text === undefined) {
    const near = store && nearest(id, await entryIds(store, environment));
    throw new UsageError({
      code: 'JournalEntryNotFound',
      message: `The journal of ${environment} has no entry ${JSON.stringify(id)}.`,
      ...(near ? { suggestions: [`Did you mean ${near}?`] } : {}),
    });
  }
  const entry = parseEntry(new TextDecoder().decode(text));
  if (entry) return entry;
  throw new InfractlError({
    code: 'JournalEntryDamaged',
    message: `The entry ${id} of the journal cannot be read.`,
    suggestions: [`Look at it: s3://${store.bucket}/${keyOf(environment, id)}`],
  });
}

async function entryIds(store: ArtifactStore, environment: string): Promise<string[]> {
  const prefix = folder(environment);
  const ids: string[] = [];
  for await (const { key } of store.list(prefix)) {
    const id = key.slice(prefix.length).replace(/\.json$/, '');
    if (isEntryId(id)) ids.push(id);
  }
  return ids;
}

async function load(
  store: ArtifactStore,
  environment: string,
  id: string,
): Promise<JournalEntry | undefined> {
  const text = await store.get(keyOf(environment, id));
  return text && parseEntry(new TextDecoder().decode(text));
}
