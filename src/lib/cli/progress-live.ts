import stringWidth from 'fast-string-width';
import { createLogUpdate } from 'log-update';
import type { ReportEvent } from '../base/report.ts';
import { duration } from '../base/text.ts';
import type { OpenReporter } from './progress.ts';
import { settledLine, stackEventLine } from './progress-words.ts';
import { type Paint, painter, type Terminal } from './terminal.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
/** How many resources of a stack are shown while it works. */
const RESOURCES_SHOWN = 8;

interface Running {
  status: string;
  readonly since: number;
  /** Logical id → its newest event, in order of first appearance. */
  readonly resources: Map<string, Extract<ReportEvent, { type: 'stack.event' }>>;
  lastOutput: string;
}

/** Progress on a terminal: what is done scrolls up, what runs is redrawn below it. */
export class LiveProgress implements OpenReporter {
  wrote = false;
  readonly #paint: Paint;
  readonly #redact: (text: string) => string;
  readonly #running = new Map<string, Running>();
  readonly #update = createLogUpdate(process.stderr, { showCursor: false });
  readonly #timer: NodeJS.Timeout;
  #frame = 0;
  #closed = false;

  constructor(terminal: Terminal, redact: (text: string) => string) {
    this.#paint = painter(terminal.colourErr);
    this.#redact = redact;
    this.#timer = setInterval(() => this.#draw(), FRAME_MS);
    this.#timer.unref();
  }

  emit(event: ReportEvent): void {
    this.#track(event);
    const columns = process.stderr.columns || 80;
    const line = settledLine(event, this.#paint, columns) ?? this.#failedResource(event);
    if (line) this.say(line);
  }

  say(line: string): void {
    this.wrote = true;
    this.#update.clear();
    process.stderr.write(`${this.#redact(line)}\n`);
    if (!this.#closed) this.#draw();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#update.clear();
    this.#update.done();
  }

  #track(event: ReportEvent): void {
    if (event.type === 'part.started') {
      this.#running.set(event.part, {
        status: event.doing,
        since: Date.now(),
        resources: new Map(),
        lastOutput: '',
      });
      return;
    }
    if (!('part' in event)) return;
    const running = this.#running.get(event.part);
    if (!running) return;
    if (event.type === 'part.status') {
      running.status = event.status;
      running.lastOutput = '';
    } else if (event.type === 'tool.output') running.lastOutput = event.line;
    else if (event.type === 'stack.event') running.resources.set(event.logicalId, event);
    else this.#running.delete(event.part);
  }

  /** Failures stay on the screen: they are what somebody will scroll back for. */
  #failedResource(event: ReportEvent): string | undefined {
    if (event.type !== 'stack.event' || !event.status.endsWith('_FAILED')) return undefined;
    return `  ${stackEventLine(event, this.#paint)}`;
  }

  #draw(): void {
    this.#frame = (this.#frame + 1) % FRAMES.length;
    const columns = process.stderr.columns || 80;
    const lines: string[] = [];
    for (const [part, running] of this.#running) {
      const head = `${this.#paint('cyan', FRAMES[this.#frame] ?? '')} ${columns < 50 ? part : part.padEnd(22)} ${running.status} ${this.#paint('dim', elapsed(running.since))}`;
      lines.push(head);
      const resources = [...running.resources.values()];
      const open = resources.filter((r) => r.status.endsWith('_IN_PROGRESS'));
      for (const resource of open.slice(0, RESOURCES_SHOWN)) {
        lines.push(`    ${stackEventLine(resource, this.#paint)}`);
      }
      if (running.lastOutput) lines.push(`    ${this.#paint('dim', running.lastOutput)}`);
    }
    if (lines.length === 0) {
      // An empty drawing is a line too, and its clearing would take a prompt away.
      this.#update.clear();
      return;
    }
    const room = Math.max(1, (process.stderr.rows || 24) - 2);
    this.#update(
      lines
        .slice(0, room)
        .map((line) => clip(this.#redact(line), columns - 1))
        .join('\n'),
    );
  }
}

/** Whole seconds: anything finer flickers. Nothing in the first. */
function elapsed(since: number): string {
  const seconds = Math.floor((Date.now() - since) / 1000);
  if (seconds < 1) return '';
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1000);
}

/** Cuts a line that may hold colours to a width, so that it never wraps and the redraw stays exact. */
function clip(line: string, width: number): string {
  if (stringWidth(line) <= width) return line;
  let cut = line;
  while (stringWidth(cut) > width - 1 && cut.length > 0) cut = cut.slice(0, -1);
  return `${cut}…\u001B[0m`;
}
