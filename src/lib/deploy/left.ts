import type { ArtifactStore } from '../artifacts/index.ts';
import type { Redactor } from '../base/redact.ts';
import {
  asItIs,
  type JournalEntry,
  type JournalPart,
  listJournal,
  witness,
  writeJournal,
} from '../journal/index.ts';
import { operationEnd, type StacksPort } from '../stacks/index.ts';

type OpenPort = () => Promise<Pick<StacksPort, 'events'>>;

/**
 * A run that left its stacks to AWS, as it is by now: with how each of them ended, and so the run. While one
 * still runs, or nothing tells how it ended, the entry stays as it is. A failure to ask is no answer either.
 */
export async function settle(entry: JournalEntry, open: OpenPort): Promise<JournalEntry> {
  if (entry.result !== 'left') return entry;
  const port = await open();
  const ends: Date[] = [];
  const failed: string[] = [];
  const parts = await Promise.all(
    entry.parts.map(async (part): Promise<JournalPart | undefined> => {
      if (part.outcome !== 'started') return part;
      const { stackId, operation, stackName } = part.after ?? {};
      if (typeof stackId !== 'string' || typeof operation !== 'string') return undefined;
      const end = await operationEnd(port, stackId, operation).catch(() => undefined);
      if (!end) return undefined;
      ends.push(end.at);
      const ms = Math.max(0, end.at.getTime() - Date.parse(entry.startedAt));
      if (end.outcome) return { ...part, ms, outcome: end.outcome };
      failed.push(`The stack ${stackName} ended in ${end.status}.`);
      return { ...part, ms, outcome: 'failed', detail: end.status };
    }),
  );
  if (!parts.every((part) => part !== undefined)) return entry;
  return {
    ...entry,
    parts,
    result: failed.length > 0 ? 'failed' : 'succeeded',
    finishedAt: new Date(Math.max(...ends.map((at) => at.getTime()))).toISOString(),
    ...(failed.length > 0 ? { error: { code: 'StackFailed', message: failed.join(' ') } } : {}),
  };
}

/** What was read of a journal is shown as it is now: runs that died, and runs that were left to AWS. */
export async function asTheyAre(
  entries: readonly JournalEntry[],
  open: OpenPort,
  now: number,
): Promise<JournalEntry[]> {
  const who = witness(now);
  return Promise.all(entries.map((entry) => settle(asItIs(entry, who), open)));
}

/** So far back a run that was left is looked for. */
const RECENT = 10;

/**
 * Writes down how runs ended that were left to AWS: its events go with time, the journal stays. Called by a
 * run that holds the lock; it only helps, so a failure is no matter.
 */
export async function writeSettled(
  store: ArtifactStore,
  environment: string,
  open: OpenPort,
  redactor: Pick<Redactor, 'redact'>,
): Promise<void> {
  try {
    const entries = await listJournal(store, environment, RECENT);
    for (const entry of entries) {
      const now = await settle(entry, open);
      if (now !== entry) await writeJournal(store, now, redactor);
    }
  } catch {
    // Whoever looks later finds it out again.
  }
}
