import type { JournalEntry } from './entry.ts';

/** A run says that it is at work every minute; after so long without a word nobody is. Milliseconds. */
const SILENCE_MS = 10 * 60_000;

/** Who looks at an entry, and from where. */
export interface Witness {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly host: string;
  /** Whether a process of this host lives. */
  readonly lives: (pid: number) => boolean;
}

/**
 * The entry as it is now: one that still says `running` although its process is gone, or has been silent for
 * ten minutes, is `abandoned`. Pure. A clock that is wrong on one of the two machines can only make that
 * word come late or early: nothing is decided by it.
 */
export function asItIs(entry: JournalEntry, { now, host, lives }: Witness): JournalEntry {
  if (entry.result !== 'running') return entry;
  const gone = entry.host === host && entry.pid !== undefined && !lives(entry.pid);
  const heard = Date.parse(entry.aliveAt ?? entry.startedAt);
  return gone || now - heard > SILENCE_MS ? { ...entry, result: 'abandoned' } : entry;
}
