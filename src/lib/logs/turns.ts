/** Readings that come so often leave nothing to be looked at between them. Milliseconds, as is all here. */
export const OFTEN = 2500;
/** Else a group is looked at about so often. */
const LOOK = 1800;
/** What a reading may come later than the one before it did. */
const LATER = 300;
/** What has been due for so long goes before all else: of groups that nothing but reading shows, and of the others. */
const OVERDUE = { unseen: 800, seen: 6000 };

/** A group, as far as its turn depends on it. */
export interface Turn {
  /** It is being read. */
  readonly busy: boolean;
  /** When it is to be read, by FilterLogEvents. */
  due(now: number): number;
}

/**
 * Whose turn it is to be read: the longest due; but of those that are due for long first those that nothing but reading
 * shows, so that few busy groups do not hold up what all of the others log.
 *
 * @param canLook whether a look between two readings would show all of a group
 */
export function readNext<T extends Turn>(
  groups: Iterable<T>,
  now: number,
  canLook: (group: T) => boolean,
): T | undefined {
  const free = [...groups].filter(({ busy }) => !busy);
  const overdueAt = (one: T) => one.due(now) + (canLook(one) ? OVERDUE.seen : OVERDUE.unseen);
  const overdue = free.filter((one) => overdueAt(one) <= now);
  return least(overdue, overdueAt) ?? least(free, (one) => one.due(now));
}

function least<T>(all: readonly T[], value: (one: T) => number): T | undefined {
  return all.reduce<T | undefined>(
    (first, one) => (first !== undefined && value(first) <= value(one) ? first : one),
    undefined,
  );
}

/**
 * When a group is to be looked at between two readings; undefined where they come often enough. The time from one to the
 * next is divided into equal parts of about two seconds.
 *
 * @param past up to where all is known, by a reading or a look
 * @param read when the newest reading was sent
 * @param every how long it was from the one before to that one
 */
export function lookAt(past: number, read: number, every: number): number | undefined {
  if (every <= OFTEN) return undefined;
  const part = every / Math.max(2, Math.round(every / LOOK));
  const next = read + every;
  const at = past + part;
  // A reading that comes soon shows more.
  return at > next - part / 2 && at < next + LATER ? next + LATER : at;
}
