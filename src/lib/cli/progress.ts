import type { Reporter } from '../base/report.ts';
import type { Terminal } from './terminal.ts';

export interface ProgressChoice {
  readonly terminal: Terminal;
  /** Newline-delimited JSON on standard output. */
  readonly json: boolean;
  readonly redact: (text: string) => string;
}

export interface OpenReporter extends Reporter {
  /** Whether anything was written on standard error. */
  readonly wrote: boolean;
  /** Writes a line for people on standard error, without disturbing what is drawn there. */
  say(line: string): void;
  close(): void;
}

/** The view of progress that suits where it goes: redrawn on a terminal, lines elsewhere, NDJSON for programs. */
export async function openReporter(choice: ProgressChoice): Promise<OpenReporter> {
  if (choice.json) return new JsonLines(choice.redact);
  if (choice.terminal.animated) {
    const { LiveProgress } = await import('./progress-live.ts');
    return new LiveProgress(choice.terminal, choice.redact);
  }
  const { LineProgress } = await import('./progress-lines.ts');
  return new LineProgress(choice.terminal, choice.redact);
}

class JsonLines implements OpenReporter {
  readonly wrote = false;
  readonly #redact: (text: string) => string;

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  emit(event: Parameters<Reporter['emit']>[0]): void {
    const plain =
      event.type === 'part.failed'
        ? { ...event, error: { code: event.error.code, message: event.error.message } }
        : event;
    process.stdout.write(`${this.#redact(JSON.stringify(plain))}\n`);
  }

  say(line: string): void {
    process.stderr.write(`${this.#redact(line)}\n`);
  }

  close(): void {}
}
