import type { ReportEvent } from '../../base/report.ts';
import { duration } from '../../base/text.ts';
import { type Paint, painter, type Terminal } from '../terminal.ts';
import type { OpenReporter } from './reporter.ts';
import { isRunning, leaves, ProgressTree } from './tree.ts';
import { settledLine, stackEventLine, waitingWords } from './words.ts';

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

/** How many resources a line names. */
const NAMED = 2;

/** Progress where nothing can be redrawn: a line an event, and a sign of life in long silences. */
export class LineProgress implements OpenReporter {
  wrote = false;
  readonly #paint: Paint;
  readonly #redact: (text: string) => string;
  readonly #running = new Map<string, Running>();
  readonly #tree: ProgressTree;
  /** Stack and place → the newest status that was printed. */
  readonly #printed = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;

  constructor(terminal: Terminal, redact: (text: string) => string) {
    this.#paint = painter(terminal.colourErr);
    this.#redact = redact;
    this.#tree = new ProgressTree(redact);
    this.#timer = setInterval(() => this.#stillWorking(), QUIET);
    this.#timer.unref();
  }

  emit(event: ReportEvent): void {
    this.#tree.track(event, Date.now());
    switch (event.type) {
      case 'part.started':
        this.#settle(event.part);
        this.#running.set(event.part, { status: event.doing, since: Date.now() });
        return;
      case 'part.status':
        this.#status(event.part, event.status);
        return;
      case 'stack.event':
        this.#stackEvent(event);
        return;
      case 'stack.waiting':
        if (event.on) this.#line(`  ${event.part}: ${this.#waiting(event.part)}`);
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

  pause(): void {}
  resume(): void {}

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

  /** AWS tells some things twice: that a resource has its id, and a nested stack's end in both stacks. */
  #stackEvent(event: Extract<ReportEvent, { type: 'stack.event' }>): void {
    const key = `${event.part} ${event.path.join('/')}`;
    if (this.#printed.get(key) === event.status) return;
    this.#printed.set(key, event.status);
    this.#line(`  ${event.part}: ${stackEventLine(event, this.#paint)}`);
  }

  #waiting(part: string): string {
    const on = this.#tree.parts.get(part)?.waiting;
    return on ? waitingWords(on.path, on.type, Date.now() - on.since) : '';
  }

  #line(text: string): void {
    this.#timer.refresh();
    this.wrote = true;
    process.stderr.write(`${this.#redact(text)}\n`);
  }

  #stillWorking(): void {
    for (const [part, { status, since }] of this.#running) {
      const on = this.#waiting(part) || this.#atWork(part);
      this.#line(`  ${part}: still ${status} (${duration(Date.now() - since)})${on ? `, ${on}` : ''}`);
    }
  }

  /** `Api, Database › Instance and 3 more in work`. */
  #atWork(part: string): string {
    const root = this.#tree.parts.get(part)?.root;
    const names = (root ? leaves(root) : []).filter(({ node }) => isRunning(node.status));
    if (names.length === 0) return '';
    const named = names.slice(0, NAMED).map(({ path }) => path.join(' › '));
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
    return `${named.join(', ')}${more} in work`;
  }
}
