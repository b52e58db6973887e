/** What a deploy or a rollback did on one host. */
export interface ReleaseOutcome {
  readonly release: string;
  readonly host: string;
  readonly changed: boolean;
  /** The release that serves now. */
  readonly id: string;
  readonly commit: string | null;
  readonly subject: string | null;
  /** The release that served before. */
  readonly previous: string | null;
  /** Milliseconds from the command to the moment when requests went to the new release; null without a switch. */
  readonly switchedAfter: number | null;
}

/** What a deploy would bring to one host. */
export interface Planned {
  readonly release: string;
  readonly host: string;
  readonly changed: boolean;
  /** The release that runs. */
  readonly id: string | null;
  /** What would run. */
  readonly commit: string;
  readonly subject: string | null;
  /** The commits that it would bring, newest first, at most 21; null where that is not known. */
  readonly brings: readonly string[] | null;
}

/** How a release is on one host. */
export interface ReleaseStatus {
  readonly release: string | null;
  readonly commit: string | null;
  readonly subject: string | null;
  readonly ref: string | null;
  /** ISO 8601. */
  readonly since: string | null;
  readonly by: string | null;
  readonly unit: string;
  readonly state: string;
  readonly healthy: boolean;
  readonly why: string | null;
  /** The commit of the ref now. */
  readonly head: string | null;
  /** How many commits the ref is ahead of what runs. */
  readonly behind: number | null;
  /** Of the site, where it has one. */
  readonly certificate: Certificate | null;
  /** Bytes. */
  readonly disk: { readonly free: number; readonly total: number };
  /** Good releases that can be gone back to, the running one included. */
  readonly releases: number;
  readonly busy: {
    readonly by: string | null;
    readonly action: string | null;
    readonly since: string | null;
  } | null;
}

/** One line of the log that is on the host. */
export interface ReleaseEntry {
  readonly id: string;
  readonly commit: string | null;
  readonly ref: string | null;
  readonly subject: string | null;
  readonly kind: 'deploy' | 'rollback';
  readonly by: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly seconds: number | null;
  readonly result: 'good' | 'failed';
  readonly why: string | null;
  readonly previous: string | null;
  /** Its files are still on the host. */
  readonly here: boolean;
  readonly running: boolean;
}

export interface Unlocked {
  readonly unlocked: boolean;
  readonly holder: {
    readonly by: string;
    readonly action: string;
    readonly since: string;
    readonly pid: number;
  } | null;
}

export interface Certificate {
  readonly domain: string;
  /** ISO 8601. */
  readonly until: string;
  /** Whole days that are left; negative when it has expired. */
  readonly days: number;
}

/** HTTPS of a site: its certificate, and what renews it by itself. */
export interface HttpsState {
  readonly certificate: Certificate | null;
  readonly renewal: string | null;
}

/** The commit that was released last, of members that may run different ones. */
export function newestCommit(members: readonly Pick<ReleaseStatus, 'commit' | 'since'>[]): string | null {
  let newest: (typeof members)[number] | undefined;
  for (const one of members) if ((one.since ?? '') >= (newest?.since ?? '')) newest = one;
  return newest?.commit ?? null;
}

/** Whether a release is the one that is named by its id, its beginning or its commit. */
export function isRelease(
  { release, commit }: Pick<ReleaseStatus, 'release' | 'commit'>,
  wanted: string,
): boolean {
  return (release?.startsWith(wanted) ?? false) || (commit?.startsWith(wanted) ?? false);
}
