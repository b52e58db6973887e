import type { User } from './types.ts';

/** What is asked of an entry of the journal. */
export interface Run {
  readonly id: string;
  readonly result: string;
  readonly startedAt: string;
}

export interface Keep {
  /** So many of the newest stay. */
  readonly newest: number;
  /** And all that are younger, in milliseconds. */
  readonly within: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * The entries of one environment that stay, each with the reason. Pure. An older one stays when a state that
 * may be gone back to rests on it: the last word on some part.
 *
 * @param runs oldest first
 * @param restsOn the ids of the entries that the state right after a run rests on
 * @param counts which runs are counted among the newest: those that can be gone back to
 */
export function keptRuns<R extends Run>(
  runs: readonly R[],
  keep: Keep,
  restsOn: (run: R) => Iterable<string>,
  counts: (run: R) => boolean = () => true,
): Map<string, string> {
  const kept = new Map<string, string>();
  const counted = runs.filter(counts);
  const newest = new Set(counted.slice(Math.max(0, counted.length - keep.newest)).map(({ id }) => id));
  for (const run of runs) {
    const age = keep.now - Date.parse(run.startedAt);
    if (newest.has(run.id)) kept.set(run.id, `it is one of the newest ${keep.newest}`);
    else if (run.result === 'running') kept.set(run.id, 'it is running');
    else if (age < keep.within) kept.set(run.id, 'it is young enough to be kept');
  }
  for (const run of runs.filter(({ id }) => kept.has(id)))
    for (const id of restsOn(run)) if (!kept.has(id)) kept.set(id, 'a kept state rests on it');
  return kept;
}

/** An entry as a user of what it names. */
export function runAsUser(run: Run): User {
  return { who: `the run ${run.id.slice(-6)}`, text: JSON.stringify(run) };
}
