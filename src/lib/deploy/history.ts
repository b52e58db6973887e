import { openArtifactStore } from '../artifacts/index.ts';
import type { AwsSession } from '../aws/session.ts';
import { type JournalEntry, listJournal, readJournal } from '../journal/index.ts';
import type { Project } from '../project/model.ts';
import { asTheyAre } from './left.ts';

/** Which runs are asked for: one by its id or the end of it, or the newest ones. */
export type HistoryQuery =
  | { readonly id: string; readonly now: number }
  | { readonly limit: number; readonly now: number };

/**
 * Runs of an environment, newest first, each as it is now. CloudFormation is asked only where a run left
 * something to it.
 *
 * @throws as `readJournal` for an id
 */
export async function readHistory(
  session: AwsSession,
  { name, environment }: Pick<Project, 'name' | 'environment'>,
  query: HistoryQuery,
): Promise<JournalEntry[]> {
  const store = await openArtifactStore(session, name, { create: false });
  const found =
    'id' in query
      ? [await readJournal(store, environment, query.id)]
      : store
        ? await listJournal(store, environment, query.limit)
        : [];
  const port = async () => (await import('../aws/cloudformation.ts')).cloudFormation(session);
  return asTheyAre(found, port, query.now);
}
