import type { ReportEvent } from '../base/report.ts';
import { duration } from '../base/text.ts';
import type { OpenReporter } from './progress.ts';
import { settledLine, stackEventLine } from './progress-words.ts';
import { type Paint, painter, type Terminal } from './terminal.ts';

/** How long nothing may be said in a log file before a line says what is still going on, in milliseconds. */
const QUIET = 30_000;
/** A status that is gone sooner is not worth a line in a log file, in milliseconds. */
const LASTING = 1_000;

interface Running {
  status: string;
  readonly since: number;
  /** Says the status once it has lasted. */
  lasting?: NodeJS.Timeout;
}

/** Progress where nothing can be redrawn: a line an event, and a sign of life in long silences. */
export class LineProgress implements OpenReporter {
  wrote = false;
  readonly #paint: Paint;
  readonly #redact: (text: string) => string;
  readonly #running = new Map<string, Running>();
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
        this.#settle(event.part);
        this.#running.set(event.part, { status: event.doing, since: Date.now() });
        return;
      case 'part.status':
        this.#status(event.part, event.status);
        return;
      case 'stack.event':
        this.#line(`  ${event.part}: ${stackEventLine(event, this.#paint)}`);
        return;
      case 'tool.output':
        return;
      case 'part.looked':
      case 'part.done':
      case 'part.failed':
        this.#settle(event.part);
    }
    const line = settledLine(event, this.#paint, Number.POSITIVE_INFINITY);
    if (line) this.#line(line.trimEnd());
  }

  say(line: string): void {
    this.#line(line);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const part of [...this.#running.keys()]) this.#settle(part);
  }

  #status(part: string, status: string): void {
    const running = this.#running.get(part) ?? { status: '', since: Date.now() };
    if (running.status === status) return;
    clearTimeout(running.lasting);
    running.status = status;
    running.lasting = setTimeout(() => this.#line(`  ${part}: ${status}`), LASTING).unref();
    this.#running.set(part, running);
  }

  #settle(part: string): void {
    clearTimeout(this.#running.get(part)?.lasting);
    this.#running.delete(part);
  }

  #line(text: string): void {
    this.#timer.refresh();
    this.wrote = true;
    process.stderr.write(`${this.#redact(text)}\n`);
  }

  #stillWorking(): void {
    for (const [part, { status, since }] of this.#running) {
      this.#line(`  ${part}: still ${status} (${duration(Date.now() - since)})`);
    }
  }
}
