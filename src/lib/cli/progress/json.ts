import type { ReportEvent } from '../../base/report.ts';
import { harmlessJson } from '../views/harmless.ts';
import type { OpenReporter } from './reporter.ts';

/** Progress for programs: one JSON object a line on standard output. */
export class JsonProgress implements OpenReporter {
  readonly wrote = false;
  readonly #redact: (text: string) => string;

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  emit(event: ReportEvent): void {
    const plain =
      event.type === 'part.failed'
        ? { ...event, error: { code: event.error.code, message: event.error.message } }
        : event;
    process.stdout.write(`${this.#redact(harmlessJson(JSON.stringify(plain)))}\n`);
  }

  say(line: string): void {
    process.stderr.write(`${this.#redact(line)}\n`);
  }

  pause(): void {}
  resume(): void {}
  close(): void {}
}
