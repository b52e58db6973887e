import { UsageError } from '../base/errors.ts';
import { listed, nearest } from '../base/text.ts';

/** Characters that a part of a name must have to stand for the whole. */
const TELLING = 3;
/** Names that are put forward. */
const MOST = 5;

/** What a name may have been meant to be: what it is a part of, else what is written almost the same. */
export function likely(name: string, candidates: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const within = candidates.filter((one) => one.toLowerCase().includes(wanted));
  if (name.length >= TELLING && within.length > 0) return [...new Set(within)].slice(0, MOST);
  const near = nearest(name, candidates);
  return near === undefined ? [] : [near];
}

/** The part of a path that is most likely right: all before its last name. */
export function folderOf(name: string): string {
  return name.startsWith('/') ? name.slice(0, name.lastIndexOf('/') + 1) : '';
}

export interface Known {
  /** The project's name; undefined where there is no project. */
  readonly project: string | undefined;
  readonly region: string;
  /** Names of the project that log. */
  readonly parts: readonly string[];
  /** Log groups near to the name. */
  readonly groups: readonly string[];
}

/** Nothing logs under that name. */
export function unknownLogs(name: string, { project, region, parts, groups }: Known): UsageError {
  const quoted = JSON.stringify(name);
  const near = likely(name, [...parts, ...groups]);
  return new UsageError({
    code: 'NoSuchLogs',
    message:
      project === undefined
        ? `No log group in ${region} begins with ${quoted}.`
        : `${quoted} is no part of ${project} that logs, and no log group in ${region} begins so.`,
    suggestions: [
      ...(near.length > 0 ? [`Did you mean: ${near.join(', ')}`] : []),
      ...(project === undefined ? [] : [`What logs here: ${listed(parts) || 'nothing'}`]),
      ...(groups.length > 0
        ? [`Log groups: ${groups.slice(0, MOST).join(', ')}${groups.length > MOST ? ', …' : ''}`]
        : []),
    ],
  });
}
