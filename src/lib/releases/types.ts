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
