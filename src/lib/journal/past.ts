import { UsageError } from '../base/errors.ts';
import { shortId } from '../base/text.ts';
import type { JournalEntry, JournalPart } from './entry.ts';

/** A part as the journal last knew it, and the entry that says so. */
export interface PastPart extends JournalPart {
  readonly entry: string;
}

/** What an environment was made of at some time: part → what the journal holds of it. */
export type Standing = ReadonlyMap<string, PastPart>;

/** What a run was: as it says itself, or its command's first word. */
export function actOf({ act, command }: Pick<JournalEntry, 'act' | 'command'>): string {
  return act ?? command.trim().split(/\s+/)[0] ?? '';
}

const MAKES_STATE = new Set(['deploy', 'rollback', 'destroy']);

/**
 * Whether a run made a state of its own. A cancel did not: the run that it ended says what became of its parts. Nor
 * did what only starts, stops or restores something.
 */
export function makesState(entry: Pick<JournalEntry, 'act' | 'command'>): boolean {
  return MAKES_STATE.has(actOf(entry));
}

/** Whether a run left a state that can be gone back to. */
export function leftState(entry: Pick<JournalEntry, 'act' | 'command' | 'result'>): boolean {
  return makesState(entry) && entry.result === 'succeeded' && actOf(entry) !== 'destroy';
}

/** Outcomes after which a part is as its facts say. A part that failed, or was taken back, is as it was before. */
const MADE = new Set(['created', 'updated', 'unchanged', 'built', 'passed']);

/**
 * What an environment was made of right after a run, from all that ran until then: a deploy of one part says
 * nothing of the others, so each is as the newest run that made it left it.
 *
 * @param entries oldest first
 * @param until the id of the last one that counts; all when undefined
 */
export function standingAt(entries: readonly JournalEntry[], until?: string): Standing {
  const standing = new Map<string, PastPart>();
  for (const entry of entries) {
    if (until !== undefined && entry.id > until) break;
    if (!makesState(entry)) continue;
    for (const part of entry.parts) {
      if (part.outcome === 'deleted') forget(standing, part.part);
      else if (MADE.has(part.outcome)) standing.set(part.part, { ...part, entry: entry.id });
    }
  }
  return standing;
}

/** With a stack that is deleted goes what was in it: its functions are of no stack that is still there. */
function forget(standing: Map<string, PastPart>, part: string): void {
  standing.delete(part);
  if (!part.startsWith('stack ')) return;
  const name = part.slice('stack '.length);
  const inside = [...standing.values()].filter(({ config }) =>
    JSON.stringify(config ?? {}).includes(`"${name}.`),
  );
  for (const one of inside) if (!one.part.startsWith('stack ')) standing.delete(one.part);
}

/** Where a rollback goes, and what it takes back. */
export interface Target {
  readonly entry: JournalEntry;
  /** The newest run: what is taken back. */
  readonly newest: JournalEntry;
}

const CUT_OFF = new Set<JournalEntry['result']>(['failed', 'interrupted', 'abandoned']);

/**
 * The run whose state a rollback goes back to. Without a wish: after a run that failed, the newest one that
 * did not; after one that went well, the newest one before it with another state. A rollback that went well
 * is a run like any other, so that a second rollback takes the first one back; one that was cut off is gone
 * on with.
 *
 * @param entries newest first
 * @param wanted an id, or the end of one
 * @throws UsageError `NothingToRollBack`, `NoRollbackTarget`
 */
export function chooseTarget(entries: readonly JournalEntry[], wanted?: string): Target {
  const runs = entries.filter(makesState);
  const newest = runs[0];
  if (!newest)
    throw new UsageError({
      code: 'NothingToRollBack',
      message: 'Nothing was deployed here yet, so there is nothing to go back to.',
      suggestions: ['Deploy first: infractl deploy --create-stack'],
    });
  const good = runs.filter(leftState);
  const entry = wanted === undefined ? before(newest, good, entries) : named(runs, good, wanted);
  return { entry, newest };
}

function named(runs: readonly JournalEntry[], good: readonly JournalEntry[], wanted: string): JournalEntry {
  const found = runs.find(({ id }) => id === wanted || shortId(id) === wanted);
  if (found && good.includes(found)) return found;
  throw new UsageError({
    code: 'NoRollbackTarget',
    message: found
      ? `The run ${shortId(found.id)} (${found.command}) ended as "${found.result}": only a deploy or a rollback that succeeded can be gone back to.`
      : `The journal has no deploy ${JSON.stringify(wanted)}.`,
    suggestions:
      good.length > 0
        ? [
            `Some that can: ${good
              .slice(0, 5)
              .map(({ id }) => shortId(id))
              .join(', ')}`,
          ]
        : [],
  });
}

function before(
  newest: JournalEntry,
  good: readonly JournalEntry[],
  entries: readonly JournalEntry[],
): JournalEntry {
  const oldestFirst = entries.toReversed();
  if (actOf(newest) === 'destroy')
    throw new UsageError({
      code: 'NoRollbackTarget',
      message: 'The environment was destroyed by the newest run.',
      suggestions: [
        'Deploy it again: infractl deploy --create-stack',
        ...(good[0] ? [`Or name the run to make again: infractl rollback ${shortId(good[0].id)}`] : []),
      ],
    });
  // One that did not come to its end is gone on with: the same command again means the same state.
  const goingTo = CUT_OFF.has(newest.result) && good.find(({ id }) => id === newest.rollbackTo);
  if (goingTo) return goingTo;
  const found =
    newest.result === 'succeeded'
      ? good.find((one) => face(oldestFirst, one) !== face(oldestFirst, newest))
      : good[0];
  if (found) return found;
  throw new UsageError({
    code: 'NoRollbackTarget',
    message: 'The journal knows no earlier state that was good.',
    suggestions: [
      // What "redeploy" released is known to the hosts, not to the journal of deploys.
      ...[...standingAt(oldestFirst, newest.id).keys()].flatMap((part) => {
        const [, app] = /^release (.+)$/.exec(part) ?? [];
        return app
          ? [`To the release of ${app} before this one: infractl redeploy rollback --app ${app}`]
          : [];
      }),
      'Deploy again: infractl deploy --create-stack',
    ],
  });
}

/** What tells two states apart: templates, parameters and code. */
function face(entries: readonly JournalEntry[], { id }: JournalEntry): string {
  const parts = [...standingAt(entries, id).values()].map(({ part, after = {} }) => {
    const { templateSha256, parameters, codeSha256, imageUri, release, places } = after;
    if (part.startsWith('stack ')) return [part, templateSha256, parameters];
    if (part.startsWith('site ')) return [part, release];
    if (part.startsWith('release ')) return [part, places];
    return part.startsWith('function ') ? [part, codeSha256, imageUri] : [];
  });
  return JSON.stringify(parts.filter((part) => part.length > 0).sort());
}
