import type { InfractlError } from './errors.ts';

/**
 * What capabilities say while they work. They neither print nor ask: they report, and the views of
 * `lib/cli` turn the events into spinners, lines, or JSON. Times are ISO 8601 in UTC. No event carries
 * a secret.
 */
export type ReportEvent =
  | { readonly type: 'part.started'; readonly part: string; readonly doing: string }
  /** A short status that replaces the one before it: "waiting for the function to be active". */
  | { readonly type: 'part.status'; readonly part: string; readonly status: string }
  | {
      readonly type: 'part.done';
      readonly part: string;
      readonly outcome: Outcome;
      /** What is worth a word: "version 7", "pushed sha256:…", "3 resources". */
      readonly detail?: string;
      readonly ms: number;
    }
  | {
      readonly type: 'part.failed';
      readonly part: string;
      readonly error: InfractlError;
      readonly ms: number;
    }
  /** Looking at it is over; what was seen is told elsewhere. */
  | { readonly type: 'part.looked'; readonly part: string }
  | { readonly type: 'part.skipped'; readonly part: string; readonly because: string }
  /** One event of a CloudFormation stack: DescribeStackEvents. */
  | {
      readonly type: 'stack.event';
      readonly part: string;
      readonly stack: string;
      /** Logical ids from the part's own stack down, nested stacks first; empty: the stack itself. */
      readonly path: readonly string[];
      readonly logicalId: string;
      readonly resourceType: string;
      readonly status: string;
      readonly reason?: string;
      readonly at: string;
    }
  /** What all the rest of a stack waits for; null once it does no more. */
  | { readonly type: 'stack.waiting'; readonly part: string; readonly on: Awaited | null }
  /** One line that a tool printed (docker build, docker push). */
  | { readonly type: 'tool.output'; readonly part: string; readonly line: string }
  | { readonly type: 'note'; readonly message: string }
  | { readonly type: 'warning'; readonly message: string };

export type Outcome =
  | 'created'
  | 'updated'
  | 'unchanged'
  | 'built'
  | 'deleted'
  | 'passed'
  | 'reverted'
  | 'checked'
  /** It serves; of a stack: AWS goes on with it alone. */
  | 'started'
  | 'stopped'
  | 'restarted'
  /** AWS has the request; nobody waited for its end. */
  | 'asked'
  /** Of the lock. */
  | 'taken';

/** A resource that others wait for. */
export interface Awaited {
  readonly path: readonly string[];
  readonly resourceType: string;
  /** When AWS began to work on it. */
  readonly since: string;
}

/** Where events go. Must not throw and must not block. */
export interface Reporter {
  emit(event: ReportEvent): void;
}

export const silentReporter: Reporter = { emit: () => {} };

/** The same reporter; a note is told once, however often a run that looks again comes by it. */
export function withNotesOnce(reporter: Reporter): Reporter {
  const told = new Set<string>();
  return {
    emit: (event) => {
      if (event.type === 'note') {
        if (told.has(event.message)) return;
        told.add(event.message);
      }
      reporter.emit(event);
    },
  };
}
