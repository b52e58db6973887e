import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { ReportEvent, Reporter } from '../base/report.ts';
import { duration } from '../base/text.ts';

/** What happened to a run, as a watcher is told. */
export type Moment = 'start' | 'success' | 'fail';

export interface NotifyPort {
  /** SNS Publish. */
  publish(topic: string, subject: string, message: string): Promise<void>;
}

const TRIES = 3;
const PATIENCE = 10_000;
const BETWEEN = 2_000;
/** Lines of the log that go along. */
const TAIL = 40;
/** healthchecks.io keeps 100 kB of a body; SNS takes 256 KiB. */
const LONGEST = 60_000;

/**
 * Tells a watcher as healthchecks.io has it: the URL itself is success, `/start` and `/fail` the rest; the body
 * is the log's tail. Undefined when it was told; else why not: a watcher that is down must fail no backup.
 */
export async function ping(
  url: string,
  moment: Moment,
  log: string,
  clock: Clock,
): Promise<string | undefined> {
  const target = new URL(url);
  if (moment !== 'success') target.pathname = `${target.pathname.replace(/\/$/, '')}/${moment}`;
  let why = '';
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      const answer = await fetch(target, {
        method: 'POST',
        body: log.slice(-LONGEST),
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.ok) return undefined;
      why = `it answered ${answer.status}`;
    } catch (error) {
      why = messageOf(error);
    }
    if (attempt < TRIES) await clock.sleep(BETWEEN);
  }
  // The path of such a URL is its key.
  return `${target.host} could not be told (${moment}): ${why}`;
}

/** Passes events on and keeps the last of them as plain lines. */
export class LogTail implements Reporter {
  readonly #next: Reporter;
  readonly #lines: string[] = [];

  constructor(next: Reporter) {
    this.#next = next;
  }

  emit(event: ReportEvent): void {
    this.#next.emit(event);
    const line = lineOf(event);
    if (line) this.add(line);
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > TAIL) this.#lines.shift();
  }

  get text(): string {
    return this.#lines.join('\n');
  }
}

function lineOf(event: ReportEvent): string | undefined {
  switch (event.type) {
    case 'part.done':
      return `${event.part}: ${event.outcome}${event.detail ? `, ${event.detail}` : ''} (${duration(event.ms)})`;
    case 'part.failed':
      return `${event.part}: failed: ${event.error.message} ${event.error.why ?? ''}`.trim();
    case 'part.skipped':
      return `${event.part}: skipped, ${event.because}`;
    case 'warning':
    case 'note':
      return event.message;
    default:
      return undefined;
  }
}
