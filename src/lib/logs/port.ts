/** One event of a log group. Times are milliseconds since 1970. */
export interface LogEvent {
  /** Unique in its group; empty where Live Tail sent it, or a look showed it: they tell none. */
  readonly id: string;
  readonly at: number;
  /** When CloudWatch Logs got it; absent where it came another way. */
  readonly ingested?: number | undefined;
  readonly group: string;
  readonly stream: string;
  readonly message: string;
  /** How grave it is, where that is known beside the message. */
  readonly level?: string;
}

export interface PageQuery {
  readonly group: string;
  /** Both ends belong to it; without `to` everything up to now. */
  readonly from: number;
  readonly to?: number | undefined;
  /** A filter pattern of CloudWatch Logs. */
  readonly pattern?: string | undefined;
  readonly token?: string | undefined;
}

/** At most 10,000 events or 1 MB. It may be empty and still have a next one. */
export interface LogPage {
  /** Its events, oldest first, in parts that are made as they are asked for: to be gone through once. */
  readonly batches: Iterable<readonly LogEvent[]>;
  /** The times of its first and last event; absent where it has none. */
  readonly span?: { readonly first: number; readonly last: number };
  /** How much it holds, in a unit that all pages of a port share. */
  readonly size: number;
  /** When its request went out, on AWS's clock, where that is known: what could be read then is in it. */
  readonly sent?: number | undefined;
  readonly next?: string;
}

/** What is read for `logs`. */
export interface LogsPort {
  /** DescribeLogGroups by prefix, all pages, in the order of their names. */
  groups(prefix: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** One page of FilterLogEvents. Undefined when there is no such group. */
  page(query: PageQuery, signal?: AbortSignal): Promise<LogPage | undefined>;
  /** AWS's clock, as its answers tell it; this machine's before the first answer. */
  now(): number;
}

/** What shows the newest events of a group beside FilterLogEvents, whose limit is apart. Times on AWS's clock. */
export interface PeekPort {
  /** One page of DescribeLogStreams, those first that are known to be the newest. Undefined when there is no such group. */
  streams(
    group: string,
    signal?: AbortSignal,
  ): Promise<{ readonly streams: readonly LogStream[]; readonly sent: number } | undefined>;
  /** One page of GetLogEvents, oldest first; its events have no id. Undefined when there is no such stream. */
  events(query: StreamQuery, signal?: AbortSignal): Promise<StreamPage | undefined>;
}

export interface LogStream {
  readonly name: string;
  /** When it was last written to, or made, as far as AWS knows by now. */
  readonly newest: number;
}

export interface StreamQuery {
  readonly group: string;
  readonly stream: string;
  readonly from: number;
  readonly token?: string | undefined;
}

export interface StreamPage {
  readonly events: readonly LogEvent[];
  /** When its request went out. */
  readonly sent: number;
  /** The same that was given, at the end. */
  readonly next?: string | undefined;
}

/** What Live Tail sends, once a second. */
export interface LiveUpdate {
  /** As they came in; they have no id. */
  readonly events: readonly LogEvent[];
  /** There were more than it sends. */
  readonly sampled: boolean;
}

export interface LiveTailPort {
  /**
   * One session of StartLiveTail, of at most ten groups that are there: each update as it comes. It ends when AWS ends
   * it after three hours, or the signal is aborted.
   *
   * @throws InfractlError when it cannot be begun, or breaks off
   */
  session(
    groups: readonly string[],
    pattern: string | undefined,
    signal?: AbortSignal,
  ): AsyncIterable<LiveUpdate>;
}
