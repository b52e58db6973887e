/** What an exit code of infractl means. Scripts depend on these numbers: they never change. */
export const Exit = {
  ok: 0,
  failed: 1,
  usage: 2,
  partial: 3,
  credentials: 4,
  declined: 5,
  busy: 6,
  timedOut: 7,
  unhealthy: 8,
  different: 9,
  interrupted: 130,
} as const;

export type ExitCode = (typeof Exit)[keyof typeof Exit];

export interface ErrorFacts {
  /** Stable, PascalCase, AWS's own code where the failure is AWS's: `StackBusy`, `AccessDenied`. */
  readonly code: string;
  /** What failed, in one sentence: "The stack auth-manager-app-dev could not be updated." */
  readonly message: string;
  /** Why, where that is known: one or a few lines. Never a secret. */
  readonly why?: string;
  /** What to do next; the likeliest mend first. A command is written as it would be typed. */
  readonly suggestions?: readonly string[];
  readonly exit?: ExitCode;
  /** The error underneath, shown with `--debug` only. */
  readonly cause?: unknown;
}

/**
 * The one error that leaves `lib`: what failed, why, what to do next, and the exit code it means.
 * Anything else that reaches the command line is a defect and is reported as one.
 */
export class InfractlError extends Error {
  override readonly name: string = 'InfractlError';
  readonly code: string;
  readonly why: string | undefined;
  readonly suggestions: readonly string[];
  readonly exit: ExitCode;

  constructor(facts: ErrorFacts) {
    super(facts.message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.why = facts.why;
    this.suggestions = facts.suggestions ?? [];
    this.exit = facts.exit ?? Exit.failed;
  }
}

/** Wrong usage or configuration: found before anything was touched. Exit 2. */
export class UsageError extends InfractlError {
  override readonly name = 'UsageError';
  constructor(facts: Omit<ErrorFacts, 'exit'>) {
    super({ ...facts, exit: Exit.usage });
  }
}

/** Stopped by the user (Ctrl-C, SIGTERM). Exit 130. */
export class Interrupted extends InfractlError {
  override readonly name = 'Interrupted';
  constructor(message = 'Interrupted.', suggestions: readonly string[] = []) {
    super({ code: 'Interrupted', message, suggestions, exit: Exit.interrupted });
  }
}

/** What is said of a failure beside what it says itself. Empty lines are left out. */
export interface More {
  readonly why?: readonly (string | undefined)[];
  /** Before its own suggestions. */
  readonly first?: readonly string[];
  readonly suggestions?: readonly string[];
}

/** The same failure, and more said of it: behind its own why, and around its own suggestions. */
export function withMore(
  error: InfractlError,
  { why = [], first = [], suggestions = [] }: More,
): InfractlError {
  const lines = [error.why, ...why].filter(Boolean).join('\n');
  return new InfractlError({
    code: error.code,
    message: error.message,
    ...(lines ? { why: lines } : {}),
    suggestions: [...first, ...error.suggestions, ...suggestions],
    exit: error.exit,
    cause: error.cause ?? error,
  });
}

export function isInfractlError(error: unknown): error is InfractlError {
  return error instanceof InfractlError;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return String(error);
}
