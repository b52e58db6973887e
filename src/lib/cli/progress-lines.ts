import type { ReportEvent } from '../base/report.ts';
import type { OpenReporter } from './progress.ts';
import { settledLine, stackEventLine } from './progress-words.ts';
import { type Paint, painter, type Terminal } from './terminal.ts';

/** How long nothing may be said in a log file before a line says what is still going on, in milliseconds. */
const QUIET = 30_000;

/** Progress where nothing can be redrawn: a line an event, and a sign of life in long silences. */
export class LineProgress implements OpenReporter {
  readonly #paint: Paint;
  readonly #redact: (text: string) => string;
  readonly #running = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;

  constructor(terminal: Terminal, redact: (text: string) => string) {
    this.#paint = painter(terminal.colourErr);
    this.#redact = redact;
    this.#timer = setInterval(() => this.#stillWorking(), QUIET);
    this.#timer.unref();
  }

  emit(event: ReportEvent): void {
    switch (event.type) {
      case 'part.started':
        this.#running.set(event.part, event.doing);
        return;
      case 'part.status':
        if (this.#running.get(event.part) === event.status) return;
        this.#running.set(event.part, event.status);
        this.#line(`  ${event.part}: ${event.status}`);
        return;
      case 'stack.event':
        this.#line(`  ${event.part}: ${stackEventLine(event, this.#paint)}`);
        return;
      case 'tool.output':
        return;
      case 'part.done':
      case 'part.failed':
        this.#running.delete(event.part);
    }
    const line = settledLine(event, this.#paint);
    if (line) this.#line(line);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #line(text: string): void {
    this.#timer.refresh();
    process.stderr.write(`${this.#redact(text)}\n`);
  }

  #stillWorking(): void {
    for (const [part, doing] of this.#running) this.#line(`  ${part}: still ${doing}`);
  }
}
