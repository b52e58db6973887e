import type { Terminal } from '../terminal.ts';
import type { OpenReporter } from './reporter.ts';

export interface ProgressChoice {
  readonly terminal: Terminal;
  /** Newline-delimited JSON on standard output. */
  readonly json: boolean;
  /** The command waits for one thing only. */
  readonly single: boolean;
  readonly redact: (text: string) => string;
}

/** The view of progress that suits where it goes: redrawn on a terminal, lines elsewhere, NDJSON for programs. */
export async function openReporter({
  terminal,
  json,
  single,
  redact,
}: ProgressChoice): Promise<OpenReporter> {
  if (json) return new (await import('./json.ts')).JsonProgress(redact);
  if (!terminal.animated) return new (await import('./lines.ts')).LineProgress(terminal, redact);
  if (single) return new (await import('./spinner.ts')).SpinnerProgress(terminal, redact);
  return new (await import('./live.ts')).LiveProgress(terminal, redact);
}
