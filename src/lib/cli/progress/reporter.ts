import type { Reporter } from '../../base/report.ts';

/** A view of progress: what capabilities report goes in, what people or programs see comes out. */
export interface OpenReporter extends Reporter {
  /** Whether anything was written on standard error. */
  readonly wrote: boolean;
  /** Writes a line for people on standard error, without disturbing what is drawn there. */
  say(line: string): void;
  /** Takes what is drawn away and draws nothing until `resume`: a question stands there. */
  pause(): void;
  resume(): void;
  close(): void;
}
