import { randomBytes } from 'node:crypto';
import type { GitFacts } from '../base/git.ts';
import type { Redactor } from '../base/redact.ts';

export type JournalResult =
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'unhealthy'
  | 'interrupted'
  /** What it began was left to AWS on purpose (`--detach`); how that ended is told by `settle`. */
  | 'left'
  /** It began, and nobody ended it: see `asItIs`. Never written, only shown. */
  | 'abandoned';

type Facts = Readonly<Record<string, unknown>>;

/** What happened to one part. `before` and `after` hold digests, versions, hashes, names: never a secret. */
export interface JournalPart {
  /** `stack app`, `image api`. */
  readonly part: string;
  readonly outcome: string;
  readonly detail?: string;
  /** Milliseconds. */
  readonly ms: number;
  readonly before?: Facts;
  readonly after?: Facts;
  /** The part as infractl.yaml had it, with references in place of values: what a rollback makes again. */
  readonly config?: Facts;
}

/**
 * What a run is: a deploy in the wide sense makes a state, a cancel only ends what another one began, and the others
 * are about what runs, not about what is deployed.
 */
export type JournalAct =
  | 'deploy'
  | 'rollback'
  | 'destroy'
  | 'cancel'
  | 'start'
  | 'stop'
  | 'restart'
  | 'restore'
  | 'schedule';

/** What was changed, by whom, from which commit, and how it ended. Times are ISO 8601 in UTC. */
export interface JournalEntry {
  /** The layout of this record. Grows only; readers ignore what they do not know. */
  readonly format: 1;
  /** `20260105T090000000Z-1a2b3c`: in the order of time. */
  readonly id: string;
  readonly project: string;
  readonly environment: string;
  readonly account?: string;
  readonly region?: string;
  /** Absent in older entries: there the first word of `command` says it. */
  readonly act?: JournalAct;
  /** As it was typed: `deploy --create-stack`. */
  readonly command: string;
  /** The ARN of the credentials. */
  readonly who: string;
  readonly host: string;
  /** The user on that host. */
  readonly user: string;
  /** The process on that host. */
  readonly pid?: number;
  /** When that process last said that it is at work. */
  readonly aliveAt?: string;
  /** What was checked out; absent outside a repository. */
  readonly git?: GitFacts;
  /** The version of infractl. */
  readonly infractl: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly result: JournalResult;
  readonly error?: { readonly code: string; readonly message: string };
  /** Of a rollback: the run whose changes it took back. */
  readonly rollbackOf?: string;
  /** Of a rollback: the run whose state it went back to. */
  readonly rollbackTo?: string;
  /** How it is taken back where that is no rollback: a command, or words. */
  readonly undo?: string;
  readonly parts: readonly JournalPart[];
  /** Stack → output → value. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface JournalStart
  extends Pick<
    JournalEntry,
    | 'project'
    | 'environment'
    | 'account'
    | 'region'
    | 'act'
    | 'command'
    | 'who'
    | 'host'
    | 'user'
    | 'pid'
    | 'rollbackOf'
    | 'rollbackTo'
  > {
  readonly git?: GitFacts | undefined;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The version of infractl. */
  readonly version: string;
}

export interface JournalEnd {
  readonly now: number;
  readonly result: Exclude<JournalResult, 'running' | 'abandoned'>;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly parts: readonly JournalPart[];
  readonly outputs?: JournalEntry['outputs'] | undefined;
  readonly undo?: string | undefined;
}

/** The entry of a command that begins. */
export function newJournalEntry({ startedAt, version, git, ...facts }: JournalStart): JournalEntry {
  return {
    format: 1,
    id: entryId(startedAt),
    ...facts,
    ...(git ? { git } : {}),
    infractl: version,
    startedAt: new Date(startedAt).toISOString(),
    result: 'running',
    parts: [],
  };
}

/** The same entry when the command has ended, well or not. */
export function finishEntry(
  entry: JournalEntry,
  { now, result, error, parts, outputs, undo }: JournalEnd,
): JournalEntry {
  return {
    ...entry,
    finishedAt: new Date(now).toISOString(),
    result,
    ...(error ? { error: { code: error.code, message: error.message } } : {}),
    ...(undo ? { undo } : {}),
    parts,
    ...(outputs && Object.keys(outputs).length > 0 ? { outputs } : {}),
  };
}

/** Sorts as text in the order of time; the tail keeps two of one millisecond apart. */
function entryId(now: number): string {
  return `${new Date(now).toISOString().replace(/[-:.]/g, '')}-${randomBytes(3).toString('hex')}`;
}

export function isEntryId(text: string): boolean {
  return /^\d{8}T\d{9}Z-[0-9a-f]{6}$/.test(text);
}

/** Parameters as the journal may keep them: of a secret only that it was given. */
export function parameterFacts(
  parameters: Readonly<Record<string, { readonly value: string; readonly secret: boolean }>>,
): Readonly<Record<string, string | { readonly secret: true }>> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { value, secret }]) => [name, secret ? { secret: true } : value]),
  );
}

/** The entry as text, after the redactor has seen every piece of text in it that comes from outside. */
export function serializeEntry(entry: JournalEntry, redactor: Pick<Redactor, 'redact'>): string {
  const { format, id, startedAt, finishedAt, result, project, environment, ...free } = entry;
  const clean = cleaned(free, redactor) as typeof free;
  return `${JSON.stringify({ format, id, project, environment, result, startedAt, finishedAt, ...clean }, null, 2)}\n`;
}

function cleaned(value: unknown, redactor: Pick<Redactor, 'redact'>): unknown {
  if (typeof value === 'string') return redactor.redact(value);
  // A number may be a secret too: a PIN is one as text, and stays one as a number.
  if (typeof value === 'number') {
    const text = String(value);
    return redactor.redact(text) === text ? value : redactor.redact(text);
  }
  if (Array.isArray(value)) return value.map((item) => cleaned(item, redactor));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [redactor.redact(key), cleaned(item, redactor)]),
  );
}

/** Reads an entry back; undefined where the text is none. */
export function parseEntry(text: string): JournalEntry | undefined {
  try {
    const entry = JSON.parse(text) as Partial<JournalEntry> | null;
    const whole = entry?.format === 1 && isEntryId(String(entry.id)) && Array.isArray(entry.parts);
    return whole ? (entry as JournalEntry) : undefined;
  } catch {
    return undefined;
  }
}
